"""Parameters: declared once, read from anywhere, refused with a reason."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest

from stockstream.errors import ConfigError, StrategyError, UnknownNameError
from stockstream.strategy import Choice, Percent, Range, Strategy
from stockstream.strategy.parameters import bind, parameters_of, schema_of


class Everything(Strategy):
    """One parameter of each kind.

    And a longer story.
    """

    period: Annotated[int, Range(2, 500), "bars to look back"] = 20
    level: Annotated[float, Range(0.0)] = 30.0
    stop: Annotated[float, Percent(high=0.5)] = 0.05
    target: Annotated[float, Percent] = 10.0
    short: bool = False
    basis: Literal["close", "open"] = "close"
    size: Annotated[int, Choice(10, 20, 30)] = 10
    factors: tuple[str, ...] = ("DebtToEquity",)
    periods: Annotated[tuple[int, ...], Range(1)] = (5, 10)
    label: Annotated[str, object()] = "plain"
    _state: int = 0
    version: ClassVar[int] = 3


def read(name: str, value: object) -> Any:
    return bind(Everything, {name: value})[name]


def test_every_declaration_is_read() -> None:
    found = {p.name: p for p in parameters_of(Everything)}
    assert list(found) == [
        *("period", "level", "stop", "target", "short"),
        *("basis", "size", "factors", "periods", "label"),
    ]
    period = found["period"]
    assert (period.type, period.default, period.low, period.high) == (int, 20, 2, 500)
    assert period.doc == "bars to look back"
    assert found["basis"].choices == ("close", "open")
    assert found["size"].choices == (10, 20, 30)
    assert found["factors"].many
    assert found["factors"].type is str
    assert found["stop"].percent


def test_without_values_the_defaults_hold() -> None:
    assert bind(Everything, {}) == {
        "period": 20,
        "level": 30.0,
        "stop": 0.05,
        "target": 0.1,
        "short": False,
        "basis": "close",
        "size": 10,
        "factors": ("DebtToEquity",),
        "periods": (5, 10),
        "label": "plain",
    }


@pytest.mark.parametrize(
    "value", [20, 20.0, "20", " 20 ", "20.0", "2e1", np.int64(20), np.float64(20)], ids=repr
)
def test_whole_numbers(value: object) -> None:
    found = read("period", value)
    assert found == 20
    assert type(found) is int


@pytest.mark.parametrize("value", ["30", 30, 30.0, np.float32(30), "3e1"], ids=repr)
def test_numbers(value: object) -> None:
    found = read("level", value)
    assert found == 30.0
    assert type(found) is float


@pytest.mark.parametrize(
    ("value", "fraction"),
    [
        (0.1, 0.1),
        ("0.1", 0.1),
        (10, 0.1),
        (10.0, 0.1),
        ("10", 0.1),
        ("10%", 0.1),
        (" 10 % ", 0.1),
        (1, 0.01),
        ("1", 0.01),
        ("0.5%", 0.005),
        (0.999, 0.999),
        (0, 0.0),
    ],
    ids=repr,
)
def test_percentages_are_stored_as_fractions(value: object, fraction: float) -> None:
    found = read("target", value)
    assert found == pytest.approx(fraction, abs=1e-15)
    assert read("target", found) == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", True),
        ("Yes", True),
        ("on", True),
        (1, True),
        ("0", False),
        ("off", False),
        (False, False),
    ],
    ids=repr,
)
def test_truth(value: object, expected: bool) -> None:
    assert read("short", value) is expected


def test_limits_are_allowed_themselves() -> None:
    assert read("period", 2) == 2
    assert read("period", 500) == 500
    assert read("stop", 50) == 0.5
    assert read("level", 0) == 0.0


def test_lists() -> None:
    assert read("factors", "DebtToEquity, NewsSentiment") == ("DebtToEquity", "NewsSentiment")
    assert read("factors", ["A"]) == ("A",)
    assert read("factors", "") == ()
    assert read("periods", "5,10.0") == (5, 10)
    assert read("periods", (7,)) == (7,)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "period",
            20.5,
            "period=20.5 is not a whole number; it must be a whole number from 2 to 500",
        ),
        ("period", "ten", "period='ten' is not a number"),
        ("period", True, "is not a number"),
        ("period", None, "is not a number"),
        ("period", 1, r"period=1 is too small; .* from 2 to 500 \(default 20\)"),
        ("period", "501", "is too large"),
        ("period", math.nan, "is not a finite number"),
        ("level", "inf", "is not a finite number"),
        ("level", -0.1, r"is too small; it must be a number of at least 0"),
        ("stop", 60, r"is too large; it must be a percentage from 0 % to 50 % \(default 5 %\)"),
        ("target", 100, "is not below 100 %"),
        ("target", "150%", "is not below 100 %"),
        ("target", -1, "is too small"),
        ("short", "maybe", "is neither true nor false"),
        ("basis", "low", "is not one of the choices; it must be one of close, open"),
        ("basis", 5, "is not text"),
        ("size", 15, "one of 10, 20, 30"),
        ("periods", "5,0", "too small; it must be a list, each a whole number of at least 1"),
        ("periods", 5, "is not a list"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(
    name: str, value: object, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read(name, value)


def test_unknown_names_show_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'period'") as caught:
        bind(Everything, {"perid": 3})
    assert "parameter of Everything" in str(caught.value)


def test_values_are_shown_as_people_read_them() -> None:
    found = {p.name: p for p in parameters_of(Everything)}
    assert found["target"].show(0.1) == "10 %"
    assert found["target"].show(read("target", 7.0)) == "7 %"
    assert found["periods"].show((5, 10)) == "5,10"
    assert found["short"].show(True) == "True"


def test_schema_is_json_and_says_it_all() -> None:
    schema = json.loads(json.dumps(schema_of(Everything)))
    assert schema["title"] == "Everything"
    assert schema["description"] == "One parameter of each kind."
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert properties["period"] == {
        "type": "integer",
        "minimum": 2,
        "maximum": 500,
        "description": "bars to look back",
        "default": 20,
    }
    assert properties["stop"] == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 0.5,
        "exclusiveMaximum": 1.0,
        "format": "percent",
        "default": 0.05,
    }
    assert properties["basis"]["enum"] == ["close", "open"]
    assert properties["periods"]["items"] == {"type": "integer", "minimum": 1}
    assert properties["periods"]["default"] == [5, 10]


def test_subclasses_inherit_and_override() -> None:
    class Longer(Everything):
        period = 200
        extra: int = 1

    names = [p.name for p in parameters_of(Longer)]
    assert names[0] == "period"
    assert names[-1] == "extra"
    assert bind(Longer, {})["period"] == 200


class Unknowable(Strategy):
    """An annotation that names nothing."""

    period: Nothing = 20  # type: ignore[name-defined]  # noqa: F821


class WithoutDefault(Strategy):
    """A parameter nobody set."""

    period: int


class OfAnotherType(Strategy):
    """A parameter no command line can give."""

    when: dict[str, int] = {}  # noqa: RUF012


class BadDefault(Strategy):
    """A default that its own range refuses."""

    period: Annotated[int, Range(5)] = 2


@pytest.mark.parametrize(
    ("cls", "kind", "message"),
    [
        (Unknowable, StrategyError, "cannot read the parameters of Unknowable.*Nothing"),
        (WithoutDefault, StrategyError, "WithoutDefault.period has no default"),
        (OfAnotherType, StrategyError, "OfAnotherType.when cannot be a parameter.*dict"),
        (BadDefault, ConfigError, "period=2 is too small"),
    ],
)
def test_declarations_that_cannot_work(
    cls: type[Strategy], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        parameters_of(cls)
