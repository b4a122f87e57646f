"""bt: trades at the close that made the decision and rebalances all holdings with each change."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from parity.peers.exchange import CAPITAL, FEE, Result, serve

warnings.filterwarnings("ignore")

import bt  # noqa: E402 - its warnings come at import

if TYPE_CHECKING:
    from parity.peers.exchange import Bars


class Weights(bt.Algo):  # type: ignore[misc]
    """Weights on each day with a signal that changes what is held."""

    def __init__(self, bars: Bars, days: Any, weight: float) -> None:
        super().__init__()
        self.bars, self.weight = bars, weight / bars.close.shape[1]
        self.bar = {day: t for t, day in enumerate(days)}
        self.on = [False] * bars.close.shape[1]

    def __call__(self, target: Any) -> bool:
        t = self.bar.get(target.now)
        if t is None:
            return False
        wanted = [
            (on or bool(enter)) and not leave
            for on, enter, leave in zip(
                self.on, self.bars.enter[t], self.bars.leave[t], strict=True
            )
        ]
        changed, self.on = wanted != self.on, wanted
        target.temp["weights"] = {str(s): self.weight for s, on in enumerate(wanted) if on}
        return changed


def run(setup: str, weight: float, bars: Bars) -> Result:
    """One account over all symbols of a case."""
    days = pd.bdate_range("2000-01-03", periods=len(bars.close))
    names = [str(s) for s in range(bars.close.shape[1])]
    prices = pd.DataFrame(bars.close, days, names)
    strategy = bt.Strategy("parity", [Weights(bars, days, weight), bt.algos.Rebalance()])
    fee = 0.0 if setup.endswith("free") else FEE
    test = bt.Backtest(
        strategy,
        prices,
        initial_capital=CAPITAL,
        commissions=lambda shares, price: abs(shares) * price * fee,
        integer_positions=False,
        progress_bar=False,
    )
    test.run()
    done = test.strategy
    held = done.positions.reindex(index=days, columns=names).fillna(0.0).to_numpy()
    fills = [
        (t, s, float(held[t, s] - before[s]), float(bars.close[t, s]))
        for t, before in enumerate([[0.0] * len(names), *held[:-1]])
        for s in range(len(names))
        if held[t, s] != before[s]
    ]
    opened = sum(
        1
        for s in range(len(names))
        for t in range(len(held))
        if held[t, s] != 0.0 and (t == 0 or held[t - 1, s] == 0.0)
    )
    return Result(float(done.value), fills, opened)


if __name__ == "__main__":
    serve(run)
