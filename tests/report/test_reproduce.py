from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from stockstream.backtest.config import BacktestConfig, Costs, Margin, MarketRules, Sleeve
from stockstream.cli.app import app
from stockstream.report.reproduce import command_line

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult


def words(**settings: Any) -> list[str]:
    config = BacktestConfig(
        **{
            "strategy_class": "MovingAverageCrossover",
            "start_date": "2019-01-01",
            "end_date": "2023-12-31",
            **settings,
        }
    )
    return shlex.split(command_line(config).replace("\\\n", " "))


def test_only_what_differs_from_the_defaults() -> None:
    assert words() == [
        "stockstream", "backtest", "--strategy", "MovingAverageCrossover",
        "--start-date", "2019-01-01", "--end-date", "2023-12-31", "--initial-capital", "100000",
    ]  # fmt: skip


def test_every_setting_has_its_option() -> None:
    given = words(
        universe=("BHP.AX", "CBA.AX"),
        fast_period=5,
        ratio=0.05,
        quick=True,
        factors=("A", "B"),
        costs=Costs(commission_bps=10, borrow_bps=2.5),
        fill="same_close",
        size_at="fill",
        fractional=True,
        risk_free=0.04,
        seed=7,
        initial_capital=1234567.5,
    )
    assert given[8:] == [
        "--symbols", "BHP.AX,CBA.AX", "--initial-capital", "1234567.5",
        "--param", "factors=A,B", "--param", "fast_period=5", "--param", "quick=true",
        "--param", "ratio=0.05", "--commission-bps", "10", "--borrow-bps", "2.5",
        "--fill", "same_close", "--size-at", "fill", "--fractional",
        "--risk-free", "0.04", "--seed", "7",
    ]  # fmt: skip


def test_names_cannot_break_out_of_the_shell() -> None:
    assert words(strategy_class="a.py:B; rm -rf ~")[3] == "a.py:B; rm -rf ~"


def test_a_result_names_all_its_parameters(result: BacktestResult) -> None:
    assert "--param fast_period=5" in command_line(result.config)


def test_the_command_line_knows_every_option() -> None:
    config = BacktestConfig(
        strategy_class="S",
        start_date="2019-01-01",
        end_date="2019-12-31",
        universe=("A",),
        parameters={"period": 3},
        costs=Costs(
            **dict.fromkeys(set(Costs.model_fields) - {"commission_tiers", "commission_bps"}, 1.0),
            commission_tiers=((0, 10), (10_000, 8)),
        ),
        margin=Margin(leverage=2.0, maintenance=0.3),
        market_rules=MarketRules(lot=5, minimum_parcel=500, tick="asx", max_volume_share=0.1),
        benchmark="equal_weight",
        fill="next_close",
        size_at="fill",
        fractional=True,
        periods_per_year=250,
        risk_free=0.01,
        seed=1,
    )
    used = {word for word in command_line(config).split() if word.startswith("--")}
    assert {"--commission-tiers", "--maintenance-margin", "--tick"} <= used
    assert len(used) == 6 + (len(Costs.model_fields) - 1) + 2 + 4 + 7
    commands: Any = get_command(app)
    assert used <= {name for option in commands.commands["backtest"].params for name in option.opts}


def test_a_book_of_several_strategies_is_python() -> None:
    config = BacktestConfig(
        start_date="2019-01-01",
        end_date="2019-12-31",
        sleeves=(
            Sleeve(strategy_class="A", weight=0.5, parameters={"period": 3}),
            Sleeve(strategy_class="B", weight=0.5),
        ),
        costs=Costs(commission_bps=10),
    )
    code = command_line(config)
    compile(code, "reproduce", "exec")
    given = code.partition("config = ")[2].partition("\nresult")[0]
    assert eval(given, {"BacktestConfig": BacktestConfig}) == config  # noqa: S307 - our own text
