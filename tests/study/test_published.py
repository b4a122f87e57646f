"""The published grid of the peers, and a real sweep of the Australian market."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_on_panel
from stockstream.ingest.importer import import_files
from stockstream.lake import Lake
from stockstream.market.panel import Panel
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.study.grid import parse_grids
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from tests.study.conftest import WriteStrategy

BRACKETED = """
class Mine(RuleStrategy):
    fast_period: int = 5
    slow_period: int = 50

    def rules(self, bars):
        fast, slow = sma(bars.close, self.fast_period), sma(bars.close, self.slow_period)
        return Signals(
            enter_long=fast.crosses_above(slow),
            exit_long=fast.crosses_below(slow),
            bracket=Bracket(stop_loss=0.05, take_profit=0.15),
        )
"""


class Served:
    """One panel, as it is."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def symbols(self) -> list[str]:
        return list(self._panel.symbols)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        return list(symbols)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        del symbols, start, end, warmup
        return self._panel


@pytest.fixture
def peers(shared_data: Path) -> Served:
    """The simulated bars that the peers were measured on: one symbol, 2,520 sessions."""
    path = shared_data.parent / "peers-bench" / "common.py"
    if not path.is_file():
        pytest.skip(f"the peers' benchmark data is not at {path}")
    spec = importlib.util.spec_from_file_location("peers_common", path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    columns = {name: np.ascontiguousarray(column[:, 0]) for name, column in module.ohlcv(1).items()}
    sessions = len(columns["close"])
    return Served(
        Panel(
            symbols=("S000",),
            dates=np.datetime64("2010-01-01") + np.arange(sessions).astype("timedelta64[D]"),
            offsets=np.array([0, sessions]),
            bar=np.arange(sessions),
            open=columns["open"],
            high=columns["high"],
            low=columns["low"],
            close=columns["close"],
            volume=columns["volume"],
        )
    )


def published(strategy_class: str) -> BacktestConfig:
    """W1: 40 x 25 averages, next open, 10 bps, everything in, sized at the fill."""
    return BacktestConfig(
        strategy_class=strategy_class,
        start_date="2010-01-01",
        end_date="2016-11-24",
        initial_capital=1_000_000.0,
        param_grid=parse_grids(["fast_period=5:44:40", "slow_period=50:194:25"]),
        costs=Costs(commission_bps=10),
        fractional=True,
        size_at="fill",
    )


@pytest.mark.shared
def test_the_published_grid_has_its_published_mean_and_trades(peers: Served) -> None:
    trials = run_sweep(published("MovingAverageCrossover"), peers, split="ticker").frame()
    assert len(trials) == 1000
    assert int(trials["trades"].sum()) == 17_492
    assert trials["total_return"].mean() == pytest.approx(-0.3638974192663, rel=0, abs=1e-12)


@pytest.mark.shared
def test_so_has_the_grid_with_brackets(peers: Served, write_strategy: WriteStrategy) -> None:
    """5 % stop, 15 % target; the rules of backtesting.py: stop first, gaps fill at the open."""
    trials = run_sweep(published(write_strategy(BRACKETED)), peers).frame()
    assert int(trials["trades"].sum()) == 17_492
    assert trials["total_return"].mean() == pytest.approx(0.171840668324, rel=0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.shared
def test_twenty_by_twenty_over_twenty_five_real_symbols(shared_data: Path, tmp_path: Path) -> None:
    import_files([shared_data / "sample" / "asx_25_2019_2023.parquet"], tmp_path / "lake")
    lake = Lake(tmp_path / "lake")
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2019-01-01",
        end_date="2023-12-31",
        param_grid=parse_grids(["fast_period=5:43:20", "slow_period=50:145:20"]),
        costs=Costs(commission_bps=10),
    )
    result = run_sweep(config, lake, split="ticker")
    trials = result.frame()
    assert len(trials) == 10_000
    assert result.failures == ()
    assert trials["total_return"].is_not_null().all()
    assert trials["max_drawdown"].is_between(-1.0, 0.0).all()
    assert trials["exposure"].is_between(0.0, 1.0).all()
    panel = lake.panel(lake.symbols(), config.start_date, config.end_date)
    assert result.symbol_bars == 400 * len(panel.bar)
    for row in trials.sample(25, seed=1).iter_rows(named=True):
        made = MovingAverageCrossover(
            fast_period=row["fast_period"], slow_period=row["slow_period"]
        )
        alone = panel.select([panel.symbols.index(row["symbol"])])
        single = run_on_panel(made, alone, config, benchmark=False).metrics
        assert (single.total_return, single.trades) == (row["total_return"], row["trades"])
