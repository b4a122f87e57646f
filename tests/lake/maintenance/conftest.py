"""A lake with a past, and ways to damage its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl
import pytest

if TYPE_CHECKING:
    import datetime as dt

    from tests.lake.conftest import MakeActions, Reject

    from stockstream.lake import Lake
    from stockstream.lake.tables import TableSpec


@pytest.fixture
def grown(lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions, reject: Reject) -> Lake:
    """bars@1 has all days but the last; bars@2 has it too, and a correction of the day before."""
    days = two_years["date"].unique().sort()
    before = two_years.filter(pl.col("date") < days[-1])
    lake.merge(
        before, make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5)), reject(two_years.head(1))
    )
    better = pl.when(pl.col("date") == days[-2]).then(pl.col("close") + 0.25)
    lake.merge(
        two_years.with_columns(close=better.otherwise("close")),
        make_actions(("CBA.AX", "2024-01-03", "split", 2.0)),
    )
    return lake


class FileOf(Protocol):
    """The file of a table's latest version, of a year if it is by year."""

    def __call__(self, lake: Lake, spec: TableSpec, year: int | None = None) -> Path: ...


@pytest.fixture
def file_of() -> FileOf:
    def find(lake: Lake, spec: TableSpec, year: int | None = None) -> Path:
        table = lake.table(spec)
        [file] = [file for file in table.snapshot().files if file.year == year]
        return Path(table.location.path(file.path))

    return find


class Damage(Protocol):
    """Damages a file: ``truncated``, ``deleted`` or ``flipped`` (one bit of one byte)."""

    def __call__(self, path: Path, how: str) -> None: ...


@pytest.fixture
def damage() -> Damage:
    def apply(path: Path, how: str) -> None:
        content = bytearray(path.read_bytes())
        if how == "deleted":
            path.unlink()
        elif how == "truncated":
            path.write_bytes(content[:-7])
        else:
            content[len(content) // 3] ^= 4
            path.write_bytes(content)

    return apply


class Age(Protocol):
    """Makes files look as if they had been written at a time."""

    def __call__(self, lake: Lake, when: dt.datetime) -> None: ...


@pytest.fixture
def age() -> Age:
    def apply(lake: Lake, when: dt.datetime) -> None:
        for path in Path(lake.location.address).rglob("*"):
            if path.is_file():
                os.utime(path, (when.timestamp(), when.timestamp()))

    return apply
