"""What a result is held against: the same market without a strategy, at no cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.backtest.codes import TARGET
from stockstream.backtest.compiled import run_decisions
from stockstream.backtest.config import Costs, Margin, MarketRules
from stockstream.backtest.decisions import Decisions
from stockstream.backtest.result import Benchmark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

__all__ = ["benchmark_of", "buy_and_hold", "equal_weight", "hold_index", "index_symbol"]

_OWN = (None, "buy_and_hold", "equal_weight", "none")


def index_symbol(config: BacktestConfig) -> str | None:
    """The symbol that the benchmark names; None where it needs no data but the run's own."""
    return None if config.benchmark in _OWN else config.benchmark


def benchmark_of(panel: Panel, config: BacktestConfig, index: Panel | None) -> Benchmark | None:
    """The benchmark that a configuration asks for.

    Args:
        panel: what the run trades.
        config: of the run.
        index: the bars of the symbol that ``config.benchmark`` names, if it names one.
    """
    if config.benchmark == "none":
        return None
    if config.benchmark == "equal_weight":
        return equal_weight(panel, config)
    if index is not None:
        return hold_index(index, panel, config)
    return buy_and_hold(panel, config)


def buy_and_hold(panel: Panel, config: BacktestConfig) -> Benchmark:
    """Equal weights of every symbol, bought at its first bar and held."""
    rows = panel.offsets[:-1] + _rows_before(panel)
    rows = rows[rows < panel.offsets[1:]]
    name = panel.symbols[0] if len(panel.symbols) == 1 else f"{len(panel.symbols)} symbols equally"
    return Benchmark(f"buy and hold {name}", _equity(rows, panel, config))


def equal_weight(panel: Panel, config: BacktestConfig) -> Benchmark:
    """Equal weights of every symbol, set again at the first session of each month.

    A symbol that has no bar on that day keeps its position, or its share stays cash.
    """
    months = panel.dates.astype("datetime64[M]")
    starts = np.append(True, months[1:] != months[:-1])
    starts[panel.first] = True
    rows = np.flatnonzero(starts[panel.bar] & (panel.bar >= panel.first))
    many = len(panel.symbols) > 1
    held = (
        f"{len(panel.symbols)} symbols at equal weights" if many else f"all in {panel.symbols[0]}"
    )
    return Benchmark(f"{held}, set monthly", _equity(rows, panel, config))


def hold_index(index: Panel, panel: Panel, config: BacktestConfig) -> Benchmark:
    """One symbol of its own, bought at its first bar and held, on the sessions of the run."""
    held = buy_and_hold(index, config)
    days = index.dates[index.first :]
    place = np.searchsorted(days, panel.dates[panel.first :], side="right")
    known = np.append(config.initial_capital, held.equity)
    return Benchmark(held.name, known[place])


def _equity(rows: NDArray[np.int64], panel: Panel, config: BacktestConfig) -> NDArray[np.float64]:
    """``[T]``: equity when each of these rows sets its symbol's weight to an equal share."""
    weight = np.full(len(rows), 1.0 / len(panel.symbols))
    decisions = Decisions.at_rows(panel, rows, np.full(len(rows), TARGET), weight)
    free = config.changed(
        costs=Costs(), margin=Margin(), market_rules=MarketRules(), fractional=True
    )
    return np.ascontiguousarray(run_decisions(decisions, panel, free).days["equity"])


def _rows_before(panel: Panel) -> NDArray[np.int64]:
    """``[S]``: rows of each symbol before the trading window."""
    early = panel.row_symbol[panel.bar < panel.first]
    return np.bincount(early, minlength=len(panel.symbols))
