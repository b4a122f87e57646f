"""Every registered indicator has a function for rules, with the defaults of its spec."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

import stockstream.strategy as package
from stockstream.indicators.registry import INDICATORS
from stockstream.strategy import technical
from stockstream.strategy.expression import BARS
from stockstream.strategy.technical import indicator

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@pytest.mark.parametrize("name", INDICATORS)
def test_every_indicator_can_be_written_in_rules(name: str) -> None:
    function: Callable[..., Any] = getattr(technical, name)
    spec = INDICATORS[name]
    takes = list(inspect.signature(function).parameters.values())
    inputs: list[Any]
    if takes[0].name == "bars":
        given: list[Any] = [BARS]
        inputs = [getattr(BARS, field) for field in spec.inputs]
    else:
        given = inputs = [BARS.close, BARS.open][: len(spec.inputs)]
    made = function(*given, *spec.defaults)
    expected = indicator(name, *inputs, parameters=spec.defaults)
    found = made if isinstance(made, tuple) else (made,)
    assert len(found) == len(expected)
    assert all(one is other for one, other in zip(found, expected, strict=True))
    parameters = takes[len(given) :]
    assert tuple(p.name for p in parameters) == spec.parameters
    for parameter, default in zip(parameters, spec.defaults, strict=True):
        assert parameter.default in {inspect.Parameter.empty, default}


def test_all_functions_are_exported() -> None:
    assert {name for name in technical.__all__ if name[0].islower()} == {"indicator", *INDICATORS}
    for name in technical.__all__:
        assert getattr(technical, name) is not None
    assert set(INDICATORS) <= set(package.__all__)
