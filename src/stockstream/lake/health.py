"""What runs had to say, one row for each subject: read by people, alarms and the next run."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import DataError
from stockstream.lake.tables import HEALTH
from stockstream.market.frames import fit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LEVELS", "conform_health"]

LEVELS: Final = ("info", "warning", "error")

_OPTIONAL: Final[Mapping[str, object]] = {"subject": "", "detail": "", "count": 1}


def conform_health(rows: pl.DataFrame) -> pl.DataFrame:
    """Bring rows into the columns of the table.

    Args:
        rows: ``date`` (the session a run was for), ``run``, ``level``, ``kind`` and, where they say
            something, ``at`` (now), ``subject`` (none), ``count`` (1) and ``detail``.

    Raises:
        DataError: a column is missing, or a row has no date, run or kind, or an unknown level.
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    fill = {**_OPTIONAL, "at": now}
    fitted = fit(rows, HEALTH.schema, defaults=fill)
    filled = fitted.with_columns(pl.col(name).fill_null(value) for name, value in fill.items())
    keyed = pl.all_horizontal(pl.col("date", "run", "kind").is_not_null())
    bad = filled.filter(~(keyed & pl.col("level").is_in(LEVELS)).fill_null(value=False))
    if not bad.is_empty():
        raise DataError(
            f"{len(bad):,} health row(s) cannot be used, such as {bad.row(0, named=True)}; a row "
            f"needs a date, a run, a kind and a level ({', '.join(LEVELS)})"
        )
    return filled
