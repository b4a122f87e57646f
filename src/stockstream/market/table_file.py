"""Frames as files that people open: Parquet, or CSV that no spreadsheet runs."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import polars.selectors as cs

from stockstream.errors import ConfigError, DataError
from stockstream.market.spreadsheet import escape_formulas

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        with _beside(path) as fresh:
            if path.suffix.lower() == ".parquet":
                frame.write_parquet(fresh)
            else:
                lists = cs.list(cs.all())
                flat = frame.with_columns(lists.cast(pl.List(pl.String)).list.join(","))
                escape_formulas(flat).write_csv(fresh)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"cannot write {what} to {path}: {error}; nothing was changed") from error
    return path


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of the old one when that has gone well."""
    handle, name = tempfile.mkstemp(prefix=".new-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.chmod(0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
