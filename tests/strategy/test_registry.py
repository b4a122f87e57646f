"""Strategies by name, by plug-in and by file; nothing is loaded before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stockstream import strategies
from stockstream.errors import ConfigError, StrategyError, UnknownNameError
from stockstream.strategy import Strategy, registry
from stockstream.strategy.registry import (
    canonical_name,
    get_strategy,
    load_strategy_file,
    strategy_names,
)

if TYPE_CHECKING:
    from pathlib import Path

MINE = """
from __future__ import annotations
from typing import Annotated
from stockstream.strategy import Range, RuleStrategy, Signals, sma

class Mine(RuleStrategy):
    period: Annotated[int, Range(2)] = 5

    def rules(self, bars):
        return Signals(enter_long=bars.close > sma(bars.close, self.period))
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


class Installed(Strategy):
    """As another package would add it."""


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Plug-ins as if they were installed."""
    offered: dict[str, Any] = {"Installed": Installed, "Broken": 42}
    monkeypatch.setattr(registry, "plugin_names", lambda _: tuple(sorted(offered)))
    monkeypatch.setattr(registry, "load_plugin", lambda _, name: offered[name])
    return offered


def test_the_shipped_ones_come_first(plugins: dict[str, Any]) -> None:
    assert strategy_names() == (
        *("MovingAverageCrossover", "RSIMeanReversion"),
        *("MeanReversionStrategy", "MomentumStrategy", "LongShortEquityStrategy"),
        *("Broken", "Installed"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "MovingAverageCrossover",
        "moving_average_crossover",
        "moving-average-crossover",
        "MovingAverageCrossoverStrategy",
        "movingaveragecrossover",
    ],
)
def test_any_spelling_finds_the_class(name: str) -> None:
    assert get_strategy(name).__name__ == "MovingAverageCrossover"


@pytest.mark.parametrize("name", strategies.SHIPPED)
def test_both_spellings_are_one_class_and_one_name(name: str) -> None:
    short = name.removesuffix("Strategy")
    for spelling in (short, f"{short}Strategy", short.lower(), f"{short.upper()}_STRATEGY"):
        assert get_strategy(spelling) is get_strategy(name)
        assert canonical_name(spelling) == name
    assert getattr(strategies, short) is getattr(strategies, f"{short}Strategy")
    assert getattr(strategies, short).__name__ == name
    assert {short, f"{short}Strategy"} <= set(dir(strategies))


def test_each_is_listed_once() -> None:
    assert len(set(map(canonical_name, strategy_names()))) == len(strategy_names())
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = strategies.Nothing


def test_a_file_is_named_with_its_class(mine: Path) -> None:
    assert canonical_name(str(mine)) == f"{mine}:Mine" == canonical_name(f"{mine}:Mine")


def test_every_shipped_strategy_loads_and_plans() -> None:
    for name in strategy_names():
        strategy = get_strategy(name)()
        assert strategy.lookback() >= 0
        assert type(strategy).__name__ == name
        assert type(strategy).__doc__


def test_unknown_strategies_show_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'MovingAverageCrossover'") as caught:
        get_strategy("MovingAverageCrosover")
    assert "path/to/file.py:ClassName" in str(caught.value)


def test_plugins_are_found(plugins: dict[str, Any]) -> None:
    assert get_strategy("installed") is Installed
    with pytest.raises(ConfigError, match="Broken is 42, which is no subclass"):
        get_strategy("Broken")


def test_a_plugin_never_replaces_a_shipped_one(plugins: dict[str, Any]) -> None:
    plugins["MovingAverageCrossover"] = Installed
    assert get_strategy("MovingAverageCrossover") is not Installed
    assert strategy_names().count("MovingAverageCrossover") == 1


def test_a_file_of_ones_own(mine: Path) -> None:
    cls = load_strategy_file(f"{mine}:Mine")
    assert cls(period="7").lookback() == 6
    assert get_strategy(f"{mine}:Mine") is cls
    assert load_strategy_file(str(mine)) is cls


def test_a_changed_file_is_read_again(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the bytecode that Python may keep cannot be told from that of the file."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    before, written = load_strategy_file(str(mine)), mine.stat()
    mine.write_text(MINE.replace("= 5", "= 9"))
    os.utime(mine, ns=(written.st_atime_ns, written.st_mtime_ns))
    after = load_strategy_file(str(mine))
    assert before().parameters == {"period": 5}
    assert after().parameters == {"period": 9}


def test_a_file_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "stockstream_neighbour_of_test.py").write_text("PERIOD = 8\n")
    path = tmp_path / "mine.py"
    path.write_text(
        "from stockstream_neighbour_of_test import PERIOD\n"
        + MINE.replace("= 5", "= PERIOD").replace("from __future__ import annotations\n", "")
    )
    before = list(sys.path)
    assert load_strategy_file(str(path))().parameters == {"period": 8}
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "wanted", "kind", "message"),
    [
        (MINE, "Mien", UnknownNameError, "did you mean 'Mine'"),
        ("x = 1\n", "", UnknownNameError, "unknown strategy in"),
        ("x = 1\n", "x", ConfigError, "is 1, which is no subclass"),
        ("def f(:\n", "F", StrategyError, "SyntaxError"),
        ("1 / 0\n", "F", StrategyError, "ZeroDivisionError"),
        (MINE + "class Other(Mine): pass\n", "", ConfigError, "2 strategies.*Mine, Other"),
        (MINE.replace("def rules", "def rule"), "Mine", ConfigError, "no rules"),
        (MINE.replace("def rules", "def rule"), "", UnknownNameError, "unknown strategy"),
    ],
)
def test_files_that_do_not_do(
    tmp_path: Path, text: str, wanted: str, kind: type[Exception], message: str
) -> None:
    path = tmp_path / "other.py"
    path.write_text(text)
    with pytest.raises(kind, match=message):
        load_strategy_file(f"{path}:{wanted}" if wanted else str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'nowhere\.py' does not exist"):
        load_strategy_file("nowhere.py:Mine")
    notes = tmp_path / "notes.txt"
    notes.write_text(MINE)
    with pytest.raises(ConfigError, match=r"should end in \.py"):
        load_strategy_file(str(notes))


def test_naming_strategies_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from stockstream.strategy.registry import strategy_names\n"
        "assert 'RSIMeanReversion' in strategy_names()\n"
        "heavy = {'numpy', 'numba', 'polars', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert not any(name.startswith('stockstream.strategies.') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
