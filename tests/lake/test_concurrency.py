"""Several writers at once, and writers that die."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import LakeError
from stockstream.lake import Lake, commit, transaction
from stockstream.lake.maintenance.repair import repair_lake
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.transaction import ConcurrentCommit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lake.conftest import MakeBars


def test_writers_at_the_same_time_lose_nothing(lake: Lake, make_bars: MakeBars) -> None:
    parts = [make_bars({"SHARED.AX": [1.0], f"S{n}.AX": [1.0, 2.0]}) for n in range(12)]

    def write(part: pl.DataFrame) -> None:
        Lake(lake.location).merge(part)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, parts))
    assert lake.info().bars == 25
    assert lake.bars().select("symbol", "date").is_unique().all()


def test_a_writer_that_never_gets_its_turn_says_so(
    lake: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    def beaten(*_: object, **__: object) -> int:
        raise ConcurrentCommit

    monkeypatch.setattr(transaction, "_swap", beaten)
    with pytest.raises(LakeError, match=r"other writers changed table 'bars' .* 10 times in a row"):
        lake.merge(two_years)
    assert len(waits) == commit.ATTEMPTS
    assert lake.version() == "bars@0 actions@0"


def test_a_reader_keeps_its_version_while_others_write(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    reader = lake.scan_bars()
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    assert reader.collect().sort("symbol", "date").equals(two_years)


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_reported(tmp_path: Path) -> None:
    """SIGKILL at random moments: what was acknowledged is there, what was not is there or not."""
    place = tmp_path / "lake"
    Lake.create(place)
    script = textwrap.dedent(
        f"""
        import datetime as dt, itertools, sys
        import polars as pl
        from stockstream.lake import Lake
        from stockstream.market.bars import conform

        lake = Lake({str(place)!r})
        start = dt.date(2000, 1, 1) + dt.timedelta(days=lake.info().bars)
        print("ready", flush=True)
        for number in itertools.count():
            date = start + dt.timedelta(days=number)
            price = dict.fromkeys(("open", "high", "low", "close"), 1.0 + number)
            bar = pl.DataFrame([{{"symbol": "A", "date": date, **price, "volume": 1}}])
            lake.merge(conform(bar, provider="test", basis="raw"))
            print(date, flush=True)
        """
    )
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    acknowledged: set[str] = set()
    for _ in range(5):
        command = [sys.executable, "-c", script]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [writer.stdout.readline() for _ in range(chance.randrange(2, 12))]
            writer.send_signal(signal.SIGKILL)
            said += list(writer.stdout)
        acknowledged |= {line.strip() for line in said if line.endswith("\n")}
        dates = Lake(place).bars()["date"].cast(pl.String).to_list()
        assert acknowledged - {"ready"} <= set(dates)
        assert len(dates) == len(set(dates))
        assert verify_lake(Lake(place), all_versions=True).is_sound
    repair_lake(Lake(place), older_than=dt.timedelta(0))
    assert verify_lake(Lake(place)).problems == []
