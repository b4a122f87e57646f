"""Does an indicator know the future? Its values again, with the future cut off and made up anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stockstream.errors import DataError, LookAheadError

if TYPE_CHECKING:
    import polars as pl

    from stockstream.indicators.base import Indicator

__all__ = ["CUTS", "check_look_ahead"]

CUTS = 20
TOLERANCE = 1e-9
"""Relative difference up to which two values are the same: libraries sum in other orders."""


def check_look_ahead(
    indicator: Indicator, df: pl.DataFrame, cuts: int = CUTS, seed: int = 0
) -> None:
    """Check that no value of an indicator rests on what comes after its bar.

    At ``cuts`` places spread over the frame its future is cut off, and in a second run every number
    after the place is made up anew. What the indicator adds up to there must be the same as on the
    whole frame, up to 1e-9. Time is the column ``date``, or the order of the rows without one.

    Args:
        indicator: what to check, of any kind.
        df: bars, as :meth:`Indicator.calculate` takes them; 40 dates or more say something.
        cuts: places to cut at.
        seed: of the made-up numbers.

    Raises:
        LookAheadError: a value changed; it names the column, the row and both values.
        DataError: fewer than three dates or rows, or rows that the indicator loses or adds.
    """
    time = df.get_column("date").to_physical().to_numpy() if "date" in df.columns else None
    time = np.arange(df.height) if time is None else time
    moments = np.unique(time)
    if len(moments) < 3:
        raise DataError(f"{len(moments)} moments in time are too few to cut: give a longer frame")
    whole = _added(indicator, df)
    random = np.random.default_rng(seed)
    for place in np.unique(np.linspace(1, len(moments) - 2, cuts).astype(int)):
        known = time <= moments[place]
        rows = np.flatnonzero(known)
        past = whole[rows]
        cut_off = _added(indicator, df[rows])
        _compare(indicator, df, rows, past, cut_off, "cut off")
        made_up = _added(indicator, _with_another_future(df, known, random))
        _compare(indicator, df, rows, past, made_up[rows], "made up anew")


def _added(indicator: Indicator, df: pl.DataFrame) -> pl.DataFrame:
    """The columns that an indicator adds or changes, without those that are as they were."""
    result = indicator.calculate(df)
    if result.height != df.height:
        raise DataError(
            f"{type(indicator).__name__}.calculate made {result.height} rows of {df.height}: "
            "an indicator adds columns and keeps the rows as they are"
        )
    kept = [
        name
        for name in result.columns
        if name not in df.columns or not result[name].equals(df[name], null_equal=True)
    ]
    return result.select(kept)


def _with_another_future(
    df: pl.DataFrame, known: np.ndarray, random: np.random.Generator
) -> pl.DataFrame:
    """The frame with every number after the known rows multiplied by one near 1."""
    import polars as pl

    factor = np.where(known, 1.0, np.exp(random.normal(0.0, 0.2, len(known))))
    changed = []
    for name, kind in df.schema.items():
        if kind.is_float():
            changed.append(pl.col(name) * factor)
        elif kind.is_integer():
            other = (pl.col(name) * factor).round().cast(kind)
            changed.append(pl.when(pl.Series(known)).then(pl.col(name)).otherwise(other))
    return df.with_columns(changed)


def _compare(
    indicator: Indicator,
    df: pl.DataFrame,
    rows: np.ndarray,
    first: pl.DataFrame,
    second: pl.DataFrame,
    what: str,
) -> None:
    for name in sorted({*first.columns, *second.columns}):
        missing = name not in first.columns or name not in second.columns
        changed = 0 if missing else _first_difference(first[name], second[name])
        if changed is None:
            continue
        row = int(rows[changed])
        at = ", ".join(f"{key} {df[key][row]}" for key in ("symbol", "date") if key in df.columns)
        values = "" if missing else f": {first[name][changed]} and {second[name][changed]}"
        raise LookAheadError(
            f"{type(indicator).__name__} knows the future: column {name!r} at row {row}"
            f"{at and f' ({at})'} changed when later rows were {what}{values}"
        )


def _first_difference(a: pl.Series, b: pl.Series) -> int | None:
    """The first place at which two columns differ; NaN and null equal themselves."""
    if a.dtype.is_numeric() and b.dtype.is_numeric():
        one, two = a.cast(float).to_numpy(), b.cast(float).to_numpy()
        same = np.isclose(one, two, rtol=TOLERANCE, atol=0.0, equal_nan=True)
    else:
        same = a.eq_missing(b).to_numpy()
    return None if same.all() else int(np.argmin(same))
