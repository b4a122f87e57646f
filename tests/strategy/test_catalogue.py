"""Strategies with names of one's own, and books of several."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategy import catalogue
from stockstream.strategy.catalogue import NamedStrategy, read_catalogue, resolve

ROOT = Path(__file__).parents[2]

TEXT = """
strategies:
  trend:
    class: MovingAverageCrossoverStrategy
    parameters: {fast_period: 10, slow_period: "60"}
  dip:
    description: buys what has fallen far
    class: mean_reversion
    parameters: {stop_loss_pct: 10%}
books:
  both: {trend: 0.6, dip: 0.3, RSIMeanReversion: "0.1"}
  part: {trend: 0.5}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "strategies.yaml"
    path.write_text(TEXT)
    return path


def test_a_named_strategy(file: Path) -> None:
    choice = resolve("trend", file)
    parameters = {"fast_period": 10, "slow_period": 60}
    assert choice.parts == (NamedStrategy("trend", "MovingAverageCrossover", parameters),)
    assert not choice.is_book
    assert resolve("dip", file).parts[0].parameters == {"stop_loss_pct": 0.1}


def test_a_book(file: Path) -> None:
    choice = resolve("both", file)
    assert choice.is_book
    assert [(part.name, part.strategy_class, part.weight) for part in choice.parts] == [
        ("trend", "MovingAverageCrossover", 0.6),
        ("dip", "MeanReversionStrategy", 0.3),
        ("RSIMeanReversion", "RSIMeanReversion", 0.1),
    ]
    assert resolve("part", file).is_book, "half of the capital stays cash"


def test_registered_names_and_files_mean_themselves(file: Path, tmp_path: Path) -> None:
    assert resolve("Momentum", file).parts == (NamedStrategy("Momentum", "MomentumStrategy"),)
    mine = tmp_path / "mine.py"
    mine.write_text("from stockstream.strategy import Strategy\nclass Mine(Strategy):\n    pass\n")
    assert resolve(str(mine), file).parts[0].strategy_class == f"{mine}:Mine"


def test_the_usual_place_is_looked_at(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown strategy 'trend'"):
        resolve("trend")
    (tmp_path / "config").mkdir()
    file.rename(tmp_path / catalogue.PLACE)
    assert resolve("trend").parts[0].name == "trend"
    assert resolve("rsi_mean_reversion").parts[0].strategy_class == "RSIMeanReversion"


def test_the_file_of_the_repository_can_be_used() -> None:
    found = read_catalogue(ROOT / catalogue.PLACE)
    assert {"trend", "balanced"} <= set(found.names)
    for name in found.names:
        choice = found.choose(name)
        assert sum(part.weight for part in choice.parts) == pytest.approx(1.0)


def test_an_unknown_name_shows_those_of_the_file_and_the_shipped_ones(file: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'trend'") as caught:
        resolve("tredn", file)
    assert "both" in str(caught.value)
    assert "MomentumStrategy" in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "kind", "message"),
    [
        ("strategies: {a: {class: Momentum, parameter: {}}}", "a", LookupError, "'parameters'"),
        ("strategy: {}", "a", LookupError, "did you mean 'strategies'"),
        ("strategies: {a: {}}", "a", ConfigError, "has no class; write `class: "),
        ("strategies: {a: {class: Momentm}}", "a", LookupError, "did you mean 'MomentumStrategy'"),
        (
            "strategies: {a: {class: Momentum, parameters: {periods: 3}}}",
            "a",
            LookupError,
            r"\(.*strategies.yaml: a\) 'periods'",
        ),
        (
            "strategies: {a: {class: Momentum, parameters: {momentum_period: 0}}}",
            "a",
            ConfigError,
            "strategy 'a': momentum_period=0 is too small",
        ),
        ("strategies: {Momentum: {class: RSIMeanReversion}}", "b", ConfigError, "exists already"),
        (
            "strategies: {a: {class: Momentum}}\nbooks: {a: {a: 1}}",
            "a",
            ConfigError,
            "is a strategy and a book",
        ),
        ("strategies: {a: {class: Momentum}, a: {class: RSI}}", "a", ConfigError, "given twice"),
        ("books: {b: {Momentum: 0}}", "b", ConfigError, "is not above zero"),
        ("books: {b: {Momentum: much}}", "b", ConfigError, "'much' is not a number"),
        ("books: {b: {Momentm: 1}}", "b", LookupError, "did you mean 'MomentumStrategy'"),
        ("books: {b: {}}", "b", ConfigError, "is empty: give each strategy its weight"),
        ("books: [a]", "a", ConfigError, "expected names with values"),
        ("strategies: {1: {class: Momentum}}", "1", ConfigError, "expected names with values"),
        ("strategies: {a: [", "a", ConfigError, "is no YAML"),
    ],
)
def test_files_that_do_not_do(
    file: Path, text: str, name: str, kind: type[Exception], message: str
) -> None:
    file.write_text(text)
    with pytest.raises(kind, match=message):
        resolve(name, file)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        resolve("trend", tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="is no text"):
        resolve("trend", tmp_path / "bytes.yaml")


def test_an_empty_file_names_nothing(file: Path) -> None:
    file.write_text("# nothing yet\n")
    assert read_catalogue(file).names == ()


def test_yaml_is_loaded_only_where_a_file_is_read() -> None:
    code = (
        "import sys, stockstream.strategy.catalogue\n"
        "assert not {'yaml', 'numpy', 'polars', 'pydantic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
