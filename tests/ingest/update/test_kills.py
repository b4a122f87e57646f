"""SIGKILL at random moments, by the campaign that counts what it costs; a short one."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.lake.maintenance.restore import restore
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.lake.store import Lake
from stockstream.market.actions import conform_actions
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

SCRIPT = Path(__file__).parents[3] / "scripts" / "kill_campaign.py"


@pytest.fixture(scope="module")
def campaign() -> Iterator[Any]:
    specification = importlib.util.spec_from_file_location("kill_campaign", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["kill_campaign"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["kill_campaign"]


@pytest.mark.slow
def test_a_run_that_is_killed_loses_nothing(
    campaign: Any, tmp_path: Path, socket_enabled: None
) -> None:
    toll = campaign.Updates(tmp_path, kills=6, seed=5).run()
    assert toll.harmless, toll
    assert toll.kills.total() == 6
    assert toll.ended > 0
    assert toll.acknowledged > 1000


@pytest.mark.slow
def test_a_writer_that_is_killed_loses_nothing(campaign: Any, tmp_path: Path) -> None:
    toll = campaign.Commits(tmp_path, kills=8, seed=5).run()
    assert toll.harmless, toll
    assert toll.kills.total() == 8
    assert toll.acknowledged >= 3


class Witnessed:
    """A lake of some rounds that a witness has seen."""

    def __init__(self, campaign: Any, place: Path) -> None:
        self.campaign, self.toll = campaign, campaign.Toll()
        self.lake = Lake.create(place)
        self.put(*campaign.written(2))
        self.put(*campaign.written(3))
        self.witness = campaign.Witness(place, self.toll)
        self.witness.look(campaign.written(3))
        assert self.toll.harmless

    def put(self, bars: pl.DataFrame, actions: pl.DataFrame) -> None:
        whole = conform(bars.with_columns(volume=1), provider="test", basis="raw")
        self.lake.merge(whole, conform_actions(actions, provider="test"))


@pytest.fixture
def witnessed(campaign: Any, tmp_path: Path) -> Witnessed:
    return Witnessed(campaign, tmp_path / "lake")


def test_it_notices_a_lost_row(witnessed: Witnessed) -> None:
    restore(witnessed.lake, "bars@1 actions@1")
    witnessed.witness.look(witnessed.campaign.written(2))
    assert (witnessed.toll.lost, witnessed.toll.torn) == (3, 0)


def test_it_notices_a_half_of_a_round(witnessed: Witnessed) -> None:
    bars, actions = witnessed.campaign.written(4)
    witnessed.put(bars, actions.head(1))
    witnessed.witness.look(witnessed.campaign.written(3), witnessed.campaign.written(4))
    assert (witnessed.toll.lost, witnessed.toll.torn) == (0, 1)
    assert not witnessed.toll.harmless


def test_it_notices_a_torn_file(witnessed: Witnessed, tmp_path: Path) -> None:
    (tmp_path / "lake" / "raw-data").mkdir()
    (tmp_path / "lake" / "raw-data" / "2024-05-03-batch-0.parquet").write_bytes(b"PAR1")
    witnessed.witness.look(witnessed.campaign.written(3))
    assert witnessed.toll.torn == 1


def test_it_notices_a_batch_that_is_gone(witnessed: Witnessed, tmp_path: Path) -> None:
    zone = RawZone(tmp_path / "lake")
    name = zone.write_batch(dt.date(2024, 5, 3), 0, RAW_SCHEMA.to_frame())
    witnessed.witness.look(witnessed.campaign.written(3))
    zone.location.remove(name)
    witnessed.witness.look(witnessed.campaign.written(3))
    assert (witnessed.toll.lost, witnessed.toll.torn) == (1, 0)
