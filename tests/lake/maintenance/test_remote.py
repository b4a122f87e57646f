"""The same upkeep in a bucket."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.lake import Lake
from stockstream.lake.maintenance.repair import repair_lake
from stockstream.lake.maintenance.restore import restore
from stockstream.lake.maintenance.vacuum import vacuum
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.tables import BARS

if TYPE_CHECKING:
    from tests.lake.conftest import MakeActions


@pytest.fixture
def remote(bucket: str, two_years: pl.DataFrame, make_actions: MakeActions) -> Lake:
    lake = Lake.create(bucket)
    for number, change in enumerate([0.0, 0.25, 0.0]):
        lake.merge(
            two_years.with_columns(close=pl.col("close") + change),
            make_actions(("BHP.AX", f"2024-01-0{number + 1}", "dividend", 0.5)),
        )
    return lake


@pytest.mark.slow
def test_upkeep_in_a_bucket(remote: Lake, two_years: pl.DataFrame) -> None:
    assert remote.version() == "bars@3 actions@3"
    report = verify_lake(remote, all_versions=True)
    assert (report.is_sound, report.files, report.problems) == (True, 9, [])

    [path] = [f.path for f in remote.table(BARS).snapshot().files if f.year == 2024]
    remote.location.remove(f"bars/{path}")
    assert [problem.kind for problem in verify_lake(remote).problems] == ["missing"]
    with pytest.raises(LakeError, match="cannot be restored; nothing was changed"):
        restore(remote, "bars@3 actions@3")
    assert [repair.what for repair in repair_lake(remote).repairs] == ["mended"]
    assert verify_lake(remote).is_sound

    assert restore(remote, "bars@1 actions@1") == "bars@5 actions@4"
    assert_frame_equal(remote.bars(), two_years)
    assert len(remote.actions()) == 1

    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    assert vacuum(remote, keep_versions=1, now=later).files == 6
    with pytest.raises(LakeError, match="bars@4 was vacuumed"):
        remote.bars(version="bars@4 actions@3")
    assert_frame_equal(Lake(remote.location).bars(), two_years)
    assert verify_lake(remote, all_versions=True).problems == []
