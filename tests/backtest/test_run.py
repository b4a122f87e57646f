"""From a configuration to a result, and back from disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest import archive
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.errors import ConfigError, DataError, NoDataError, UnknownNameError
from stockstream.testing.play import panel_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.market.panel import Panel


class Shelf:
    """A lake of two symbols in memory."""

    def __init__(self, sessions: int = 120) -> None:
        wave = 50.0 + 10.0 * np.sin(np.arange(sessions) / 6.0)
        self.all = panel_of({"A.AX": wave.tolist(), "B.AX": (wave[::-1] * 2.0).tolist()})

    def symbols(self) -> list[str]:
        return list(self.all.symbols)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        for symbol in symbols:
            if f"{symbol}.AX" not in self.all.symbols:
                raise UnknownNameError("symbol", symbol, self.all.symbols)
        return [f"{symbol}.AX" for symbol in symbols]

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        return self.all.select([self.all.symbols.index(symbol) for symbol in symbols])


def config(**values: Any) -> BacktestConfig:
    given: dict[str, Any] = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2024-01-01",
        "end_date": "2024-12-31",
        "fast_period": 3,
        "slow_period": 8,
    }
    return BacktestConfig(**{**given, **values})


def test_a_result_is_complete() -> None:
    result = run_backtest(config(universe=("A",)), Shelf())
    found = json.loads(result.to_json())
    assert found["engine"] == "compiled"
    assert found["config"]["universe"] == ["A.AX"]
    assert found["metrics"]["trades"] >= 3
    assert set(found["identity"]) == {
        "data_version",
        "data_digest",
        "config_digest",
        "code_version",
        "lock_digest",
        "seed",
    }
    assert found["benchmark"]["name"] == "buy and hold A.AX"
    assert "no costs: commission and slippage are zero" in found["flags"]


def test_every_symbol_is_the_default_and_both_engines_say_the_same() -> None:
    one = run_backtest(config(), Shelf())
    other = run_backtest(config(), Shelf(), engine="event")
    assert (one.engine, other.engine) == ("compiled", "event")
    assert one.to_dict()["metrics"] == other.to_dict()["metrics"]
    assert one.fills.equals(other.fills)
    assert one.trades.equals(other.trades)
    assert one.identity == other.identity


def test_the_benchmark_holds_every_symbol_equally() -> None:
    shelf = Shelf()
    result = run_backtest(config(), shelf)
    assert result.benchmark is not None
    close = shelf.all.matrix("close")
    # bought at the second open: at the close of the first bar it was decided
    expected = 50_000 / close[0, 0] * close[-1, 0] + 50_000 / close[0, 1] * close[-1, 1]
    spent = 50_000 / close[0] @ (close[1] - close[0])
    assert result.benchmark.equity[-1] == pytest.approx(expected - spent, rel=1e-3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategy_class": "MovingAverageCrossOver2"}, "did you mean 'MovingAverageCrossover'"),
        ({"fast_perod": 3}, "did you mean 'fast_period'"),
        ({"fast_period": 9}, "fast_period"),
        ({"universe": ("Z",)}, "unknown symbol 'Z'"),
        ({"param_grid": {"fast_period": (1, 2)}}, "run a grid with `stockstream sweep`"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run_backtest(config(**values), Shelf())


def test_zero_trades_are_explained() -> None:
    poor = run_backtest(config(initial_capital=10.0), Shelf())
    assert any("could not buy a single share" in flag for flag in poor.flags)
    short = run_backtest(config(fast_period=20, slow_period=50), Shelf(40))
    assert any("looks back 50 bars and there are 40" in flag for flag in short.flags)


def test_a_kept_run_comes_back(tmp_path: Path) -> None:
    result = run_backtest(config(), Shelf())
    folder = archive.save_result(result, tmp_path / "runs")
    assert folder.name == archive.run_id(result)
    kept = archive.load_result(folder)
    assert kept.to_json() == result.to_json()
    assert kept.fills.equals(result.fills)
    assert kept.trades.equals(result.trades)
    np.testing.assert_array_equal(kept.equity, result.equity)


def test_the_same_run_again_gives_the_same_bytes(tmp_path: Path) -> None:
    def kept(place: str) -> dict[str, bytes]:
        folder = archive.save_result(run_backtest(config(), Shelf()), tmp_path / place)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert kept("one") == kept("two")
    assert kept("one") == kept("two")


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(DataError, match=r"cannot keep the run.*nothing was changed"):
        archive.save_result(run_backtest(config(), Shelf()), blocked)
    assert blocked.read_text() == "not a folder"


def test_missing_and_damaged_runs_say_so(tmp_path: Path) -> None:
    folder = archive.save_result(run_backtest(config(), Shelf()), tmp_path)
    with pytest.raises(NoDataError, match=f"runs there: {folder.name}"):
        archive.load_result(tmp_path / "r-nothing")
    (folder / "equity.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        archive.load_result(folder)
