"""Many indicators at once: each pass over the data serves all of them, and every core may help."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from stockstream.errors import ConfigError, DataError
from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.evaluation import apply_many
from stockstream.indicators.frame import rows_of, with_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import ArrayLike, NDArray

    from stockstream.indicators.base import Indicator

__all__ = ["add_indicators", "compute_many"]


def compute_many(
    indicators: Sequence[KernelIndicator],
    columns: Mapping[str, ArrayLike],
    offsets: ArrayLike,
    *,
    threads: int = 1,
    out: NDArray[np.float64] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """The columns of many indicators over the bars of many symbols.

    The same bits as one after the other by :func:`stockstream.indicators.compute`, in about half
    the time: the indicators of a few symbols are made while their bars are in the cache.

    Args:
        indicators: such as ``[SMA(20), MACD()]``.
        columns: the fields of the bars that they read, ``[N]`` each: all symbols one after the
            other, oldest bar first.
        offsets: ``[S + 1]``; symbol *s* has the rows ``offsets[s]:offsets[s + 1]``.
        threads: to spread the symbols over.
        out: ``[columns, N]`` float64 to write to; without it fresh memory is taken.

    Returns:
        ``[N]`` float64 for each column, by its name: NaN where a symbol is not warmed up.

    Raises:
        ConfigError: two indicators with a column of the same name, or less than one thread.
        DataError: columns that are missing, or of another length than the offsets say.
    """
    names = [name for one in indicators for name in one.columns]
    _check_names(names)
    if threads < 1:
        raise ConfigError(f"threads must be 1 or more, not {threads}")
    missing = sorted({name for one in indicators for name in one.inputs} - columns.keys())
    if missing:
        raise DataError(f"missing columns: {', '.join(missing)}; there are {', '.join(columns)}")
    if out is not None and out.shape != (len(names), int(np.asarray(offsets)[-1])):
        raise DataError(f"out must be [{len(names)}, rows], not {list(out.shape)}")
    taken = {name: np.ascontiguousarray(column, np.float64) for name, column in columns.items()}
    wanted = [(one.spec, [taken[name] for name in one.inputs], one.params) for one in indicators]
    results = apply_many(wanted, offsets, threads=threads, out=out)
    return dict(zip(names, [column for result in results for column in result], strict=True))


def add_indicators(
    df: pl.DataFrame, indicators: Sequence[Indicator], *, threads: int = 1
) -> pl.DataFrame:
    """A frame of bars with the columns of many indicators added, in their order.

    Those made of a kernel that follow each other are made together (:func:`compute_many`);
    free-form ones get the frame with what was added before them.

    Args:
        df: bars, as :meth:`Indicator.calculate` takes them.
        indicators: such as ``[SMA(20), MACD()]``.
        threads: to spread the symbols over.

    Raises:
        ConfigError: two indicators with a column of the same name.
        DataError: missing columns, or columns that hold no numbers.
    """
    for fast, group in groupby(indicators, lambda one: isinstance(one, KernelIndicator)):
        if fast:
            df = _added_together(
                df, [one for one in group if isinstance(one, KernelIndicator)], threads
            )
        else:
            for one in group:
                df = one.calculate(df)
    return df


def _added_together(
    df: pl.DataFrame, indicators: Sequence[KernelIndicator], threads: int
) -> pl.DataFrame:
    inputs = list(dict.fromkeys(name for one in indicators for name in one.inputs))
    rows = rows_of(df, inputs)
    columns = dict(zip(inputs, rows.values, strict=True))
    found = compute_many(indicators, columns, rows.offsets, threads=threads)
    return with_results(df, rows, list(found), list(found.values()))


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"columns that two indicators would add: {', '.join(twice)}")
