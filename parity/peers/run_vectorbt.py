"""vectorbt: signals are shifted by a bar by hand, because it fills at the bar that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from parity.peers.exchange import CAPITAL, FEE, Result, serve

if TYPE_CHECKING:
    from parity.peers.exchange import Bars


def run(setup: str, weight: float, bars: Bars) -> Result:
    """One account over all symbols of a case."""
    makers = {"all_in": _next_open, "same_close": _same_close, "portfolio": _portfolio}
    maker = makers.get(setup, _bracketed)
    portfolio = maker(bars, weight)
    equity = float(np.ravel(portfolio.value().to_numpy())[-bars.close.shape[1] :][-1])
    orders = portfolio.orders.records
    sign = np.where(orders["side"] == 0, 1.0, -1.0)
    fills = zip(
        orders["idx"].tolist(),
        orders["col"].tolist(),
        (orders["size"] * sign).tolist(),
        orders["price"].tolist(),
        strict=True,
    )
    return Result(equity, list(fills), len(portfolio.trades.records))


def _signals(bars: Bars, enter: Any, leave: Any, **options: Any) -> Any:
    return vbt.Portfolio.from_signals(
        pd.Series(bars.close[:, 0]),
        pd.Series(enter[:, 0]),
        pd.Series(leave[:, 0]),
        fees=FEE,
        init_cash=CAPITAL,
        freq="1D",
        **options,
    )


def _next_open(bars: Bars, weight: float) -> Any:
    later = [_shifted(side, fill=False) for side in (bars.enter, bars.leave)]
    return _signals(bars, *later, price=pd.Series(bars.open[:, 0]))


def _same_close(bars: Bars, weight: float) -> Any:
    return _signals(bars, bars.enter, bars.leave)


def _bracketed(bars: Bars, weight: float) -> Any:
    later = [_shifted(side, fill=False) for side in (bars.enter, bars.leave)]
    opens, high, low = (pd.Series(column[:, 0]) for column in (bars.open, bars.high, bars.low))
    return _signals(
        bars,
        *later,
        price=opens,
        open=opens,
        high=high,
        low=low,
        sl_stop=0.05,
        tp_stop=0.1,
        stop_entry_price="price",
    )


def _portfolio(bars: Bars, weight: float) -> Any:
    """Target weights of the account's value, sales first."""
    target = np.full(bars.close.shape, np.nan)
    for s in range(target.shape[1]):
        on = False
        for t in range(target.shape[0]):
            if (bars.leave if on else bars.enter)[t, s]:
                on = not on
                target[t, s] = weight / target.shape[1] if on else 0.0
    return vbt.Portfolio.from_orders(
        pd.DataFrame(bars.close),
        size=pd.DataFrame(_shifted(target, fill=np.nan)),
        size_type="targetpercent",
        price=pd.DataFrame(bars.open),
        fees=FEE,
        init_cash=CAPITAL,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        freq="1D",
    )


def _shifted(values: Any, *, fill: Any) -> Any:
    return np.vstack([np.full((1, values.shape[1]), fill), values[:-1]])


if __name__ == "__main__":
    serve(run)
