"""What a measure takes: a NumPy array, or a series of another library.

Arrays pass untouched, so it costs a sweep nothing. Series of pandas, Polars and pyarrow turn into
arrays by themselves; everything else that exports the Arrow C stream (DuckDB, nanoarrow) is
read by Polars, which is loaded only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    class ArrowStream(Protocol):
        """Anything that exports one column as an Arrow C stream."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            """The stream, as a PyCapsule."""

    Floats: TypeAlias = NDArray[np.float64]
    SeriesLike: TypeAlias = ArrayLike | ArrowStream | Sequence[float]

__all__ = ["floats"]


def floats(values: SeriesLike) -> Floats:
    """A series as a float64 array ``[T]``; what is missing is NaN.

    Args:
        values: an array, a list, or a series of pandas, Polars, pyarrow or of any library with the
            Arrow C stream interface.

    Raises:
        TypeError: it holds something else than numbers, or is a table with several columns.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1:
        return values
    array = values if hasattr(values, "__array__") else _from_arrow(values)
    try:
        found = np.asarray(array, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"a series of numbers is needed, not {_named(values)}: {error}") from error
    if found.ndim != 1:
        raise TypeError(
            f"a series is one column of numbers, and {_named(values)} has {found.ndim} dimensions; "
            "take one column of it"
        )
    return found


def _from_arrow(values: Any) -> Any:
    if not hasattr(values, "__arrow_c_stream__"):
        return values
    import polars as pl

    column = pl.Series(values)
    if column.dtype == pl.Struct:
        names = ", ".join(column.struct.fields)
        raise TypeError(f"a series is one column of numbers, and this table has {names}; take one")
    return column.cast(pl.Float64).to_numpy()


def _named(values: object) -> str:
    return f"{type(values).__module__}.{type(values).__qualname__}".removeprefix("builtins.")
