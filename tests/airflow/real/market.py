"""Lakes, factors and a strategy in trouble for runs on a real Airflow."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

import stockstream
from stockstream.ingest.fetch import fetch
from stockstream.ingest.importer import import_files
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider

if TYPE_CHECKING:
    from tests.postgres import Postgres

__all__ = ["END", "START", "TABLE", "Engine", "fill_factors", "real_lake", "simulated_lake"]

FILE = "us_sp500_raw_actions_2010_2021.parquet"
START, END = dt.date(2019, 1, 2), dt.date(2020, 12, 31)
"""The days on which is traded."""

COMPANIES = 20
TABLE = "fundamentals"

PLUGIN = '''
"""A strategy with one combination that always fails, and one that fails the first time."""

import os
from pathlib import Path

from stockstream.strategies import LongShortEquityStrategy

FOLDER = Path({folder!r})


class TroubledLongShort(LongShortEquityStrategy):
    """Long and short by factors, and sometimes in trouble."""

    def rules(self, bars):
        if (self.take_profit_pct, self.rebalance_period) == (0.05, 7):
            raise ValueError("poisoned on purpose")
        if (self.take_profit_pct, self.rebalance_period) == (0.1, 30) and is_first():
            raise ValueError("failed the first time, on purpose")
        return super().rules(bars)


def is_first():
    """Whether this is the first process that runs it as an item of its run."""
    if not {{"ITEM", "AWS_BATCH_JOB_ARRAY_INDEX"}} & set(os.environ):
        return False
    run = os.environ["STOCKSTREAM__LAKE"] + os.environ["RUN"]
    seen, own = FOLDER / run.replace("/", "-"), str(os.getpid())
    try:
        with seen.open("x") as file:
            file.write(own)
    except FileExistsError:
        return seen.read_text() == own
    return True
'''
ABOUT = {
    "METADATA": "Metadata-Version: 2.1\nName: troubled\nVersion: 1.0\n",
    "entry_points.txt": (
        "[stockstream.strategies]\nTroubledLongShort = troubled:TroubledLongShort\n"
    ),
}

AGAIN = """
import json, sys
from stockstream.lake.store import Lake
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_study

place, run = sys.argv[1:]
store = BucketStore.open(runs_of(place).child(run))
kept = MemoryStore()
run_study(store.study, Lake.open(place), kept, workers=1)
theirs, ours = (StudyResult(store.study, one) for one in (store, kept))
print(json.dumps({"theirs": theirs.digest, "ours": ours.digest, "trials": store.study.trials}))
"""


class Compared(NamedTuple):
    """A run and what the local runner makes of the same study.

    Attributes:
        theirs: digest of the run.
        ours: digest of the local runner's.
        trials: of the study.
    """

    theirs: str
    ours: str
    trials: int


class Engine:
    """An interpreter with the engine and the strategy in trouble, as an installation has them.

    Args:
        folder: for its files.

    Attributes:
        python: the program.
        path: what ``PYTHONPATH`` has to be for another one.
    """

    def __init__(self, folder: Path) -> None:
        packages, seen = folder / "packages", folder / "seen"
        about = packages / "troubled-1.0.dist-info"
        about.mkdir(parents=True)
        seen.mkdir()
        for name, text in ABOUT.items():
            (about / name).write_text(text, encoding="utf-8")
        plugin = PLUGIN.format(folder=str(seen))
        (packages / "troubled.py").write_text(plugin, encoding="utf-8")
        self.path = f"{packages}:{Path(stockstream.__file__).parents[1]}"
        self.python = folder / "python"
        lines = ("#!/bin/sh", f"export PYTHONPATH='{self.path}'", f"exec '{sys.executable}' \"$@\"")
        self.python.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.python.chmod(0o755)

    def compare(self, lake: str, run: str, **environment: str) -> Compared:
        """Run the study of a run again, on this machine and alone."""
        found = json.loads(self.run("-c", AGAIN, lake, run, **environment))
        return Compared(**found)

    def run(self, *words: str, **environment: str) -> str:
        """Output of the interpreter.

        Raises:
            AssertionError: it failed; has what it printed.
        """
        done = subprocess.run(
            [str(self.python), *words],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words[:4]}: {done.returncode}\n{done.stderr[-3000:]}"
        return done.stdout


def real_lake(data: Path, folder: Path) -> Lake:
    """American companies, those with the longest record, from a year before the first day on."""
    bars = pl.read_parquet(data / FILE).filter(
        pl.col("date").is_between(START - dt.timedelta(days=366), END)
    )
    longest = bars.group_by("symbol").len().sort("len", "symbol", descending=[True, False])
    chosen = longest["symbol"].head(COMPANIES).implode()
    folder.mkdir()
    bars.filter(pl.col("symbol").is_in(chosen)).write_parquet(folder / "chosen.parquet")
    lake = Lake.create(folder / "lake", calendar="XNYS")
    import_files([folder / "chosen.parquet"], lake)
    return lake


def simulated_lake(folder: Path) -> Lake:
    """As many companies of a simulated market over the same days."""
    place = folder / "lake"
    first = START - dt.timedelta(days=366)
    fetch(SimulatedProvider(companies=COMPANIES), (), first, END, place)
    return Lake.open(place)


def fill_factors(database: Postgres, symbols: list[str]) -> None:
    """Debt to equity of each quarter, known six weeks after its end, in a table of a database."""
    drawn = np.random.default_rng(7)
    ends = pl.date_range(dt.date(2018, 3, 31), dt.date(2020, 9, 30), "3mo", eager=True)
    rows = [
        f"('{symbol}', '{end}', 'DebtToEquity', {drawn.lognormal(0.0, 0.6):.4f}, "
        f"'{end + dt.timedelta(days=42)}')"
        for symbol in symbols
        for end in ends
    ]
    database.run(
        f"CREATE TABLE {TABLE} (symbol text, date date, name text, value float8, known_at date)",
        f"INSERT INTO {TABLE} VALUES {', '.join(rows)}",  # noqa: S608 - our own numbers
    )
