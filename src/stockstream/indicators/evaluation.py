"""Running an indicator: over whole series, or bar by bar. Both loop the same step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.errors import DataError
from stockstream.indicators.jobs import Job, run
from stockstream.jit import pays_to_compile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from stockstream.indicators.spec import IndicatorSpec

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

__all__ = ["Stream", "apply", "apply_many"]


def apply(
    spec: IndicatorSpec,
    inputs: Sequence[ArrayLike],
    offsets: ArrayLike,
    params: Sequence[int | float],
) -> tuple[Floats, ...]:
    """An indicator over the series of many symbols.

    Small inputs are interpreted, large ones compiled (``stockstream.jit``), with the same bits.

    Args:
        spec: the indicator.
        inputs: one ``[N]`` array for each of its inputs: the bars of all symbols, one symbol after
            the other, oldest bar first.
        offsets: ``[S + 1]``; symbol *s* has the rows ``offsets[s]:offsets[s + 1]``.
        params: values for ``spec.parameters``.

    Returns:
        One ``[N]`` float64 array for each output, NaN where a symbol is not warmed up.

    Raises:
        ConfigError: parameters that do not fit.
        DataError: inputs or offsets of the wrong number or length.
    """
    return apply_many([(spec, inputs, params)], offsets)[0]


def apply_many(
    wanted: Sequence[tuple[IndicatorSpec, Sequence[ArrayLike], Sequence[int | float]]],
    offsets: ArrayLike,
    *,
    threads: int = 1,
    out: Floats | None = None,
) -> list[tuple[Floats, ...]]:
    """Some indicators over the same series, each as by :func:`apply`.

    Args:
        wanted: each a spec, its inputs and its parameters.
        offsets: ``[S + 1]``.
        threads: to spread the series over; pays where the run is compiled.
        out: ``[outputs, N]`` to write to, one row for each output of all; None for fresh memory.

    Returns:
        What :func:`apply` gives, one for each.

    Raises:
        ConfigError, DataError: as :func:`apply`.
    """
    bounds = np.ascontiguousarray(offsets, np.int64)
    jobs, first = [], 0
    for spec, inputs, params in wanted:
        columns = tuple(np.ascontiguousarray(column, np.float64) for column in inputs)
        values = spec.check(params)
        _check_shapes(spec, columns, bounds)
        stop = first + len(spec.outputs)
        fresh = np.empty((len(spec.outputs), len(columns[0]))) if out is None else out[first:stop]
        jobs.append(Job(spec, values, columns, tuple(fresh)))
        first = stop
    fast = [job for job in jobs if job.spec.compiles and pays_to_compile(len(job.inputs[0]))]
    run(fast, bounds, threads)
    for job in jobs:
        if not any(job is other for other in fast):
            _interpret(job, bounds)
    return [job.results for job in jobs]


def _interpret(job: Job, offsets: Ints) -> None:
    spec, inputs = job.spec, job.inputs
    lists = [[0.0] * len(inputs[0]) for _ in spec.outputs]
    state = [0.0] * spec.state_size(job.params)
    columns = (column.tolist() for column in inputs)
    spec.array(*columns, offsets.tolist(), *job.params, state, *lists)
    for result, values in zip(job.results, lists, strict=True):
        result[:] = values


class Stream:
    """An indicator fed bar by bar; gives the floats of :func:`apply`, bit for bit.

    Args:
        spec: the indicator.
        params: values for ``spec.parameters``.

    Raises:
        ConfigError: parameters that do not fit.
    """

    __slots__ = ("_params", "_spec", "_state")

    def __init__(self, spec: IndicatorSpec, params: Sequence[int | float]) -> None:
        self._spec = spec
        self._params = spec.check(params)
        self._state = [0.0] * spec.state_size(self._params)

    def update(self, *inputs: float) -> tuple[float, ...]:
        """Take one bar: one number for each input. Returns one for each output.

        Raises:
            DataError: too few or too many numbers.
        """
        spec = self._spec
        if len(inputs) != len(spec.inputs):
            raise DataError(f"{spec.name} takes ({', '.join(spec.inputs)}), got {len(inputs)}")
        result: Any = spec.step(self._state, *inputs, *self._params)
        return result if isinstance(result, tuple) else (result,)


def _check_shapes(spec: IndicatorSpec, columns: Sequence[Floats], offsets: Ints) -> None:
    if len(columns) != len(spec.inputs):
        raise DataError(f"{spec.name} takes ({', '.join(spec.inputs)}), got {len(columns)} arrays")
    shapes = {column.shape for column in columns}
    if len(shapes) > 1 or columns[0].ndim != 1:
        raise DataError(f"{spec.name}: inputs must be [N] and of one length, got {sorted(shapes)}")
    rows = len(columns[0])
    if offsets.ndim != 1 or len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != rows:
        raise DataError(f"{spec.name}: offsets must run from 0 to {rows}, the number of rows")
    if np.any(offsets[1:] < offsets[:-1]):
        raise DataError(f"{spec.name}: offsets must not fall")
