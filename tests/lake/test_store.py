"""Making, opening, merging, reading and travelling in time."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import (
    ConfigError,
    DataError,
    LakeError,
    NoDataError,
    UnknownNameError,
)
from stockstream.lake import DataAggregator, Lake, transaction
from stockstream.lake.descriptor import Descriptor
from stockstream.lake.transaction import commit_version

if TYPE_CHECKING:
    from tests.lake.conftest import MakeActions, MakeBars, Reject

    from stockstream.lake.delta import Snapshot

DAY = dt.timedelta(days=1)


def test_a_new_lake_is_empty_and_says_what_it_is(tmp_path: Path) -> None:
    made = Lake.create(tmp_path / "deep" / "lake", calendar="XNYS", simulated=True)
    opened = Lake.open(tmp_path / "deep" / "lake")
    assert (opened.calendar, opened.simulated, opened.version()) == (
        "XNYS",
        True,
        "bars@0 actions@0",
    )
    assert opened.symbols() == []
    info = made.info()
    assert (info.bars, info.symbols, info.first, info.last) == (0, 0, None, None)
    with pytest.raises(NoDataError, match="holds no bars yet"):
        made.last_session()
    with pytest.raises(NoDataError, match="stockstream import"):
        made.resolve(["BHP"])


def test_a_missing_lake_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"no lake at .*stockstream import FILE --lake"):
        Lake(tmp_path)
    assert not Lake.exists(tmp_path)
    assert not Lake.exists(Path(__file__) / "below_a_file")


def test_a_lake_is_not_made_twice(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"there is a lake at .* already"):
        Lake.create(lake.location)


def test_an_unknown_calendar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'XLON' does not exist; choose one of: XASX"):
        Lake.create(tmp_path, calendar="XLON")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_two_that_make_the_same_lake(lake: Lake) -> None:
    """The one that comes second finds lake.json there, whatever it saw before."""
    with pytest.raises(LakeError, match=r"there is a lake at .* already"):
        Descriptor().write(lake.location)
    assert repr(lake) == f"Lake({lake.location.address!r})"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{garbage", "is damaged"),
        ("[]", "is damaged"),
        ("{}", "is damaged"),
        (json.dumps({"format_version": 99}), "has format 99; .*upgrade"),
    ],
)
def test_a_damaged_or_newer_lake_json_is_refused(lake: Lake, content: str, message: str) -> None:
    Path(lake.location.path("lake.json")).write_text(content)
    with pytest.raises(LakeError, match=message):
        Lake(lake.location)
    with pytest.raises(LakeError, match=message):
        Lake.exists(lake.location)


def test_what_is_merged_can_be_read(lake: Lake, two_years: pl.DataFrame) -> None:
    summary = lake.merge(two_years, source="first.csv")
    assert (summary.added, summary.updated, summary.unchanged) == (50, 0, 0)
    assert (summary.before, summary.after) == ("bars@0 actions@0", "bars@1 actions@0")
    assert_frame_equal(lake.bars(), two_years)
    assert lake.symbols() == ["BHP.AX", "CBA.AX"]
    assert lake.last_session() == dt.date(2024, 1, 16)
    info = lake.info()
    assert (info.bars, info.symbols) == (50, 2)
    assert (info.first, info.last) == (dt.date(2023, 12, 18), dt.date(2024, 1, 16))


def test_bars_of_some_symbols_and_days(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    start, end = dt.date(2023, 12, 30), dt.date(2024, 1, 3)
    some = lake.bars(["BHP"], start, end)
    wanted = (pl.col("symbol") == "BHP.AX") & pl.col("date").is_between(start, end)
    assert_frame_equal(some, two_years.filter(wanted))
    with pytest.raises(ConfigError, match="before it starts"):
        lake.bars(start=end, end=start)
    with pytest.raises(UnknownNameError, match=r"did you mean 'BHP.AX'"):
        lake.bars(["BPH.AX"])


def test_the_same_rows_again_change_nothing(
    lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions, reject: Reject
) -> None:
    events = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5))
    rejected = reject(two_years.head(2))
    lake.merge(two_years, events, rejected, source="first")
    files = sorted(Path(lake.location.address).rglob("*"))
    again = lake.merge(
        two_years.sample(fraction=1.0, shuffle=True, seed=3), events, rejected, source="first"
    )
    assert (again.added, again.updated, again.unchanged) == (0, 0, 50)
    assert (again.actions_added, again.quarantined) == (0, 0)
    assert again.before == again.after == lake.version()
    assert sorted(Path(lake.location.address).rglob("*")) == files


def test_a_correction_updates_and_a_new_day_is_added(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    last = two_years.filter(pl.col("date") == pl.col("date").max())
    corrected = last.with_columns(close=pl.col("close") + 0.25)
    new = last.with_columns(pl.col("date") + DAY)
    summary = lake.merge(pl.concat([corrected, new]))
    assert (summary.added, summary.updated) == (len(new), len(corrected))
    assert_frame_equal(
        lake.bars(start=dt.date(2024, 1, 16)),
        pl.concat([corrected, new]).sort("symbol", "date"),
    )
    untouched = two_years.filter(pl.col("date") < pl.col("date").max())
    assert_frame_equal(lake.bars(end=dt.date(2024, 1, 15)), untouched)


def test_only_the_years_that_change_are_written_again(lake: Lake, make_bars: MakeBars) -> None:
    lake.merge(make_bars({"A.AX": [1.0] * 30}))
    old = set(Path(lake.location.path("bars/year=2023")).iterdir())
    lake.merge(make_bars({"A.AX": [2.0]}, first=dt.date(2024, 1, 10)))
    assert set(Path(lake.location.path("bars/year=2023")).iterdir()) == old


def test_a_missing_adjusted_close_does_not_forget_a_known_one(
    lake: Lake, two_years: pl.DataFrame
) -> None:
    known = two_years.with_columns(adjusted_close=pl.col("close") * 0.9)
    lake.merge(known)
    assert lake.merge(two_years).updated == 0
    assert_frame_equal(lake.bars(), known)


def test_time_travel(lake: Lake, two_years: pl.DataFrame) -> None:
    lake.merge(two_years)
    before = lake.version()
    lake.merge(two_years.with_columns(close=pl.col("close") + 0.25))
    assert lake.version() == "bars@2 actions@0"
    assert_frame_equal(lake.bars(version=before), two_years)
    assert_frame_equal(lake.scan_bars(before).collect().sort("symbol", "date"), two_years)
    with pytest.raises(LakeError, match=r"no bars@7 .*the versions are bars@0 to bars@2"):
        lake.bars(version="bars@7 actions@0")
    with pytest.raises(ConfigError, match="is no data version"):
        lake.bars(version="7")


def test_actions_are_merged_and_remember_when_they_were_first_seen(
    lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions
) -> None:
    seen = make_actions(("BHP.AX", "2024-01-02", "dividend", 0.5)).with_columns(
        first_seen=pl.lit(dt.date(2024, 1, 1))
    )
    lake.merge(two_years, seen)
    later = make_actions(
        ("BHP.AX", "2024-01-02", "dividend", 0.6), ("CBA.AX", "2024-01-03", "split", 2.0)
    ).with_columns(first_seen=pl.lit(dt.date(2024, 2, 2)))
    summary = lake.merge(two_years, later)
    assert (summary.actions_added, summary.actions_updated) == (1, 1)
    stored = lake.actions(["BHP"])
    assert stored["value"].to_list() == [0.6]
    assert stored["first_seen"].to_list() == [dt.date(2024, 1, 1)]
    assert len(lake.actions()) == 2


def test_events_are_committed_before_bars(
    lake: Lake,
    two_years: pl.DataFrame,
    make_actions: MakeActions,
    reject: Reject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever sees the new bars finds their events, even if the merge dies in between."""
    order = []
    original = commit_version

    def watched(snapshot: Snapshot, **arguments: Any) -> int:
        order.append(snapshot.table.spec.name)
        return original(snapshot, **arguments)

    monkeypatch.setattr(transaction, "commit_version", watched)
    rejected = reject(two_years.head(1))
    lake.merge(two_years, make_actions(("BHP.AX", "2024-01-02", "split", 2.0)), rejected)
    assert order == ["actions", "quarantine", "bars"]


def test_quarantine_keeps_broken_values_as_they_came(
    lake: Lake, two_years: pl.DataFrame, reject: Reject
) -> None:
    nan = two_years.head(3).with_columns(
        close=pl.lit(float("nan")), high=pl.lit(None, pl.Float64), symbol=pl.lit(None, pl.String)
    )
    rejected = reject(nan, "not_finite")
    for _ in range(2):
        lake.merge(two_years, quarantine=rejected, source="dirty.csv")
    stored = lake.quarantine()
    assert_frame_equal(stored.select(rejected.columns), rejected, check_row_order=False)
    assert stored["source"].unique().to_list() == ["dirty.csv"]


def test_real_and_simulated_bars_do_not_mix(
    lake: Lake, make_bars: MakeBars, tmp_path: Path
) -> None:
    made_up = make_bars({"ZAA.AX": [1.0]}, provider="simulated")
    with pytest.raises(DataError, match="holds real bars and these are simulated"):
        lake.merge(made_up)
    simulated = Lake.create(tmp_path / "other", simulated=True)
    simulated.merge(made_up)
    with pytest.raises(DataError, match="holds simulated bars and these are real"):
        simulated.merge(make_bars({"BHP.AX": [1.0]}))
    assert lake.version() == "bars@0 actions@0"


def test_a_symbol_stays_on_one_basis(
    lake: Lake, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    lake.merge(make_bars({"BHP.AX": [1.0, 2.0], "CBA.AX": [1.0]}))
    event = make_actions(("BHP.AX", "2020-01-02", "split", 2.0))
    adjusted = make_bars({"BHP.AX": [1.0]}, first=dt.date(2020, 1, 2), basis="split")
    with pytest.raises(DataError, match=r"two bases \(raw and split\): BHP.AX.*--basis raw"):
        lake.merge(adjusted, event)
    assert lake.version() == "bars@1 actions@0"
    many = make_bars({f"S{n}.AX": [1.0] for n in range(200)} | {"CBA.AX": [1.0]}, basis="split")
    with pytest.raises(DataError, match=r"1 symbol\(s\) would have .*: CBA.AX; a split"):
        lake.merge(many)
    lake.merge(make_bars({"XYZ.AX": [1.0]}, basis="split"))
    assert lake.bars(["XYZ"])["basis"].to_list() == ["split"]


@pytest.mark.parametrize(
    "change",
    [
        {"close": pl.lit(float("nan"))},
        {"open": pl.lit(None, pl.Float64)},
        {"low": pl.lit(-1.0)},
        {"symbol": pl.lit(None, pl.String)},
    ],
    ids=["nan", "null", "negative", "nameless"],
)
def test_unchecked_bars_are_refused(
    lake: Lake, two_years: pl.DataFrame, change: dict[str, pl.Expr]
) -> None:
    with pytest.raises(DataError, match=r"were not checked.*nothing was written"):
        lake.merge(two_years.with_columns(**change))
    assert lake.version() == "bars@0 actions@0"


def test_a_key_may_not_come_twice(lake: Lake, two_years: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r"1 row\(s\) repeat a key of table 'bars', such as"):
        lake.merge(pl.concat([two_years, two_years.head(1)]))
    assert lake.version() == "bars@0 actions@0"


def test_the_package_loads_its_names_when_they_are_used() -> None:
    import stockstream.lake as room

    assert room.Lake is Lake
    assert room.DataAggregator is DataAggregator
    with pytest.raises(AttributeError, match="no attribute 'Lakes'"):
        _ = room.Lakes
