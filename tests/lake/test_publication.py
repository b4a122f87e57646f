"""Bars and the actions that go with them become visible together, whatever happens to a writer."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.lake import Lake, publication, transaction
from stockstream.lake.log import read_log
from stockstream.lake.publication import PairOfTables, named_actions
from stockstream.lake.tables import BARS
from stockstream.lake.version import DataVersion

if TYPE_CHECKING:
    from tests.lake.conftest import MakeActions, MakeBars


def die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def named(lake: Lake) -> list[int | None]:
    """The actions that each version of bars names."""
    table = lake.table(BARS)
    entries = read_log(table.location, table.snapshot().version)
    return [named_actions(entry.said) for entry in entries]


def test_a_new_lake_names_its_empty_actions(lake: Lake) -> None:
    assert named(lake) == [0]


def test_a_writer_that_dies_between_the_commits_leaves_the_old_pair(
    lake: Lake,
    two_years: pl.DataFrame,
    make_bars: MakeBars,
    make_actions: MakeActions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5))
    lake.merge(two_years, first)
    before = lake.version()
    more = make_actions(("BHP.AX", "2024-01-03", "split", 2.0))
    with monkeypatch.context() as patch:
        patch.setattr(PairOfTables, "publish", die)
        with pytest.raises(KeyboardInterrupt):
            lake.merge(two_years.with_columns(close=pl.col("close") + 0.25), more)
    opened = Lake(lake.location)
    assert opened.version() == before == "bars@1 actions@1"
    assert_frame_equal(opened.actions(), first)
    assert_frame_equal(opened.bars(), two_years)
    assert len(opened.panel(["BHP"], *two_years["date"].sort()[[0, -1]]).actions.bar) == 1
    opened.merge(make_bars({"XYZ.AX": [1.0]}))
    assert opened.version() == "bars@2 actions@2"
    assert len(opened.actions()) == 2


def test_a_writer_that_is_killed_between_the_commits(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    script = textwrap.dedent(
        f"""
        import os, signal
        import polars as pl
        from stockstream.lake import Lake, publication
        from stockstream.market.actions import conform_actions

        lake = Lake({lake.location.address!r})
        row = {{"symbol": "BHP.AX", "date": "2024-01-02", "kind": "split", "value": 2.0}}
        actions = conform_actions(pl.DataFrame([row]), provider="test")
        publication.PairOfTables.publish = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
        lake.merge(lake.bars(), actions)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (lake.version(), len(lake.actions())) == ("bars@1 actions@0", 0)
    lake.merge(two_years)
    assert (lake.version(), len(lake.actions())) == ("bars@2 actions@1", 1)


def test_a_merge_of_actions_alone_is_published_without_a_file(
    lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions
) -> None:
    lake.merge(two_years)
    files = lake.table(BARS).snapshot().files
    event = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5))
    for bars in (two_years, two_years.clear()):
        summary = lake.merge(bars, event, source="again")
        assert summary.after == "bars@2 actions@1"
    assert lake.table(BARS).snapshot().files == files
    assert_frame_equal(lake.actions(), event)
    assert_frame_equal(lake.bars(), two_years)


def test_bars_alone_go_with_the_actions_there_are(
    lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions
) -> None:
    lake.merge(two_years.head(0), make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5)))
    lake.merge(two_years)
    assert named(lake) == [0, 1, 1]


def test_every_pair_in_the_log_can_be_read(
    lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions
) -> None:
    for day in range(3):
        lake.merge(
            two_years.with_columns(close=pl.col("close") + 0.25 * day),
            make_actions(("BHP.AX", f"2024-01-0{day + 2}", "dividend", 0.5)),
        )
    pairs = [line.data for line in lake.log() if line.data is not None]
    assert pairs == [f"bars@{n} actions@{n}" for n in (3, 2, 1, 0)]
    assert [len(lake.actions(version=pair)) for pair in pairs] == [3, 2, 1, 0]


def test_a_lost_answer_to_a_commit_without_files(
    lake: Lake,
    two_years: pl.DataFrame,
    make_actions: MakeActions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is known by its token, not by its files."""
    lake.merge(two_years)
    original = transaction._swap

    def committed_then_failed(*args: Any) -> None:
        original(*args)
        raise OSError("no answer")

    monkeypatch.setattr(transaction, "_swap", committed_then_failed)
    lake.merge(two_years, make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5)))
    assert lake.version() == "bars@2 actions@1"


@pytest.mark.slow
def test_writers_at_the_same_time_never_publish_bars_without_their_events(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    """Each writer brings a symbol with one event: in every version both are there, or only it."""

    def write(number: int) -> None:
        symbol = f"S{number}.AX"
        Lake(lake.location).merge(
            make_bars({symbol: [1.0, 2.0]}), make_actions((symbol, "2023-12-19", "split", 2.0))
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(10)))
    assert (lake.info().bars, len(lake.actions())) == (20, 10)
    published = named(lake)
    assert published == sorted(published, key=lambda version: version or 0)
    for bars, actions in enumerate(published):
        version = str(DataVersion(bars, actions or 0))
        told = set(lake.actions(version=version)["symbol"])
        assert set(lake.symbols(version)) <= told


@pytest.fixture
def old_lake(tmp_path: Path, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """As the release before made it: commits name no actions, file names hold no digest."""
    with monkeypatch.context() as patch:
        patch.setattr(publication, "naming", lambda _: {})
        patch.setattr(transaction, "new_name", _old_name)
        lake = Lake.create(tmp_path / "old")
        lake.merge(two_years)
    for file in Path(lake.location.address).glob("*/_delta_log/*.json"):
        for line in file.read_text().splitlines():
            assert "actions" not in json.loads(line).get("commitInfo", {})
    return lake


def _old_name(content: bytes, year: int | None) -> str:
    folder = "" if year is None else f"year={year}/"
    return f"{folder}part-{len(content):032x}.parquet"


def test_an_old_lake_reads_as_before_and_goes_on(
    old_lake: Lake, two_years: pl.DataFrame, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    assert old_lake.version() == "bars@1 actions@0"
    assert old_lake.merge(two_years).after == "bars@1 actions@0"
    event = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5))
    old_lake.merge(two_years, event)
    assert old_lake.version() == "bars@1 actions@1", "its bars go with the latest actions"
    assert_frame_equal(old_lake.actions(), event)
    old_lake.merge(make_bars({"XYZ.AX": [1.0]}))
    assert named(old_lake) == [None, None, 1]
    assert_frame_equal(old_lake.bars(version="bars@1 actions@0"), two_years)


def test_tables_that_an_old_lake_does_not_have_are_empty_until_they_are_written(
    old_lake: Lake,
) -> None:
    assert old_lake.universe().is_empty()
    assert old_lake.factors().is_empty()
    assert old_lake.health().is_empty()
    assert old_lake.universe_since() is None
    assert (old_lake.info().universe, old_lake.info().factors, old_lake.info().health) == (0, 0, 0)
    assert not Path(old_lake.location.path("health")).exists()
    row = {"date": "2024-01-02", "run": "r", "level": "info", "kind": "k"}
    old_lake.record_health(pl.DataFrame([row]))
    assert len(old_lake.health()) == 1
