"""Free-form indicators in rules, streams and backtests: ``calculate`` behind the same interface.

They are slower than those made of a kernel: ``calculate`` gets a frame for each symbol, and bar by
bar the frame of all bars so far, again and again. What it adds on the whole history is checked for
look-ahead before the first values are used.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from stockstream.errors import DataError
from stockstream.indicators.lookahead import check_look_ahead
from stockstream.indicators.spec import IndicatorSpec

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    import polars as pl

    from stockstream.indicators.base import Indicator
    from stockstream.indicators.spec import Params

__all__ = ["free_form_spec"]

FIELDS = ("open", "high", "low", "close", "volume")

CHECKED_BARS = 500
"""Bars of the longest symbol that the check for look-ahead runs on."""


def free_form_spec(indicator: type[Indicator]) -> IndicatorSpec | None:
    """What rules and streams need to know of a free-form indicator.

    Its parameters are the numeric fields of a dataclass. None where it cannot be made without
    other arguments: such a one works on frames alone.
    """
    made = cast("Any", indicator)
    defaults: dict[str, Any] = {}
    if is_dataclass(made):
        defaults = {one.name: one.default for one in fields(made)}
    if any(isinstance(d, bool) or not isinstance(d, int | float) for d in defaults.values()):
        return None
    try:
        indicator()
    except TypeError:
        return None
    form = _FreeForm(indicator)
    return IndicatorSpec(
        name=indicator.name,
        inputs=FIELDS,
        parameters=tuple(defaults),
        defaults=tuple(defaults.values()),
        minimums=(-math.inf,) * len(defaults),
        outputs=indicator.outputs or (indicator.name,),
        step=form.step,
        array=form.array,
        slots=lambda *_: 0,
        reach=lambda *_: indicator.memory,
        compiles=False,
    )


class _FreeForm:
    """The two forms of one class."""

    def __init__(self, indicator: type[Indicator]) -> None:
        self._indicator = indicator
        self._checked: set[Params] = set()

    def step(self, state: MutableSequence[float], *bar_and_params: float) -> Any:
        """Take one bar: ``state`` grows by it, and everything is calculated again."""
        bar, params = bar_and_params[: len(FIELDS)], bar_and_params[len(FIELDS) :]
        if not all(map(math.isfinite, bar)):
            return (math.nan,) * self._outputs
        state.extend(bar)
        columns = [list(state[i :: len(FIELDS)]) for i in range(len(FIELDS))]
        return tuple(values[-1] for values in self._values(columns, params))

    def array(self, *arguments: Any) -> None:
        """All symbols, one frame for each, as the array form of a kernel is called."""
        inputs, offsets = arguments[: len(FIELDS)], arguments[len(FIELDS)]
        results = arguments[-self._outputs :]
        params = tuple(arguments[len(FIELDS) + 1 : -self._outputs - 1])
        self._check(inputs, offsets, params)
        for begin, end in pairwise(offsets):
            known = [t for t in range(begin, end) if all(math.isfinite(x[t]) for x in inputs)]
            values = self._values([[x[t] for t in known] for x in inputs], params)
            for result, series in zip(results, values, strict=True):
                result[begin:end] = [math.nan] * (end - begin)
                for t, value in zip(known, series, strict=True):
                    result[t] = value

    @property
    def _outputs(self) -> int:
        return len(self._indicator.outputs) or 1

    def _check(
        self, inputs: Sequence[Sequence[float]], offsets: Sequence[int], params: Params
    ) -> None:
        """Search for look-ahead, the first time that these parameters are used."""
        if params in self._checked:
            return
        begin, end = max(pairwise(offsets), key=lambda s: s[1] - s[0])
        end = min(end, begin + CHECKED_BARS)
        if end - begin >= 3:
            self._checked.add(params)
            check_look_ahead(
                self._indicator(*params), _frame([column[begin:end] for column in inputs])
            )

    def _values(
        self, columns: Sequence[Sequence[float]], params: Sequence[Any]
    ) -> list[list[float]]:
        indicator, df = self._indicator(*params), _frame(columns)
        if not df.height:
            return [[] for _ in range(self._outputs)]
        result = indicator.calculate(df)
        added = [name for name in result.columns if name not in df.columns]
        if len(added) != self._outputs or result.height != df.height:
            raise DataError(
                f"{type(indicator).__name__}.calculate added {added} to {df.height} rows and made "
                f"{result.height}: it must keep the rows and add "
                f"{list(indicator.outputs or (indicator.name,))}; say in the class variable "
                "`outputs` what it adds"
            )
        return [result[name].cast(float).fill_null(math.nan).to_list() for name in added]


def _frame(columns: Sequence[Sequence[float]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        dict(zip(FIELDS, columns, strict=True)), schema=dict.fromkeys(FIELDS, float)
    )
