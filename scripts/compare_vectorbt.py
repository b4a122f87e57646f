r"""Hold a sweep by ticker against vectorbt, trial by trial.

vectorbt is no dependency of this project; the script runs in an environment of its own::

    stockstream sweep --strategy MovingAverageCrossover --split ticker --commission-bps 10 \
        --fractional --size-at fill --grid fast_period=5:43:20 --grid slow_period=45:121:20 \
        --output trials.parquet ...
    uv run --no-project --python 3.12 --with vectorbt==1.2.0 --with pyarrow \
        python scripts/compare_vectorbt.py trials.parquet bars.parquet

``bars.parquet`` has symbol, date, open and close of the same symbols and days. Averages are summed
as ``stockstream.indicators`` does and a cross is what ``stockstream.strategy.crossing`` calls one,
so that both simulate the very same signals: entry and exit at the next open, all cash, 10 bps.

vectorbt's win rate counts a trade that is still open, ours only closed ones: it is not compared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

TOLERANCE = 1e-9
FEES, CAPITAL, YEAR = 0.001, 100_000.0, 252


def average(close: Any, period: int) -> Any:
    """Simple moving average, one running sum: add, divide, take the oldest off."""
    out, total = np.full(len(close), np.nan), 0.0
    for i, value in enumerate(close):
        total += value
        if i >= period - 1:
            out[i] = total / period
            total -= close[i - period + 1]
    return out


def crossings(fast: Any, slow: Any) -> tuple[Any, Any]:
    """Bars at which the fast average crosses above and below the slow one; ties keep the side."""
    above, below, side = np.zeros(len(fast), bool), np.zeros(len(fast), bool), 0
    for i, difference in enumerate(fast - slow):
        now = 0 if np.isnan(difference) else int(np.sign(difference)) or side
        above[i], below[i] = side < 0 < now, now < 0 < side
        side = now
    return above, below


def differences(trials: Any, bars: Any) -> dict[str, float]:
    """The largest difference of each measure over the trials of one symbol."""
    close, opens = bars["close"].to_numpy(), pd.Series(bars["open"].to_numpy())
    periods = set(trials["fast_period"]) | set(trials["slow_period"])
    averages = {period: average(close, period) for period in periods}
    pairs = zip(trials["fast_period"], trials["slow_period"], strict=True)
    signals = [crossings(averages[fast], averages[slow]) for fast, slow in pairs]
    enter, leave = (pd.DataFrame(np.array(side).T) for side in zip(*signals, strict=True))
    portfolio = vbt.Portfolio.from_signals(
        pd.Series(close),
        enter.vbt.signals.fshift(1),
        leave.vbt.signals.fshift(1),
        price=opens,
        fees=FEES,
        init_cash=CAPITAL,
        freq="1D",
    )
    returns = portfolio.returns()
    theirs = {
        "total_return": portfolio.total_return(),
        "trades": portfolio.trades.count(),
        "sharpe": returns.mean() / returns.std(ddof=1) * np.sqrt(YEAR),
        "max_drawdown": portfolio.max_drawdown(),
    }
    return {
        name: float(np.nanmax(np.abs(values.to_numpy() - trials[name].to_numpy(float))))
        for name, values in theirs.items()
    }


def main() -> int:
    """Print the largest differences for each symbol; 1 if one is beyond the tolerance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trials", type=Path, help="what the sweep wrote")
    parser.add_argument("bars", type=Path, help="the bars it ran on")
    arguments = parser.parse_args()
    trials, bars = (pd.read_parquet(path) for path in (arguments.trials, arguments.bars))
    worst = 0.0
    for symbol, group in trials.groupby("symbol"):
        own = bars[bars["symbol"] == symbol].sort_values("date")
        found = differences(group, own)
        worst = max(worst, *found.values())
        print(symbol, {name: f"{value:.1e}" for name, value in found.items()})
    print(f"{len(trials):,} trials, largest difference {worst:.1e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
