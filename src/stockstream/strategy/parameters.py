"""Parameters of a strategy: declared once, as annotated class variables.

``fast_period: Annotated[int, Range(2)] = 20`` is all: type checkers see a keyword of the
constructor, and the command line, the web form, the grid check and the JSON schema read the rest
from here. A plain string among the annotations documents the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin
from typing import get_type_hints as _hints

from stockstream.errors import ConfigError, StrategyError, UnknownNameError
from stockstream.strategy.conversion import READERS, as_items, as_percent
from stockstream.strategy.many import Many

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Choice", "Parameter", "Percent", "Range", "bind", "parameters_of", "schema_of"]

_JSON_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}


@dataclass(frozen=True, slots=True)
class Range:
    """Annotation: the least and the greatest value, both allowed; None is no limit."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    """Annotation: the only values allowed; ``Literal["a", "b"]`` as the type does the same."""

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        object.__setattr__(self, "options", options)


@dataclass(frozen=True, slots=True)
class Percent:
    """Annotation: a fraction from ``low`` to below 1, which people may write as percent.

    Values from 1 up are read as percent: 10 is 0.1, and exactly 1 is 0.01. What may exceed 100 %
    is declared as a plain float.
    """

    low: float = 0.0
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a strategy.

    Attributes:
        name: keyword of the constructor.
        type: int, float, bool or str; that of each item where ``many``.
        default: its value where none is given, already converted.
        low: least value allowed.
        high: greatest value allowed.
        choices: the only values allowed; empty is any.
        doc: one line about it.
        percent: a fraction that people may write as percent.
        many: a tuple of such values.
    """

    name: str
    type: type
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    doc: str = ""
    percent: bool = False
    many: bool = False

    def read(self, value: object) -> Any:
        """The value converted to the parameter's type and checked; a ``Many`` has been read.

        Raises:
            ConfigError: it cannot be converted, or is out of range.
        """
        if type(value) is Many:
            return value
        try:
            if self.many:
                return tuple(self._read_one(item) for item in as_items(value))
            return self._read_one(value)
        except ValueError as error:
            raise ConfigError(f"{self.name}={value!r} {error}; it must be {self.wants()}") from None

    def wants(self) -> str:
        """What is allowed, in words: "a whole number from 2 to 500 (default 20)"."""
        if self.choices:
            kind = "one of " + ", ".join(map(str, self.choices))
        else:
            names = {int: "whole number", float: "number", bool: "true or false", str: "text"}
            kind = "percentage" if self.percent else names[self.type]
            kind = kind if self.type in {bool, str} else f"a {kind}"
        kind = f"a list, each {kind}" if self.many else kind
        return f"{kind}{self._limits()} (default {self.show(self.default)})"

    def show(self, value: Any) -> str:
        """A value as people read it: 0.1 of a percentage is "10 %"."""
        if self.many:
            return ",".join(self._show_one(item) for item in value)
        return self._show_one(value)

    def _show_one(self, value: Any) -> str:
        return f"{round(value * 100.0, 10):g} %" if self.percent else str(value)

    def _limits(self) -> str:
        low = None if self.low is None else self._show_one(self.low)
        high = None if self.high is None else self._show_one(self.high)
        if low is not None and high is not None:
            return f" from {low} to {high}"
        if low is not None:
            return f" of at least {low}"
        return "" if high is None else f" of at most {high}"

    def _read_one(self, value: object) -> Any:
        read = as_percent(value) if self.percent else READERS[self.type](value)
        if self.choices and read not in self.choices:
            raise ValueError("is not one of the choices")
        if self.low is not None and read < self.low:
            raise ValueError("is too small")
        if self.high is not None and read > self.high:
            raise ValueError("is too large")
        return read


def parameters_of(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a strategy class, base classes first, in the order of declaration.

    Every annotated class variable is one, except ``ClassVar`` and names that begin with ``_``.

    Raises:
        StrategyError: an annotation that cannot be read, of another type, or without a default.
        ConfigError: a default that its own parameter refuses.
    """
    return _declared(cls)


@cache
def _declared(cls: type) -> tuple[Parameter, ...]:
    try:
        hints = _hints(cls, include_extras=True)
    except (NameError, TypeError, AttributeError) as error:
        raise StrategyError(
            f"cannot read the parameters of {cls.__name__}: {error}; "
            "annotations must use names that exist at the top of the file"
        ) from error
    return tuple(
        _parameter(cls, name, hint)
        for name, hint in hints.items()
        if not name.startswith("_") and get_origin(hint) is not ClassVar and hint is not ClassVar
    )


def bind(cls: type, values: Mapping[str, object]) -> dict[str, Any]:
    """Every parameter of a strategy class with its value: the given ones converted and checked.

    Raises:
        UnknownNameError: a name that is no parameter; says the nearest ones.
        ConfigError: a value that cannot be used; says what is allowed.
    """
    known = {parameter.name: parameter for parameter in parameters_of(cls)}
    for name in values:
        if name not in known:
            raise UnknownNameError(f"parameter of {cls.__name__}", name, known)
    return {
        name: parameter.read(values[name]) if name in values else parameter.default
        for name, parameter in known.items()
    }


def schema_of(cls: type) -> dict[str, Any]:
    """JSON schema (2020-12) of the parameters of a strategy class."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": cls.__name__,
        "description": (cls.__doc__ or "").strip().partition("\n")[0],
        "type": "object",
        "properties": {p.name: _property_schema(p) for p in parameters_of(cls)},
        "additionalProperties": False,
    }


def _property_schema(parameter: Parameter) -> dict[str, Any]:
    item: dict[str, Any] = {"type": _JSON_TYPES[parameter.type]}
    if parameter.choices:
        item["enum"] = list(parameter.choices)
    if parameter.low is not None:
        item["minimum"] = parameter.low
    if parameter.high is not None:
        item["maximum"] = parameter.high
    if parameter.percent:
        item |= {"exclusiveMaximum": 1.0, "format": "percent"}
    schema = {"type": "array", "items": item} if parameter.many else item
    if parameter.doc:
        schema["description"] = parameter.doc
    default = list(parameter.default) if parameter.many else parameter.default
    return schema | {"default": default}


def _parameter(cls: type, name: str, hint: Any) -> Parameter:
    type_, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    many = get_origin(type_) is tuple and len(get_args(type_)) == 2 and get_args(type_)[1] is ...
    if many:
        type_ = get_args(type_)[0]
    limits: dict[str, Any] = {}
    if get_origin(type_) is Literal:
        limits["choices"] = get_args(type_)
        type_ = type(limits["choices"][0])
    if type_ not in READERS:
        raise StrategyError(
            f"{cls.__name__}.{name} cannot be a parameter: its type is {hint}, and parameters are "
            "int, float, bool, str, Literal[...] or tuple[..., ...] of one of these; begin the "
            "name with _ if it is no parameter"
        )
    if not hasattr(cls, name):
        raise StrategyError(
            f"{cls.__name__}.{name} has no default: give one, so that the strategy runs as it is"
        )
    for note in notes:
        limits |= _limits_of(note)
    declared = Parameter(name, type_, None, many=many, **limits)
    default = declared.read(getattr(cls, name))
    return Parameter(name, type_, default, many=many, **limits)


def _limits_of(note: Any) -> dict[str, Any]:
    """What one annotation says about a parameter; foreign annotations say nothing."""
    if isinstance(note, str):
        return {"doc": note}
    if isinstance(note, Choice):
        return {"choices": note.options}
    if isinstance(note, Range):
        return {"low": note.low, "high": note.high}
    if note is Percent:
        note = Percent()
    if isinstance(note, Percent):
        return {"low": note.low, "high": note.high, "percent": True}
    return {}
