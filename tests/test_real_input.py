"""The whole road on real market data: import, backtest, sweep, tear sheet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.run import run_backtest
from stockstream.ingest.importer import import_files
from stockstream.lake.store import Lake
from stockstream.strategy.orders import Action
from stockstream.strategy.strategy import Strategy

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from stockstream.strategy.portfolio import Portfolio

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="module")
def asx(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asx") / "lake"
    summary = import_files(
        [shared_data / "sample" / "asx_25_2019_2023.parquet"],
        Lake.create(folder, calendar="XASX"),
    )
    assert (summary.rows, summary.symbols, summary.quarantined) == (29_285, 25, {})
    return folder


@pytest.fixture(scope="module")
def us(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.create(tmp_path_factory.mktemp("us") / "lake", calendar="XNYS")
    import_files([shared_data / "sample" / "us_10_2014_2021.parquet"], lake)
    return lake


def run(line: str, *paths: str) -> dict[str, Any]:
    """Run a command as typed, with some paths behind it."""
    from stockstream.cli.app import app

    done = CliRunner().invoke(app, [*line.split(), *paths, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_documented_backtest_and_its_tear_sheet(asx: Path, tmp_path: Path) -> None:
    found = run(
        "backtest --strategy MovingAverageCrossover --start-date 2019-01-01 "
        "--end-date 2023-12-31 --symbols BHP,CBA --initial-capital 100000",
        *("--lake", str(asx), "--runs", str(tmp_path / "runs")),
    )
    assert found["config"]["universe"] == ["BHP.AX", "CBA.AX"]
    assert found["metrics"]["trades"] > 10
    sheet = tmp_path / "sheet.html"
    run("report latest", "--runs", str(tmp_path / "runs"), "--output", str(sheet))
    assert 1_000_000 < sheet.stat().st_size < 6_000_000


def test_event_and_compiled_engine_agree_on_the_shipped_strategies(asx: Path) -> None:
    for name in ("MovingAverageCrossover", "RSIMeanReversion"):
        config = BacktestConfig(
            strategy_class=name,
            start_date="2019-01-01",
            end_date="2023-12-31",
            costs=Costs(commission_bps=10, slippage_bps=5),
        )
        compiled, event = (
            run_backtest(config, Lake.open(asx), engine=engine) for engine in ("compiled", "event")
        )
        assert compiled.fills.height > 50
        assert compiled.fills.equals(event.fills)
        for metric, value in compiled.metrics.as_dict().items():
            assert value == pytest.approx(event.metrics.as_dict()[metric], rel=1e-9, nan_ok=True)


class Hold(Strategy):
    """Buys everything once."""

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        if portfolio.transactions:
            return None
        return Action.target_weight(0.99)


@pytest.mark.parametrize("fractional", [False, True])
def test_aapl_held_through_its_splits_shows_no_crash(us: Lake, fractional: bool) -> None:
    from stockstream.backtest.run import run_on_panel

    panel = us.panel(["AAPL"], *_range(), warmup=0)
    config = BacktestConfig(
        strategy_class="Hold",
        start_date=_range()[0],
        end_date=_range()[1],
        initial_capital=1_000_000.0,
        fractional=fractional,
    )
    result = run_on_panel(Hold(), panel, config, benchmark=False)
    daily = result.equity[1:] / result.equity[:-1] - 1.0
    assert daily.min() > -0.14
    # 7 and 4 new shares for each old one
    trade = result.trades.row(0, named=True)
    assert trade["quantity"] == pytest.approx(28 * result.fills["quantity"][0], rel=1e-5)
    # by hand: the first fill, every dividend on the shares of its day, the last close
    shares, price = result.fills["quantity"][0], result.fills["price"][0]
    expected = 1_000_000.0 - shares * price
    actions = us.actions(["AAPL"]).sort("date", "kind", descending=[False, True])
    for action in actions.iter_rows(named=True):
        if action["kind"] == "split":
            shares *= round(action["value"])
        else:
            expected += shares * action["value"]
    expected += shares * us.bars(["AAPL"])["close"][-1]
    assert result.equity[-1] == pytest.approx(expected, rel=1e-5)
    assert result.totals["dividends"] > 0.0


def test_what_a_strategy_sees_has_no_jump_at_a_split(us: Lake) -> None:
    panel = us.panel(["AAPL"], *_range(), warmup=0)
    seen = panel.signal_column("close")
    assert np.abs(seen[1:] / seen[:-1] - 1.0).max() < 0.14
    assert np.abs(panel.close[1:] / panel.close[:-1] - 1.0).max() > 0.7


def _range() -> tuple[dt.date, dt.date]:
    import datetime as dt

    return dt.date(2014, 1, 1), dt.date(2021, 4, 21)


def test_a_sweep_writes_one_row_for_each_trial(asx: Path, tmp_path: Path) -> None:
    output = tmp_path / "trials.parquet"
    found = run(
        "sweep --strategy MovingAverageCrossover --start-date 2019-01-01 "
        "--end-date 2023-12-31 --symbols BHP,CBA,WPL --split ticker "
        "--grid fast_period=5:44:4 --grid slow_period=50,100 --commission-bps 10 "
        "--fractional --size-at fill",
        "--lake",
        str(asx),
        "--output",
        str(output),
    )
    trials = pl.read_parquet(output)
    assert found["trials"] == trials.height == 4 * 2 * 3
    assert trials.n_unique(["fast_period", "slow_period", "symbol"]) == 24
    one = trials.row(
        by_predicate=(pl.col("fast_period") == 18)
        & (pl.col("slow_period") == 50)
        & (pl.col("symbol") == "CBA.AX"),
        named=True,
    )
    single = run(
        "backtest --strategy MovingAverageCrossover --start-date 2019-01-01 "
        "--end-date 2023-12-31 --symbols CBA --param fast_period=18 "
        "--commission-bps 10 --fractional --size-at fill --no-save",
        "--lake",
        str(asx),
    )
    for metric, value in single["metrics"].items():
        assert one[metric] == pytest.approx(value, rel=1e-12), metric


def test_the_three_adjustment_modes_on_read(us: Lake, shared_data: Path) -> None:
    """Against the closes that the source itself adjusted, and against the gold file."""
    import datetime as dt

    raw = us.bars(["AAPL"])
    split = us.bars(["AAPL"], adjust="split")
    total = us.bars(["AAPL"], adjust="total_return", convention="return")
    assert _worst_day(raw) < -0.7
    assert _worst_day(split) > -0.14
    ours, theirs = total["close"].to_numpy(), total["adjusted_close"].to_numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    gold = pl.read_csv(
        shared_data / "gold" / "adjust_alphavantage_convention_AAPL_2012_2021.csv",
        try_parse_dates=True,
    ).join(total.select("date", "close"), on="date")
    expected = gold["expected_adjusted_close"].to_numpy()
    np.testing.assert_allclose(gold["close"].to_numpy(), expected, rtol=1e-5)
    # a window ends where it is told to, on the same prices
    part = us.bars(["AAPL"], end=dt.date(2015, 12, 31), adjust="split")
    assert part.equals(split.filter(pl.col("date") <= dt.date(2015, 12, 31)))


def _worst_day(bars: pl.DataFrame) -> float:
    close = bars["close"].to_numpy()
    return float((close[1:] / close[:-1]).min() - 1.0)
