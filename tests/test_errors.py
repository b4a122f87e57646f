"""Messages that say what was wrong, what exists and what to do next."""

from __future__ import annotations

import inspect

import pytest

from stockstream import errors
from stockstream.errors import PartialError, StockstreamError, UnknownNameError


def test_every_error_is_also_a_builtin_and_in_the_tree() -> None:
    found = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, StockstreamError)
    }
    assert set(found) == set(errors.__all__) - {"FailureKind"}
    assert errors.__doc__ is not None
    for name in found:
        assert name in errors.__doc__
    for name, builtin in [("ConfigError", ValueError), ("UnknownNameError", LookupError)]:
        assert issubclass(found[name], builtin)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("fast_perod", "fast_period"), ("FAST_PERIOD", "fast_period"), ("slow", "slow_period")],
)
def test_an_unknown_name_says_the_nearest_one(name: str, meant: str) -> None:
    error = UnknownNameError("parameter", name, ["fast_period", "slow_period"], "see --help")
    assert f"did you mean '{meant}'" in str(error)
    assert "known: fast_period, slow_period" in str(error)
    assert str(error).endswith("see --help")


def test_many_names_are_cut_short() -> None:
    message = str(UnknownNameError("symbol", "?", [f"S{i:03d}" for i in range(40)]))
    assert "did you mean" not in message
    assert "S011 and 28 more" in message


def test_partial_work_carries_its_failures() -> None:
    error = PartialError("2 of 3 done", ["third: empty"])
    assert error.failures == ("third: empty",)
