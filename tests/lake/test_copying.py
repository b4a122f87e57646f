"""A lake in two places: the same bytes, whatever interrupts the copy."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, LakeError
from stockstream.lake import copying
from stockstream.lake.copying import copy_lake
from stockstream.lake.location import Location
from stockstream.lake.maintenance.vacuum import vacuum
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lake.conftest import MakeActions, MakeBars

SESSION = dt.date(2024, 1, 5)


@pytest.fixture
def source(tmp_path: Path, make_bars: MakeBars, make_actions: MakeActions) -> Lake:
    """Two years, three versions of the bars, a batch, a list, and things that are not the lake."""
    lake = Lake.create(tmp_path / "source", calendar="XASX")
    actions = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5))
    lake.merge(make_bars({"BHP.AX": [1.0] * 30}), actions, source="first")
    grow(lake, make_bars)
    bars = make_bars({"BHP.AX": [1.0]})
    RawZone(lake.location).write_batch(SESSION, 0, bars.drop("provider", "basis"))
    lake.location.create("symbols/2024-01-05-symbols.csv", b"symbol,name\n")
    lake.location.create("runs/s-1/study.json", b"{}")
    lake.location.create("notes.txt", b"mine")
    return lake


def grow(lake: Lake, make_bars: MakeBars, close: float = 2.0) -> None:
    lake.merge(make_bars({"CBA.AX": [close] * 30}), source=f"more {close}")


def tree(place: Path) -> dict[str, bytes]:
    """The files that are the lake."""
    files = {p.relative_to(place).as_posix(): p for p in place.rglob("*") if p.is_file()}
    beside = ("runs/", "notes.txt")
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(beside)}


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files as they are made."""
    made: list[str] = []
    create = Location.create

    def creating(location: Location, name: str, content: bytes) -> bool:
        made.append(name)
        return create(location, name, content)

    monkeypatch.setattr(Location, "create", creating)
    return made


def test_a_copy_is_the_same_lake(source: Lake, tmp_path: Path, order: list[str]) -> None:
    told: list[tuple[int, int]] = []
    done = copy_lake(source, Location.of(tmp_path / "to"), lambda *now: told.append(now))
    copy = Lake.open(tmp_path / "to")
    assert done.version == copy.version() == source.version()
    assert tree(tmp_path / "to") == tree(tmp_path / "source")
    assert_frame_equal(copy.bars(), source.bars())
    first = "bars@1 actions@1"
    assert_frame_equal(copy.bars(version=first), source.bars(version=first))
    assert verify_lake(copy, all_versions=True).is_sound
    assert (done.files, done.there) == (len(tree(tmp_path / "to")), 0)
    assert done.size == sum(map(len, tree(tmp_path / "to").values()))
    assert told[-1] == (done.files, done.files)
    logs = [name for name in order if "_delta_log" in name]
    assert order[-1] == "lake.json"
    assert order[-1 - len(logs) : -1] == logs, "data before the logs"
    assert logs[-1].startswith("bars/")
    assert not (tmp_path / "to" / "notes.txt").exists()


def test_the_same_copy_again_copies_nothing(source: Lake, tmp_path: Path) -> None:
    place = Location.of(tmp_path / "to")
    first, again = copy_lake(source, place), copy_lake(source, place)
    assert (again.files, again.size, again.there) == (0, 0, first.files)


def test_a_copy_is_brought_up_to_date_in_an_order_that_readers_can_follow(
    source: Lake, tmp_path: Path, make_bars: MakeBars, make_actions: MakeActions, order: list[str]
) -> None:
    place = Location.of(tmp_path / "to")
    copy_lake(source, place)
    for close in (3.0, 4.0, 5.0):
        event = make_actions(("CBA.AX", "2024-01-03", "dividend", close))
        source.merge(make_bars({"CBA.AX": [close] * 30}), event, source="more")
    order.clear()
    done = copy_lake(source, place)
    assert done.version == source.version() == "bars@5 actions@4"
    entries = [name.replace("/_delta_log/", "@")[:-5] for name in order if "_delta_log" in name]
    assert [entry.replace("0" * 19, "") for entry in entries] == [
        *("actions@2", "actions@3", "actions@4"),
        *("bars@3", "bars@4", "bars@5"),
    ]
    assert tree(tmp_path / "to") == tree(tmp_path / "source")


def test_an_interrupted_copy_is_no_lake_and_goes_on(
    source: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, create, stop = Location.of(tmp_path / "to"), Location.create, [0]
    files = len(tree(tmp_path / "source"))

    def creating(location: Location, name: str, content: bytes) -> bool:
        if stop[0] == 0:
            raise OSError(28, "No space left on device")
        stop[0] -= 1
        return create(location, name, content)

    monkeypatch.setattr(copying, "AT_ONCE", 1)
    monkeypatch.setattr(Location, "create", creating)
    for step in range(files - 1):
        stop[0] = 1
        with pytest.raises(LakeError, match=r"stays; run the command again to go on; free some"):
            copy_lake(source, place)
        assert not Lake.exists(tmp_path / "to"), step
    stop[0] = 1
    done = copy_lake(source, place)
    assert (done.files, done.there) == (1, files - 1)
    assert tree(tmp_path / "to") == tree(tmp_path / "source")


def test_checkpoints_are_copied_behind_the_entries_they_sum_up(
    source: Lake, tmp_path: Path, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 1)
    source.published.read().bars.delta.create_checkpoint()
    copy_lake(source, Location.of(tmp_path / "to"))
    bars = [name.rpartition("/")[2] for name in order if name.startswith("bars/_delta_log")]
    assert bars[-2:] == [f"{2:020}.json", f"{2:020}.checkpoint.parquet"]
    assert_frame_equal(Lake.open(tmp_path / "to").bars(), source.bars())


def test_vacuumed_versions_stay_behind(source: Lake, tmp_path: Path) -> None:
    for path in (tmp_path / "source").rglob("*.parquet"):
        os.utime(path, (0, 0))
    assert vacuum(source, keep_versions=1).files > 0
    copy_lake(source, Location.of(tmp_path / "to"))
    copy = Lake.open(tmp_path / "to")
    assert verify_lake(copy, all_versions=True).is_sound
    with pytest.raises(LakeError, match="was vacuumed"):
        copy.bars(version="bars@1 actions@1")


def _another(lake: Lake, place: Path, make_bars: MakeBars) -> None:
    shutil.rmtree(place)
    grow(Lake.create(place), make_bars)


def _ahead(lake: Lake, place: Path, make_bars: MakeBars) -> None:
    grow(Lake.open(place), make_bars, 7.0)


def _apart(lake: Lake, place: Path, make_bars: MakeBars) -> None:
    grow(Lake.open(place), make_bars, 7.0)
    grow(lake, make_bars, 8.0)


def _without_descriptor(lake: Lake, place: Path, make_bars: MakeBars) -> None:
    _another(lake, place, make_bars)
    (place / "lake.json").unlink()


def _other_batch(lake: Lake, place: Path, make_bars: MakeBars) -> None:
    next((place / "raw-data").iterdir()).write_bytes(b"PAR1")


@pytest.mark.parametrize(
    ("happens", "message"),
    [
        (_another, "there is another lake at"),
        (_ahead, "has bars@3, which .* copy it the other way round"),
        (_apart, "its bars@3 differs; choose an empty place"),
        (_without_descriptor, "is another one, or was written to"),
        (_other_batch, "batch-0.parquet has 4 bytes and not .* it is no copy"),
    ],
)
def test_what_is_no_earlier_copy_is_refused(
    source: Lake,
    tmp_path: Path,
    make_bars: MakeBars,
    happens: Callable[[Lake, Path, MakeBars], None],
    message: str,
) -> None:
    place = tmp_path / "to"
    copy_lake(source, Location.of(place))
    happens(source, place, make_bars)
    before = tree(place)
    with pytest.raises(LakeError, match=message):
        copy_lake(source, Location.of(place))
    assert tree(place) == before


def test_the_lake_itself_is_no_place_for_its_copy(source: Lake) -> None:
    with pytest.raises(ConfigError, match="is the lake itself"):
        copy_lake(source, source.location)


@pytest.mark.parametrize(
    "change",
    [lambda b: b[:-1], lambda b: bytes([b[0] ^ 1]) + b[1:]],
    ids=["cut off", "a flipped bit"],
)
def test_a_damaged_file_is_not_copied(
    source: Lake, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    path = next((tmp_path / "source" / "bars").rglob("part-*.parquet"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(LakeError, match=f"{path.name} is damaged .* `stockstream lake repair`"):
        copy_lake(source, Location.of(tmp_path / "to"))
    assert not Lake.exists(tmp_path / "to")


@pytest.mark.slow
def test_to_a_bucket_and_back(
    source: Lake, tmp_path: Path, bucket: str, make_bars: MakeBars
) -> None:
    up = copy_lake(source, Location.of(bucket))
    assert Lake.open(bucket).version() == source.version()
    down = copy_lake(Lake.open(bucket), Location.of(tmp_path / "back"))
    assert (up.files, up.size) == (down.files, down.size)
    assert tree(tmp_path / "back") == tree(tmp_path / "source")
    grow(source, make_bars, 3.0)
    assert copy_lake(source, Location.of(bucket)).files == 2 + 1, "a file for each year, a commit"
    assert pl.DataFrame.equals(Lake.open(bucket).bars(), source.bars())
