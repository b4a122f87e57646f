"""backtesting.py: whole units, one symbol; ``fractional`` trades units of a hundred-millionth."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from parity.peers.exchange import CAPITAL, FEE, Result, serve

os.environ["TQDM_DISABLE"] = "1"
warnings.filterwarnings("ignore")

from backtesting import Backtest, Strategy  # noqa: E402 - its progress bar is switched off first
from backtesting.lib import FractionalBacktest  # noqa: E402

if TYPE_CHECKING:
    from parity.peers.exchange import Bars


def run(setup: str, weight: float, bars: Bars) -> Result:
    """All cash in and out; a position that is open at the end is marked, not sold."""
    columns = {
        name.capitalize(): getattr(bars, name)[:, 0] for name in ("open", "high", "low", "close")
    }
    frame = pd.DataFrame(columns, pd.bdate_range("2000-01-03", periods=len(bars.close)))
    frame["Volume"] = 1.0

    class Signals(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.enter = self.I(lambda: bars.enter[:, 0].astype(float), plot=False)
            self.leave = self.I(lambda: bars.leave[:, 0].astype(float), plot=False)

        def next(self) -> None:
            if self.enter[-1] and not self.position:
                self.buy()
            elif self.leave[-1] and self.position:
                self.position.close()

    kind: Any = FractionalBacktest if setup == "fractional" else Backtest
    found = kind(frame, Signals, cash=CAPITAL, commission=FEE, finalize_trades=False).run()
    unit = 1e-8 if setup == "fractional" else 1.0
    last = [
        (trade.entry_bar, trade.size * unit, trade.entry_price / unit)
        for trade in found["_strategy"].trades
    ]
    fills = [(bar, 0, size, price) for bar, size, price in last]
    for trade in found["_trades"].itertuples():
        fills.append((trade.EntryBar, 0, float(trade.Size), float(trade.EntryPrice)))
        fills.append((trade.ExitBar, 0, -float(trade.Size), float(trade.ExitPrice)))
    equity = float(found["_equity_curve"]["Equity"].iloc[-1])
    fills = [(int(bar), symbol, float(size), float(price)) for bar, symbol, size, price in fills]
    return Result(equity, sorted(fills), len(found["_trades"]) + len(last))


if __name__ == "__main__":
    serve(run)
