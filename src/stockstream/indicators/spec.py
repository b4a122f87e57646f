"""What an indicator is: its kernels, its parameters, and how far back it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["AGREEMENT", "IndicatorSpec", "Params", "bars_to_fade"]

Params: TypeAlias = tuple[int | float, ...]
"""Parameter values in the order of :attr:`IndicatorSpec.parameters`."""

AGREEMENT = 1e-9
"""What is left of all earlier history once a recursive indicator counts as warmed up."""


def bars_to_fade(kept: float) -> int:
    """Bars until a recursive average has forgotten the past: the least n with kept**n <= 1e-9.

    Args:
        kept: share of the old average that one bar keeps, in [0, 1): ``1 - 2 / (n + 1)`` for an
            EMA, ``1 - 1 / n`` for Wilder's average.
    """
    return math.ceil(math.log(AGREEMENT) / math.log(kept)) if kept > 0.0 else 0


LONGEST = 100_000
"""Longest period in bars, 400 years: longer ones are slips of the keyboard that eat the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSpec:
    """One indicator as data: everything that ``compute``, ``stream`` and expressions need.

    Attributes:
        name: such as ``"sma"``.
        inputs: the fields of a bar it reads unless told otherwise, such as ``("close",)``.
        parameters: names, in the order in which the kernels take them.
        defaults: one for each parameter; an int marks a parameter as a whole number.
        minimums: the least value of each parameter.
        maximums: the greatest value of each, ``math.inf`` where there is none; all so if empty.
        ascending: parameters that must rise strictly, such as ``("fast", "slow")``.
        outputs: names of the values; a lone value has the name of the indicator.
        step: kernel ``step(state, *inputs, *params)``: takes one bar, changes ``state`` (floats,
            all 0.0 at the start), returns one float or a tuple of them. NaN until warmed up. A bar
            with an input that is not finite gives NaN and leaves the state alone.
        array: kernel ``array(*inputs, offsets, *params, state, *outputs)``: loops the step over
            series that stand one after the other, with a fresh state for each.
        dense: a faster array form for series without a gap, optional, compiled only
            (``docs/kernels.md``): ``dense(*inputs, begins, rows, *params, scratch, spare,
            *outputs)`` for four series, or eight and so on; series *s* has ``rows[s]`` rows from
            ``begins[s]`` on, and as many floats of scratch from ``spare[s]`` on; behind those of
            all stand three more columns. It gives the bits of the step, or False.
        beside: a faster array form for four sets of parameters over one series, optional, of
            indicators with one output: ``beside(*inputs, *params, *outputs)``, each parameter and
            the output four times. It gives the bits of the step, or False.
        compiles: whether step and array are kernels; those of a free-form indicator are not.
        slots: floats of state, given the parameters one by one.
        reach: bars before a bar that its value rests on, given the parameters one by one.
    """

    name: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    defaults: Params
    minimums: Params
    outputs: tuple[str, ...]
    step: Callable[..., Any]
    array: Callable[..., None]
    slots: Callable[..., int]
    reach: Callable[..., int]
    ascending: tuple[str, ...] = ()
    maximums: tuple[float, ...] = ()
    dense: Callable[..., bool] | None = None
    beside: Callable[..., bool] | None = None
    compiles: bool = True

    def __post_init__(self) -> None:
        if not len(self.parameters) == len(self.defaults) == len(self.minimums):
            raise ConfigError(
                f"indicator {self.name!r}: parameters, defaults and minimums must be of one length"
            )
        if not (self.name and self.inputs and self.outputs):
            raise ConfigError(f"indicator {self.name!r} needs a name, an input and an output")

    def state_size(self, params: Sequence[int | float]) -> int:
        """Floats of state that a step with these parameters needs."""
        return self.slots(*params)

    def lookback(self, params: Sequence[int | float]) -> int:
        """Bars before a bar that its value rests on: with so many, more history changes nothing.

        Exact for finite windows. For recursive averages: the bars of the seed, and those after
        which the weight of the seed is below 1e-9 (:func:`bars_to_fade`). Lookbacks add up when
        one indicator works on another.
        """
        return self.reach(*params)

    def check(self, params: Sequence[int | float]) -> Params:
        """The parameters, valid, whole numbers as ints.

        Raises:
            ConfigError: too few or too many, below the minimum, not whole, not finite, or not in
                ascending order; the message names the parameter.
        """
        if len(params) != len(self.parameters):
            takes = ", ".join(self.parameters) or "no parameters"
            raise ConfigError(f"{self.name} takes ({takes}), got {tuple(params)!r}")
        checked = tuple(self._checked(i, value) for i, value in enumerate(params))
        values = dict(zip(self.parameters, checked, strict=True))
        ordered = [values[name] for name in self.ascending]
        if any(low >= high for low, high in pairwise(ordered)):
            shown = ", ".join(f"{name}={values[name]}" for name in self.ascending)
            raise ConfigError(f"{self.name} needs {' < '.join(self.ascending)}, got {shown}")
        return checked

    def columns(self, params: Sequence[int | float]) -> tuple[str, ...]:
        """Column names of the outputs, such as ``sma_20`` or ``macd_signal``.

        A single parameter is always in the name; several are only where they are not the defaults:
        ``bollinger_upper``, but ``bollinger_upper_20_2.5``.
        """
        plain = len(params) != 1 and tuple(params) == self.defaults
        tail = "" if plain else "".join(f"_{_shown(value)}" for value in params)
        stems = (self.name if out == self.name else f"{self.name}_{out}" for out in self.outputs)
        return tuple(stem + tail for stem in stems)

    def _checked(self, i: int, value: float) -> int | float:
        name, least = self.parameters[i], self.minimums[i]
        whole = isinstance(self.defaults[i], int)
        kind = "a whole number" if whole else "a number"
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number) or (whole and number % 1.0):
            raise ConfigError(f"{self.name}: {name} must be {kind} from {least} up, not {value!r}")
        if number < least:
            raise ConfigError(f"{self.name}: {name} must be at least {least}, not {value!r}")
        if self.maximums and number > self.maximums[i]:
            most = self.maximums[i]
            raise ConfigError(f"{self.name}: {name} must be at most {most}, not {value!r}")
        if whole and number > LONGEST:
            raise ConfigError(f"{self.name}: {name} must be at most {LONGEST:,}, not {value!r}")
        return int(number) if whole else number


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
