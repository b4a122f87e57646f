"""Lakes that pages are shown with."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

import polars as pl

from stockstream.lake.commit import commit_rows
from stockstream.lake.store import Lake
from stockstream.lake.tables import QUARANTINE
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = dt.date(2019, 1, 1), dt.date(2020, 12, 31)

HOSTILE = (
    "<script>alert(1)</script>",
    "**bold** [click](javascript:alert(1)) $x^2$ :red[red] ![x](http://evil.example/x.png)",
    '=HYPERLINK("http://evil.example")',
    "long " * 2_000,
)


def plain_lake(folder: Path) -> Lake:
    """A lake of six companies, to be changed."""
    source = simulated_lake(6, FIRST, LAST)
    shutil.copytree(source.location.address, folder / "lake")
    return Lake.open(folder / "lake")


def told_lake(folder: Path) -> Lake:
    """The same with daily runs, rows that were set aside, and names that want to be run."""
    lake = plain_lake(folder)
    ended = {"state": "partial", "symbols_expected": 6, "added": 12, "quarantined": {"rule": 3}}
    lake.record_health(
        pl.DataFrame(
            [
                ("run", "", 5, json.dumps({**ended, "notices": list(HOSTILE)}), "warning"),
                *(("symbol_failed", text[:500], 1, text, "error") for text in HOSTILE),
            ],
            schema=["kind", "subject", "count", "detail", "level"],
            orient="row",
        ).with_columns(
            date=pl.lit(LAST), run=pl.lit("2020-12-31.1"), at=pl.lit("2020-12-31T08:00:00+00:00")
        )
    )
    row = {
        **dict.fromkeys(("open", "high", "low", "close"), 1.0),
        "volume": 1,
        "date": LAST,
        "rule": "high_below_low",
        "severity": "error",
        "source": "file.csv",
        "ingested": LAST,
    }
    rows = [{**row, "symbol": text, "detail": text} for text in HOSTILE]
    commit_rows(lake.table(QUARANTINE), pl.DataFrame(rows, schema=QUARANTINE.schema), source="test")
    lake.record_universe(
        pl.DataFrame(
            {
                "symbol": [f"H{i}" for i in range(len(HOSTILE))] + ["OLD"],
                "name": [*HOSTILE, "renamed"],
                "valid_from": [FIRST] * (len(HOSTILE) + 1),
                "valid_to": [*[None] * len(HOSTILE), LAST],
                "renamed_to": [*[None] * len(HOSTILE), "NEW"],
            },
            schema_overrides={"valid_to": pl.Date, "renamed_to": pl.String},
        ),
        source="test",
    )
    return lake
