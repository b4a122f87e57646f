"""``stockstream backtest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

METRICS = {
    *("total_return", "annualised_return", "volatility", "sharpe", "sortino", "calmar"),
    *("max_drawdown", "win_rate", "profit_factor", "trades"),
}
IDENTITY = {"data_version", "config_digest", "code_version", "lock_digest", "seed"}


@pytest.fixture
def backtest(stockstream: Stockstream, lake: Path) -> Stockstream:
    """The command on the small lake; later arguments win."""

    def run(*arguments: object) -> Said:
        given = ("--strategy", "MovingAverageCrossover", "--lake", lake, "--runs", "runs")
        return stockstream("backtest", *given, *arguments)

    return run


def test_as_typed_in_the_readme(backtest: Stockstream, symbols: list[str]) -> None:
    codes = ",".join(symbol.removesuffix(".AX") for symbol in symbols[:2])
    said = backtest(
        *("--start-date", "2019-01-01", "--end-date", "2021-12-31"),
        *("--symbols", codes, "--initial-capital", "100000"),
    )
    assert said.code == 0
    assert symbols[0] in said.out
    assert "Total return" in said.out
    assert "%" in said.out
    assert "! no costs" in said.out
    assert "kept in runs/r-" in said.out
    assert "stockstream report r-" in said.out


def test_json_is_the_contract(backtest: Stockstream, symbols: list[str]) -> None:
    said = backtest("--symbols", symbols[0], "--param", "fast_period=10", "--json")
    document = said.document
    assert set(document["metrics"]) >= METRICS
    assert set(document["identity"]) >= IDENTITY
    assert document["config"]["parameters"] == {"fast_period": 10, "slow_period": 50}
    assert abs(document["metrics"]["max_drawdown"]) <= 1.0
    assert said.err == ""


def test_same_inputs_same_bytes(backtest: Stockstream, symbols: list[str]) -> None:
    first, again = (backtest("--symbols", symbols[0], "--json").out for _ in range(2))
    assert first == again


def test_undefined_metrics_are_null_and_zero_trades_are_loud(
    backtest: Stockstream, symbols: list[str]
) -> None:
    idle = ("--symbols", symbols[0], "--initial-capital", "0.01", "--no-save")
    document = backtest(*idle, "--json").document
    assert document["metrics"]["trades"] == 0
    assert document["metrics"]["sharpe"] is None
    assert document["saved"] is None
    said = backtest(*idle)
    assert "NO TRADE WAS MADE" in said.out
    assert "! zero trades" in said.out
    assert "no sharpe, sortino: returns never vary" in said.out


def test_without_symbols_every_symbol_trades(backtest: Stockstream, lake: Path) -> None:
    said = backtest("--no-save", "--json")
    assert said.document["config"]["universe"] == Lake.open(lake).symbols()
    assert "every symbol of the lake" in said.err


def test_the_report_is_one_page(backtest: Stockstream, symbols: list[str], tmp_path: Path) -> None:
    said = backtest("--symbols", symbols[0], "--report", "out/sheet.html")
    assert said.code == 0
    assert "tear sheet: out/sheet.html" in said.out
    page = (tmp_path / "out" / "sheet.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_a_strategy_of_ones_own(backtest: Stockstream, symbols: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from stockstream.strategy import Action, Strategy\n"
        "class Mine(Strategy):\n"
        "    def on_data(self, date, symbol, data, portfolio):\n"
        "        return Action.buy(10) if symbol not in portfolio.positions else None\n",
        encoding="utf-8",
    )
    said = backtest("--strategy", "mine.py:Mine", "--symbols", symbols[0], "--json")
    assert said.code == 0, said.err
    assert said.document["engine"] == "event"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--strategy", "MovingAverageCrosover"], 2, "did you mean 'MovingAverageCrossover'?"),
        (["--param", "fast_perod=10"], 2, "did you mean 'fast_period'"),
        (["--param", "fast_period=ten"], 2, "whole number"),
        (["--param", "fast_period=60"], 2, "must be below slow_period=50"),
        (["--param", "fast_period"], 2, "NAME=VALUE"),
        (["--symbols", "ZZZZ"], 2, "unknown symbol 'ZZZZ'"),
        (["--symbols", ","], 2, "names nothing"),
        (["--start-date", "2021-12-31", "--end-date", "2019-01-01"], 2, "swap"),
        (["--start-date", "2019-02-30"], 2, "--start-date"),
        (["--start-date", "1990-01-01", "--end-date", "1990-12-31"], 1, "1990"),
        (["--initial-capital", "-5"], 2, "initial_capital"),
        (["--initial-capital", "nan"], 2, "initial_capital"),
        (["--initial-capital", "much"], 2, "--initial-capital"),
        (["--commission-bps", "-1"], 2, "commission_bps"),
        (["--fill", "yesterday"], 2, "next_open"),
        (["--engine", "warp"], 2, "compiled"),
        (["--lake", "nowhere"], 1, "there is no lake"),
        (["--strategy", "none.py:Mine"], 2, "does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_line(
    backtest: Stockstream, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    said = backtest(*arguments)
    assert (said.code, said.out) == (code, "")
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in said.err
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_written_is_said(
    backtest: Stockstream, symbols: list[str], tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be", encoding="utf-8")
    said = backtest("--symbols", symbols[0])
    assert said.code == 1
    assert "--no-save" in said.err


def test_costs_cost(backtest: Stockstream, symbols: list[str]) -> None:
    def total(*costs: str) -> Any:
        return backtest("--symbols", symbols[0], *costs, "--json").document["metrics"]["costs"]

    assert total() == 0.0
    assert total("--commission-min", "5") > 0.0
    assert total("--slippage-bps", "5") > 0.0


LEAK = """
import polars as pl
from stockstream.strategy import Action, Strategy


class Leak(Strategy):
    def prepare(self, bars):
        return bars.with_columns(soon=pl.col("close").shift(-1))

    def on_data(self, date, symbol, data, portfolio):
        return Action.target_weight(0.05 if data["soon"] > data["close"] else 0.0)
"""


@pytest.mark.slow
def test_a_strategy_that_looks_ahead_is_said_loudly_and_exits_with_1(
    stockstream: Stockstream, lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "leak.py").write_text(LEAK, encoding="utf-8")
    asked = ("backtest", "--strategy", "leak.py:Leak", "--lake", lake, "--runs", "runs")
    said = stockstream(*asked, "--report", "sheet.html")
    assert said.code == 1
    assert "DO NOT BELIEVE THESE NUMBERS: Leak: prepared column 'soon'" in said.out
    assert "Do not believe these numbers" in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert stockstream(*asked, "--no-look-ahead-check").code == 0


def test_what_costs_take(stockstream: Stockstream, lake: Path) -> None:
    asked = ("backtest", "--strategy", "RSIMeanReversion", "--lake", lake, "--no-save")
    said = stockstream(*asked, "--commission-bps", "10", "--cost-sensitivity")
    assert said.code == 0, said.err
    assert [line.split()[0] for line in said.out.splitlines()[-5:]] == [
        "x0",
        "x0.5",
        "x1",
        "x2",
        "x3",
    ]
    found = stockstream(*asked, "--slippage-bps", "5", "--cost-sensitivity", "--json").document
    assert [run["factor"] for run in found["cost_sensitivity"]["runs"]] == [0.0, 0.5, 1.0, 2.0, 3.0]
    free = stockstream(*asked, "--cost-sensitivity")
    assert free.code == 2
    assert "the configuration has no costs" in free.err


def test_a_book_of_strategies(stockstream: Stockstream, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "strategies:\n  trend: {class: MovingAverageCrossover, parameters: {slow_period: 40}}\n"
        "books:\n  both: {trend: 0.5, RSIMeanReversion: 0.5}\n",
        encoding="utf-8",
    )
    asked = ("backtest", "--strategies", "mine.yaml", "--lake", lake, "--runs", "runs")
    said = stockstream(*asked, "--strategy", "both", "--benchmark", "equal_weight")
    assert said.code == 0, said.err
    assert said.out.startswith("trend + RSIMeanReversion\ntrend 50%: fast_period=20 slow_period=40")
    assert stockstream("report", "latest", "--runs", "runs").code == 0
    alone = stockstream(*asked, "--strategy", "trend", "--param", "fast_period=5", "--json")
    assert alone.document["config"]["parameters"] == {"fast_period": 5, "slow_period": 40}
    mixed = stockstream(*asked, "--strategy", "both", "--param", "fast_period=5")
    assert mixed.code == 2
    assert "both is a book of 2 strategies: --param cannot say whose fast_period" in mixed.err
    swept = stockstream(
        *("sweep", "--strategies", "mine.yaml", "--lake", lake, "--strategy", "both"),
        *("--grid", "fast_period=5,10"),
    )
    assert swept.code == 2
    assert "run one of trend, RSIMeanReversion alone" in swept.err
