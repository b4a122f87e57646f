"""Small markets for the tests of the lake."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import polars as pl
import pytest

from stockstream.lake.store import Lake
from stockstream.market.actions import conform_actions
from stockstream.market.bars import conform
from stockstream.market.rules import QUARANTINE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FIRST = dt.date(2023, 12, 18)


class MakeBars(Protocol):
    def __call__(
        self,
        closes: Mapping[str, Sequence[float | None]],
        *,
        first: dt.date = FIRST,
        basis: str = "raw",
        provider: str = "test",
    ) -> pl.DataFrame: ...


class MakeActions(Protocol):
    def __call__(self, *rows: tuple[str, str, str, float]) -> pl.DataFrame: ...


@pytest.fixture
def make_bars() -> MakeBars:
    """Bars from closes on consecutive days (the lake asks no calendar); None is a day without."""

    def make(
        closes: Mapping[str, Sequence[float | None]],
        *,
        first: dt.date = FIRST,
        basis: str = "raw",
        provider: str = "test",
    ) -> pl.DataFrame:
        rows = [
            {
                "symbol": symbol,
                "date": first + dt.timedelta(days=day),
                "open": close,
                "high": close + 1.0,
                "low": close - 0.5,
                "close": close,
                "volume": 1000 + day,
            }
            for symbol, series in closes.items()
            for day, close in enumerate(series)
            if close is not None
        ]
        return conform(pl.DataFrame(rows).with_columns(basis=pl.lit(basis)), provider=provider)

    return make


@pytest.fixture
def make_actions() -> MakeActions:
    def make(*rows: tuple[str, str, str, float]) -> pl.DataFrame:
        frame = pl.DataFrame(rows, ["symbol", "date", "kind", "value"], orient="row")
        return conform_actions(frame, provider="test")

    return make


class Reject(Protocol):
    def __call__(self, rows: pl.DataFrame, rule: str = "not_positive") -> pl.DataFrame: ...


@pytest.fixture
def reject() -> Reject:
    """Rows as the check sets them aside."""

    def make(rows: pl.DataFrame, rule: str = "not_positive") -> pl.DataFrame:
        labels = {"rule": rule, "severity": "error", "detail": rule}
        return rows.with_columns(**{name: pl.lit(text) for name, text in labels.items()}).cast(
            QUARANTINE_SCHEMA
        )

    return make


class Remount(Protocol):
    """Changes the tiny disk: ``ro``, ``rw``, ``size=16m``."""

    def __call__(self, option: str) -> None: ...


def mount(*arguments: str) -> bool:
    """Whether a mount worked: it takes root, and a container that lets root mount."""
    command = shutil.which("mount")
    if command is None:
        return False
    done = subprocess.run([command, *arguments], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)):
        pytest.skip("this user may not mount a disk")
    try:
        yield place
    finally:
        subprocess.run([shutil.which("umount") or "umount", str(place)], check=True)


@pytest.fixture
def remount(tiny_disk: Path) -> Remount:
    def change(option: str) -> None:
        assert mount("-o", f"remount,{option}", str(tiny_disk))

    return change


class Fill(Protocol):
    """Writes to the tiny disk until it is full; returns the file to delete."""

    def __call__(self) -> Path: ...


@pytest.fixture
def fill(tiny_disk: Path) -> Fill:
    def write() -> Path:
        path = tiny_disk / "fill"
        with suppress(OSError), path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))
        return path

    return write


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake", calendar="XASX")


@pytest.fixture
def two_years(make_bars: MakeBars) -> pl.DataFrame:
    """BHP.AX and CBA.AX over a turn of the year."""
    return make_bars(
        {
            "BHP.AX": [40.0 + day for day in range(30)],
            "CBA.AX": [100.0 + day if day % 3 else None for day in range(30)],
        }
    )
