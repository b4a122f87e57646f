"""Full disks, read-only places, lost and damaged files. The lake reads as before, byte for byte."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.lake import Lake
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    from tests.lake.conftest import MakeBars, Remount


def contents(folder: str | Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture
def much(make_bars: MakeBars) -> pl.DataFrame:
    """About 2 MB of bars."""
    noise = pl.Series(range(40_000)).hash(seed=1).cast(pl.Float64) / 2**64 + 1.0
    return make_bars({"BHP.AX": noise.to_list()}, first=dt.date(1900, 1, 1))


def test_a_full_disk(tiny_disk: Path, two_years: pl.DataFrame, much: pl.DataFrame) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    before = contents(tiny_disk)
    with pytest.raises(
        LakeError,
        match=r"write table 'bars'.*No space left.*the lake still reads bars@1; free some space",
    ):
        lake.merge(much)
    with pytest.raises(LakeError, match=r"No space left.*the batch was not written; free some"):
        RawZone(tiny_disk / "lake").write_batch(dt.date(2024, 1, 2), 0, much)
    assert contents(tiny_disk) == before
    assert_frame_equal(Lake(tiny_disk / "lake").bars(), two_years)


def test_room_on_the_disk_again(
    tiny_disk: Path, remount: Remount, two_years: pl.DataFrame, much: pl.DataFrame
) -> None:
    lake = Lake.create(tiny_disk / "lake")
    with pytest.raises(LakeError, match="free some space"):
        lake.merge(much)
    remount("size=16m")
    lake.merge(much)
    assert_frame_equal(lake.bars(), much)


def test_a_read_only_disk(tiny_disk: Path, remount: Remount, two_years: pl.DataFrame) -> None:
    lake = Lake.create(tiny_disk / "lake")
    lake.merge(two_years)
    before = contents(tiny_disk)
    remount("ro")
    with pytest.raises(LakeError, match=r"Read-only file system.*--lake DIR"):
        lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    with pytest.raises(LakeError, match=r"no lake was made; choose a folder that you may write"):
        Lake.create(tiny_disk / "another")
    assert contents(tiny_disk) == before
    assert_frame_equal(Lake(tiny_disk / "lake").bars(), two_years)


def test_a_log_that_cannot_be_written(
    lake: Lake, two_years: pl.DataFrame, tiny_disk: Path, remount: Remount
) -> None:
    """The rows find room and the commit does not: no row is seen, no file is left."""
    log = Path(lake.location.path("bars/_delta_log"))
    for entry in log.iterdir():
        shutil.move(entry, tiny_disk)
    log.rmdir()
    log.symlink_to(tiny_disk)
    remount("ro")
    before = contents(lake.location.address)
    with pytest.raises(LakeError) as failure:
        lake.merge(two_years)
    message = str(failure.value)
    assert message.isascii()
    assert message.isprintable()
    assert "Read-only file system (os error 30); nothing was committed" in message
    assert contents(lake.location.address) == before
    assert lake.version() == "bars@0 actions@0"


def test_a_place_below_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(LakeError, match=r"no lake was made; choose a folder whose parents"):
        Lake.create(file / "lake")
    with pytest.raises(LakeError, match="there is no lake"):
        Lake(file / "lake")


@pytest.mark.slow
def test_a_write_that_fails_half_way(lake: Lake, two_years: pl.DataFrame) -> None:
    """For any user on any disk: the kernel refuses files of more than 4 kB."""
    lake.merge(two_years)
    before = contents(lake.location.address)
    script = textwrap.dedent(
        f"""
        import resource
        import polars as pl
        from stockstream.errors import LakeError
        from stockstream.lake import Lake

        lake = Lake({lake.location.address!r})
        noise = pl.int_range(40_000).hash(seed=1).cast(pl.Float64) / 2**64
        day = pl.date(1990, 1, 1) + pl.duration(days=pl.int_range(40_000))
        one = lake.bars().head(1).drop("date", "adjusted_close")
        price = {{name: 1.0 + noise for name in ("open", "high", "low", "close")}}
        bars = pl.concat([one] * 40_000).with_columns(
            date=day, **price, adjusted_close=None
        ).select(lake.bars().columns).cast({{"adjusted_close": pl.Float64}})
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            lake.merge(bars)
        except LakeError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout, done
    assert "the lake still reads bars@1; raise the limit on file sizes" in done.stdout
    assert done.stderr == ""
    assert contents(lake.location.address) == before
    assert_frame_equal(Lake(lake.location).bars(), two_years)


def test_a_commit_that_succeeds_and_still_raises(
    lake: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that cannot be written, an answer that was lost: the rows are there."""
    original = DeltaTable.create_write_transaction

    def committed_then_failed(self: DeltaTable, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        raise OSError("no checkpoint")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", committed_then_failed)
    assert lake.merge(two_years).after == "bars@1 actions@0"
    assert_frame_equal(lake.bars(), two_years)


def test_an_interrupt_after_the_commit_keeps_its_files(
    lake: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = DeltaTable.create_write_transaction

    def committed_then_interrupted(self: DeltaTable, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(DeltaTable, "create_write_transaction", committed_then_interrupted)
    with pytest.raises(KeyboardInterrupt):
        lake.merge(two_years)
    assert_frame_equal(lake.bars(), two_years)


def test_files_are_kept_while_nobody_knows_whether_they_are_committed(
    lake: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log cannot be read any more either, as when the network is gone."""
    log = Path(lake.location.path("bars/_delta_log"))

    def lost(*_: Any, **__: Any) -> None:
        log.rename(log.with_name("away"))
        raise OSError("connection lost")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    with pytest.raises(LakeError, match="is not known: merge them again, it does no harm"):
        lake.merge(two_years)
    assert len(list(Path(lake.location.path("bars")).glob("year=*/part-*"))) == 2


def test_an_interrupted_merge_leaves_nothing_behind(
    lake: Lake, two_years: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(lake.location.address)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DeltaTable, "create_write_transaction", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lake.merge(two_years)
    assert contents(lake.location.address) == before


def test_a_lost_or_cut_off_file_is_named(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    [file] = Path(lake.location.path("bars/year=2024")).iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:100])
    for read in (lake.bars, lake.symbols, lake.scan_bars):
        with pytest.raises(
            LakeError, match=rf"{file.name} has 100 of {len(content):,} bytes; rest"
        ):
            read()
    file.unlink()
    with pytest.raises(LakeError, match=rf"{file.name} is missing; restore the file"):
        lake.panel(["BHP"], dt.date(2024, 1, 1), dt.date(2024, 1, 9))
    file.write_bytes(content)
    assert_frame_equal(lake.bars(), two_years)


def test_a_damaged_file_is_an_error_of_the_lake(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    [file] = Path(lake.location.path("bars/year=2024")).iterdir()
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(LakeError, match=r"cannot read the lake at .*import the data into a new"):
        lake.bars()


def test_a_damaged_log_is_an_error_of_the_lake(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    log = Path(lake.location.path("bars/_delta_log/00000000000000000001.json"))
    log.write_text("{garbage")
    with pytest.raises(LakeError, match="cannot read table 'bars'"):
        Lake(lake.location).bars()


def test_a_lost_table_is_an_error_of_the_lake(lake: Lake) -> None:
    Path(lake.location.path("actions/_delta_log/00000000000000000000.json")).unlink()
    with pytest.raises(LakeError, match="cannot read table 'actions'"):
        lake.version()
