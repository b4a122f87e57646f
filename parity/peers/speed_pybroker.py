"""How long pybroker takes for crossings of two averages over one portfolio, in seconds of CPU.

Started as ``python -m parity.peers.speed_pybroker BARS.npz FAST SLOW WEIGHT``; prints a line of
JSON. Whole shares, filled at the next open, 10 bps.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pybroker as pb  # noqa: E402 - its warnings come at import
from pybroker.common import FeeMode, PriceType  # noqa: E402

from parity.peers.exchange import CAPITAL, FEE  # noqa: E402

ROUNDS = 2


def strategy(frame: Any, fast: int, slow: int, weight: float) -> Any:
    """The run, ready to start."""

    def average(period: int) -> Any:
        def values(bars: Any) -> Any:
            return pd.Series(bars.close).rolling(period).mean().to_numpy()

        return pb.indicator(f"sma{period}", values)

    def decide(context: Any) -> None:
        if context.bars < slow + 1:
            return
        quick, late = context.indicator(f"sma{fast}"), context.indicator(f"sma{slow}")
        up, was = quick[-1] > late[-1], quick[-2] > late[-2]
        if up and not was and not context.long_pos():
            context.buy_shares = int(context.calc_target_shares(weight))
            context.buy_fill_price = PriceType.OPEN
        elif was and not up and context.long_pos():
            context.sell_all_shares()
            context.sell_fill_price = PriceType.OPEN

    config = pb.StrategyConfig(
        initial_cash=CAPITAL,
        fee_mode=FeeMode.ORDER_PERCENT,
        fee_amount=FEE * 100,
        round_fill_price=False,
    )
    made = pb.Strategy(frame, frame["date"].min(), frame["date"].max(), config)
    symbols = sorted(frame["symbol"].unique())
    made.add_execution(decide, symbols, indicators=[average(fast), average(slow)])
    return made


def main() -> None:
    """Run it a few times and print the best."""
    path, fast, slow, weight = sys.argv[1:]
    arrays = np.load(path)
    sessions, symbols = arrays["close"].shape
    days = pd.bdate_range("2010-01-04", periods=sessions)
    frame = pd.concat(
        [
            pd.DataFrame(
                {"symbol": f"S{s:04d}", "date": days, **{n: arrays[n][:, s] for n in arrays}}
            )
            for s in range(symbols)
        ],
        ignore_index=True,
    )
    pb.disable_logging()
    pb.disable_progress_bar()
    times, equity = [], 0.0
    for _ in range(ROUNDS + 1):  # the first one compiles
        begin = time.process_time()
        made = strategy(frame, int(fast), int(slow), float(weight)).backtest(calc_bootstrap=False)
        times.append(time.process_time() - begin)
        equity = float(made.portfolio["equity"].iloc[-1])
    print(json.dumps({"seconds": min(times[1:]), "equity": equity}))


if __name__ == "__main__":
    main()
