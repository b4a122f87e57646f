"""zipline-reloaded: daily orders fill at the next close; cash is not looked at."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from itertools import count
from typing import TYPE_CHECKING, Any

warnings.filterwarnings("ignore")
os.environ["ZIPLINE_ROOT"] = tempfile.mkdtemp(prefix="parity-zipline-")
atexit.register(shutil.rmtree, os.environ["ZIPLINE_ROOT"], ignore_errors=True)

import pandas as pd  # noqa: E402 - zipline reads its folder from the environment
from zipline import run_algorithm  # noqa: E402
from zipline.api import (  # noqa: E402
    order_target,
    order_target_percent,
    set_commission,
    set_slippage,
    symbol,
)
from zipline.data import bundles  # noqa: E402
from zipline.finance import commission, slippage  # noqa: E402
from zipline.utils.calendar_utils import get_calendar  # noqa: E402

from parity.peers.exchange import CAPITAL, FEE, Result, serve  # noqa: E402

if TYPE_CHECKING:
    from parity.peers.exchange import Bars

CALENDAR = get_calendar("XNYS")
SESSIONS = CALENDAR.sessions_in_range(CALENDAR.sessions[0], pd.Timestamp("2025-12-31"))
NUMBER = count()


def run(setup: str, weight: float, bars: Bars) -> Result:
    """One account over all symbols of a case."""
    length, width = bars.close.shape
    days = SESSIONS[-length:]
    bundle = f"parity{next(NUMBER)}"
    bundles.register(bundle, _writer(bars, days), calendar_name="XNYS")
    bundles.ingest(bundle, os.environ, show_progress=False)

    def initialize(context: Any) -> None:
        set_commission(commission.PerDollar(FEE))
        set_slippage(slippage.NoSlippage())
        context.assets = [symbol(f"S{s}") for s in range(width)]
        context.bar = 0

    def handle_data(context: Any, data: Any) -> None:
        held = context.portfolio.positions
        for s, asset in enumerate(context.assets):
            shares = held[asset].amount if asset in held else 0
            if bars.enter[context.bar, s] and not shares:
                order_target_percent(asset, weight / width)
            elif bars.leave[context.bar, s] and shares:
                order_target(asset, 0)
        context.bar += 1

    done = run_algorithm(
        start=days[0],
        end=days[-1],
        initialize=initialize,
        handle_data=handle_data,
        capital_base=CAPITAL,
        bundle=bundle,
        trading_calendar=CALENDAR,
        data_frequency="daily",
        benchmark_returns=pd.Series(0.0, days),
    )
    fills = [
        (t, int(fill["sid"].symbol[1:]), float(fill["amount"]), float(fill["price"]))
        for t, day in enumerate(done["transactions"])
        for fill in day
    ]
    return Result(float(done["portfolio_value"].iloc[-1]), fills, _opened(fills))


def _writer(bars: Bars, days: Any) -> Any:
    def ingest(
        environ: Any,
        asset_db_writer: Any,
        minute_bar_writer: Any,
        daily_bar_writer: Any,
        adjustment_writer: Any,
        *rest: Any,
    ) -> None:
        names = [f"S{s}" for s in range(bars.close.shape[1])]
        equities = {
            "symbol": names,
            "asset_name": names,
            "start_date": days[0],
            "end_date": days[-1],
            "auto_close_date": days[-1] + pd.Timedelta(days=1),
            "exchange": "NYSE",
        }
        asset_db_writer.write(equities=pd.DataFrame(equities, index=range(len(names))))
        frames = (
            (s, pd.DataFrame({**_prices(bars, s), "volume": 1e9}, days)) for s in range(len(names))
        )
        daily_bar_writer.write(frames, show_progress=False)
        adjustment_writer.write()

    return ingest


def _prices(bars: Bars, s: int) -> dict[str, Any]:
    return {name: getattr(bars, name)[:, s] for name in ("open", "high", "low", "close")}


def _opened(fills: list[tuple[int, int, float, float]]) -> int:
    held: dict[int, float] = {}
    opened = 0
    for _, s, shares, _ in fills:
        before = held.get(s, 0.0)
        opened += before == 0.0
        held[s] = before + shares
    return opened


if __name__ == "__main__":
    serve(run)
