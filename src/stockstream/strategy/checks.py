"""What a node may be made of: the arguments and parameters of each operation, checked."""

from __future__ import annotations

import math
from functools import cache
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.errors import LookAheadError, StrategyError, UnknownNameError
from stockstream.market.columns import FACTOR, KNOWN
from stockstream.strategy.many import each, mapped
from stockstream.strategy.operations import FIELDS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.indicators.spec import IndicatorSpec
    from stockstream.strategy.operations import Kind

__all__ = ["Scalar", "checked", "indicator_spec", "numbers"]

Scalar: TypeAlias = str | int | float


def checked(
    operation: str, arguments: tuple[Kind, ...], parameters: tuple[Scalar, ...]
) -> tuple[Scalar, ...]:
    """The parameters of a node, each of its type.

    Args:
        operation: what the node does.
        arguments: the kind of each node that it works on.
        parameters: as they were given; a ``Many`` is checked value by value.

    Raises:
        LookAheadError: a lag below zero.
        UnknownNameError: an unknown operation, field or indicator.
        StrategyError: arguments or parameters that do not fit the operation.
        ConfigError: parameters that do not fit the indicator.
    """
    if operation not in OPERATIONS:
        raise UnknownNameError("operation", str(operation), OPERATIONS)
    takes = OPERATIONS[operation].takes
    expected = ("number",) * len(arguments) if takes is None else takes
    if arguments != expected:
        raise StrategyError(
            f"{operation!r} works on ({', '.join(expected)}), not on ({', '.join(arguments)})"
        )
    if operation == "indicator":
        return _indicator(len(arguments), parameters)
    readers = _READERS.get(operation, ())
    if len(parameters) != len(readers):
        raise StrategyError(f"{operation!r} has {len(readers)} parameters, not {len(parameters)}")
    return tuple(mapped(read, value) for read, value in zip(readers, parameters, strict=True))


def indicator_spec(name: str) -> IndicatorSpec:
    """What the indicators room says of an indicator; imported when the first one is used."""
    return _get_spec()(name)


@cache
def _get_spec() -> Callable[[str], IndicatorSpec]:
    from stockstream.indicators.registry import get_spec

    return get_spec


def numbers(values: tuple[Scalar, ...]) -> tuple[int | float, ...]:
    """Those of some parameters that are numbers."""
    return tuple(value for value in values if not isinstance(value, str))


def _indicator(arguments: int, parameters: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    name, output, values = str(parameters[0]), str(parameters[1]), numbers(parameters[2:])
    spec = indicator_spec(name)
    if arguments != len(spec.inputs):
        raise StrategyError(
            f"{name} works on ({', '.join(spec.inputs)}), not on {arguments} expressions"
        )
    if output not in spec.outputs:
        raise UnknownNameError(f"output of {name}", output, spec.outputs)
    return (name, output, *each(spec.check, values))


def _field(name: Any) -> str:
    if name in FIELDS or name in KNOWN:
        return str(name)
    if isinstance(name, str) and name.startswith(FACTOR):
        if name == FACTOR:
            raise StrategyError("a factor has a name: bars.factor('DebtToEquity')")
        return name
    raise UnknownNameError(
        "field of a bar", str(name), FIELDS, hint="factors are read with bars.factor(name)"
    )


def _bars_back(n: Any) -> int:
    try:
        back = index(n)
    except TypeError:
        raise StrategyError(f"lag({n!r}): the lag is a whole number of bars") from None
    if back < 0:
        raise LookAheadError(
            f"lag({back}) would read {-back} bars of the future; at a bar only that bar and "
            f"earlier ones are known: lag({-back}) reads {-back} bars back"
        )
    return back


def _count(what: str, least: int) -> Callable[[Any], int]:
    def read(n: Any) -> int:
        try:
            count = index(n)
        except TypeError:
            count = least - 1
        if count < least:
            raise StrategyError(f"{n!r} is no number of {what}: give a whole one from {least} on")
        return count

    return read


def _fraction(name: str, *, zero: bool) -> Callable[[Any], float]:
    """Reads a share of the symbols at one end: at most a half, so that the ends never meet."""

    def read(value: Any) -> float:
        share = float(value)
        if not (0.0 <= share <= 0.5 and (zero or share > 0.0)):
            raise StrategyError(
                f"{name}={value!r} is no share of the symbols at one end: "
                f"it lies {'from' if zero else 'above'} 0 to 0.5, and 20 % is 0.2"
            )
        return share

    return read


def _gross(value: Any) -> float:
    gross = float(value)
    if not 0.0 < gross < math.inf:
        raise StrategyError(
            f"gross={value!r} is no exposure: 1.0 is as much as the equity, half of it short"
        )
    return gross


_READERS: dict[str, tuple[Callable[[Any], Scalar], ...]] = {
    "field": (_field,),
    "constant": (float,),
    "lag": (_bars_back,),
    "lag_condition": (_bars_back,),
    "quantile": (_count("buckets", 2),),
    "winsorise": (_fraction("winsorise", zero=True),),
    "top": (_count("symbols", 1),),
    "long_short": (_fraction("quantile", zero=False), _gross),
}
