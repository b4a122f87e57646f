"""From a provider to the lake."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import pytest

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.ingest.fetch import fetch
from stockstream.lake import Lake
from stockstream.market.actions import empty_actions
from stockstream.market.bars import empty_bars
from stockstream.providers.base import Failure, FetchResult, Pace
from stockstream.providers.simulated import SimulatedProvider

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
MARKET: Final = SimulatedProvider(companies=12, seed=5)


class Silent:
    """A provider that is down."""

    name = "silent"
    pace = Pace(None, None)

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        del start, end
        failures = tuple(Failure(symbol, "HTTP 500") for symbol in symbols)
        return FetchResult(empty_bars(), empty_actions(), failures)


def test_a_simulated_lake_says_that_it_is_one(tmp_path: Path) -> None:
    summary = fetch(MARKET, [], *YEAR, tmp_path / "lake")
    assert summary.added > 1000
    assert summary.quarantined == {}
    assert not summary.is_partial
    lake = Lake(tmp_path / "lake")
    assert (lake.calendar, lake.simulated, len(lake.symbols())) == ("XASX", True, 12)
    assert len(lake.universe()) == 12
    again = fetch(MARKET, [], *YEAR, lake)
    assert (again.added, again.updated, again.version_after) == (0, 0, summary.version_after)


def test_a_simulated_market_does_not_enter_a_real_lake(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake", calendar="XASX")
    with pytest.raises(DataError, match=r"holds real bars and these are simulated"):
        fetch(MARKET, [], *YEAR, lake)
    assert lake.version() == "bars@0 actions@0"


def test_an_outage_deletes_nothing_and_makes_nothing(tmp_path: Path) -> None:
    fetch(MARKET, [], *YEAR, tmp_path / "lake")
    before = Lake(tmp_path / "lake").info()
    with pytest.raises(NoDataError, match=r"silent gave no bars: BHP.AX: HTTP 500"):
        fetch(Silent(), ["BHP.AX"], *YEAR, tmp_path / "lake")
    assert Lake(tmp_path / "lake").info() == before
    with pytest.raises(NoDataError):
        fetch(Silent(), ["BHP.AX"], *YEAR, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_dates_in_the_wrong_order(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends on 2023-01-01, before it starts"):
        fetch(MARKET, [], YEAR[1], YEAR[0], tmp_path / "lake")


def test_another_simulated_market_does_not_enter_a_simulated_lake(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake", calendar="XASX", simulated=True)
    provider = SimulatedProvider(companies=3)
    fetch(provider, [], dt.date(2020, 1, 1), dt.date(2020, 12, 31), lake)
    before = lake.version()
    with pytest.raises(DataError, match="another simulated market"):
        fetch(provider, [], dt.date(2019, 1, 1), dt.date(2020, 12, 31), lake)
    assert lake.version() == before
    again = fetch(provider, [], dt.date(2020, 1, 1), dt.date(2020, 12, 31), lake)
    assert (again.added, again.updated) == (0, 0)
