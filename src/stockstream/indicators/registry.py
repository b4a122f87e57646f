"""Every indicator by name: the shipped ones, and those that others add with :func:`register`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.indicators.base import Indicator, KernelIndicator
from stockstream.indicators.evaluation import Stream, apply
from stockstream.indicators.free_form import free_form_spec
from stockstream.indicators.shipped import FREE_FORM, SHIPPED, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from stockstream.indicators.spec import IndicatorSpec

__all__ = ["CLASSES", "INDICATORS", "compute", "get_indicator", "get_spec", "register", "stream"]

V = TypeVar("V")


class _Known(Mapping[str, V]):
    """Those that were registered, and the shipped ones: imported when they are asked for.

    Args:
        registered: by name; what is imported is added.
        homes: of the shipped ones.
        taken: what of a class is wanted.
    """

    def __init__(
        self,
        registered: dict[str, V],
        homes: Mapping[str, str],
        taken: Callable[[type[Indicator]], V],
    ) -> None:
        self._registered = registered
        self._homes = homes
        self._taken = taken

    def __getitem__(self, name: str) -> V:
        if name not in self._registered:
            self._registered[name] = self._taken(load(self._homes[name]))
        return self._registered[name]

    def __contains__(self, name: object) -> bool:
        return name in self._registered or name in self._homes

    def __iter__(self) -> Iterator[str]:
        yield from self._homes
        yield from (name for name in self._registered if name not in self._homes)

    def __len__(self) -> int:
        return len({*self._homes, *self._registered})


def _spec(indicator: type[Indicator]) -> IndicatorSpec:
    return cast("type[KernelIndicator]", indicator).spec


_classes: dict[str, type[Indicator]] = {}
_specs: dict[str, IndicatorSpec] = {}

CLASSES: Mapping[str, type[Indicator]] = _Known(_classes, SHIPPED, lambda made: made)
"""Indicators on data frames, by name."""

INDICATORS: Mapping[str, IndicatorSpec] = _Known(
    _specs, {name: home for name, home in SHIPPED.items() if name not in FREE_FORM}, _spec
)
"""Indicators that expressions, streams and sweeps can use, by name: shipped ones made of a kernel,
and those that were registered."""

C = TypeVar("C", bound="type[Indicator]")


def register(indicator: C) -> C:
    """Make an indicator class known by its name; also as a decorator. Returns the class.

    Raises:
        ConfigError: it is no Indicator, has no name, or the name is taken by another class.
    """
    if not _is_indicator(indicator):
        raise ConfigError(f"register takes a subclass of Indicator, not {indicator!r}")
    name = indicator.name
    if not name:
        raise ConfigError(f"{indicator.__qualname__} has no name; set `name = ...` in the class")
    other = CLASSES.get(name, indicator)
    if other is not indicator:
        taken = f"{other.__module__}.{other.__qualname__}"
        raise ConfigError(f"indicator {name!r} exists already ({taken}); choose another name")
    _classes[name] = indicator
    spec = indicator.spec if issubclass(indicator, KernelIndicator) else free_form_spec(indicator)
    if spec is not None:
        _specs.setdefault(name, spec)
    return indicator


def get_indicator(name: str) -> type[Indicator]:
    """The class of an indicator.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in CLASSES:
        raise UnknownNameError("indicator", name, CLASSES)
    return CLASSES[name]


def get_spec(name: str) -> IndicatorSpec:
    """The spec of an indicator made of a kernel.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in INDICATORS:
        raise UnknownNameError("indicator", name, INDICATORS)
    return INDICATORS[name]


def compute(
    name: str,
    inputs: Sequence[ArrayLike],
    offsets: ArrayLike,
    params: Sequence[int | float] | None = None,
) -> tuple[NDArray[np.float64], ...]:
    """:func:`stockstream.indicators.evaluation.apply` by name; default parameters unless given.

    Raises:
        UnknownNameError: there is no indicator of this name.
        ConfigError: parameters that do not fit.
        DataError: inputs or offsets of the wrong number or length.
    """
    spec = get_spec(name)
    return apply(spec, inputs, offsets, spec.defaults if params is None else params)


def stream(name: str, params: Sequence[int | float] | None = None) -> Stream:
    """:class:`stockstream.indicators.evaluation.Stream` by name; default parameters unless given.

    Raises:
        UnknownNameError: there is no indicator of this name.
        ConfigError: parameters that do not fit.
    """
    spec = get_spec(name)
    return Stream(spec, spec.defaults if params is None else params)


def _is_indicator(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Indicator)
