"""Frames as files that people open: Parquet, or CSV that no spreadsheet runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs

from stockstream.errors import ConfigError, DataError
from stockstream.market.spreadsheet import escape_formulas
from stockstream.market.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIXES", "demand_suffix", "write_table"]

SUFFIXES: Final = (".parquet", ".csv")


def demand_suffix(path: Path) -> None:
    """Find out before the work what kind of file is wanted.

    Raises:
        ConfigError: another kind than :data:`SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path.name!r} must end in {' or '.join(SUFFIXES)}")


def write_table(frame: pl.DataFrame, path: Path, what: str) -> Path:
    """Write a frame; an older file at that path is replaced whole or not at all.

    Args:
        frame: lists become text with commas in CSV.
        path: ends in one of :data:`SUFFIXES`; its folder is made if it is missing.
        what: what it is, for the message.

    Returns:
        ``path``.

    Raises:
        ConfigError: another kind of file.
        DataError: it cannot be written there.
    """
    demand_suffix(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as fresh:
            if path.suffix.lower() == ".parquet":
                frame.write_parquet(fresh)
            else:
                lists = cs.list(cs.all())
                flat = frame.with_columns(lists.cast(pl.List(pl.String)).list.join(","))
                escape_formulas(flat).write_csv(fresh)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"cannot write {what} to {path}: {error}; nothing was changed") from error
    return path
