"""From the raw zone to the curated tables, batch after batch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.ingest import compact as module
from stockstream.ingest import intake
from stockstream.ingest.compact import Compaction, compact
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake
from stockstream.market.bars import conform
from stockstream.market.calendars import get_calendar
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS: list[dt.date] = get_calendar("XASX").sessions("2024-05-01", "2024-06-28").tolist()
NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)


def rows(symbol: str, closes: Sequence[float | None], **columns: Any) -> pl.DataFrame:
    """Raw rows of the first days; without a close there are no prices."""
    price = pl.col("close")
    days = DAYS[: len(closes)]
    given = pl.DataFrame({"date": days, "close": closes}, {"date": pl.Date, "close": pl.Float64})
    said = {"provider": "yahoo", "basis": "split", "is_final": True, **columns}
    return given.select(
        pl.lit(symbol).alias("symbol"),
        "date",
        *(price.alias(name) for name in ("open", "high", "low", "close")),
        pl.lit(1000, pl.Int64).alias("volume"),
        *(pl.lit(value).alias(name) for name, value in said.items()),
    )


@dataclass
class Desk:
    """A lake and its raw zone."""

    lake: Lake
    number: int = 0

    @property
    def zone(self) -> RawZone:
        return RawZone(self.lake.location)

    def batch(self, *parts: pl.DataFrame, day: int = 20, **notes: Any) -> str:
        """Write the next batch."""
        together = pl.concat(parts, how="diagonal")
        name = self.zone.write_batch(DAYS[day], self.number, together, notes or None)
        self.number += 1
        return name

    def compact(self) -> Compaction:
        """Merge all batches."""
        return compact(self.lake, self.zone.batches(), DAYS[20], QualitySettings())

    def closes(self, symbol: str) -> list[float]:
        return self.lake.bars([symbol])["close"].to_list()

    def events(self) -> list[tuple[str, dt.date, str, float]]:
        return self.lake.actions().select("symbol", "date", "kind", "value").rows()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Lake.create(tmp_path / "lake", calendar="XASX"))


def test_merging_again_changes_nothing(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [1.0, 1.1, 1.2]), rows("BBB.AX", [5.0, 5.1, -1.0]))
    first = desk.compact()
    assert (first.added, first.quarantined) == (5, {"not_positive": 1})
    before = {table: getattr(desk.lake, table)() for table in ("bars", "actions", "quarantine")}
    version = desk.lake.version()
    again = desk.compact()
    assert (again.added, again.updated, again.unchanged) == (0, 0, 5)
    assert desk.lake.version() == version
    for table, frame in before.items():
        assert_frame_equal(getattr(desk.lake, table)(), frame)


def test_the_last_batch_has_the_last_word_whatever_the_clock_said(desk: Desk) -> None:
    """Between the two the host's clock was set back."""
    later = (NOON - dt.timedelta(hours=3)).isoformat()
    desk.batch(rows("AAA.AX", [1.0, 1.1], fetch_timestamp=NOON.isoformat()))
    desk.batch(rows("AAA.AX", [1.0, 1.2], fetch_timestamp=later))
    desk.compact()
    assert desk.closes("AAA") == [1.0, 1.2]


def test_a_row_that_is_not_final_takes_nothing_away(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [1.0, 1.1]))
    desk.batch(rows("AAA.AX", [1.0, 1.3], is_final=False), rows("BBB.AX", [2.0], is_final=False))
    desk.batch(rows("AAA.AX", [1.0, None]))
    desk.compact()
    assert desk.closes("AAA") == [1.0, 1.1]
    assert desk.lake.symbols() == ["AAA.AX"]


def test_an_event_is_kept_whatever_the_row_beside_it_is(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [1.0, 1.1]).with_columns(dividends=pl.Series([None, 0.1])))
    desk.batch(rows("AAA.AX", [1.0, None]).with_columns(splits=pl.Series([None, 2.0])))
    desk.compact()
    assert desk.events() == [
        ("AAA.AX", DAYS[1], "dividend", 0.1),
        ("AAA.AX", DAYS[1], "split", 2.0),
    ]


def test_the_last_that_was_said_of_an_event_counts(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [1.0]).with_columns(dividends=0.1))
    desk.batch(rows("AAA.AX", [1.0]).with_columns(dividends=0.2))
    desk.batch(rows("AAA.AX", [1.0]))
    desk.compact()
    assert desk.events() == [("AAA.AX", DAYS[0], "dividend", 0.2)]


def test_files_of_others_need_not_say_more_than_prices(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [1.0]).drop("provider", "basis", "is_final"))
    desk.compact()
    assert desk.lake.bars().select("provider", "basis").row(0) == ("files", "raw")


def test_a_damaged_batch_is_named_and_the_others_go_in(desk: Desk) -> None:
    names = [desk.batch(rows(f"{code}.AX", [1.0])) for code in ("AAA", "BBB", "CCC")]
    path = Path(desk.lake.location.path(names[1]))
    path.write_bytes(path.read_bytes()[:100])
    done = desk.compact()
    assert desk.lake.symbols() == ["AAA.AX", "CCC.AX"]
    (event,) = done.events
    assert (event.level, event.kind, event.subject) == ("error", "batch_unreadable", names[1])


@pytest.mark.parametrize("first", [0, 15], ids=["days in common", "no day in common"])
def test_a_symbol_on_another_basis_is_left_alone(desk: Desk, first: int) -> None:
    """It was imported as traded; what comes now is split-adjusted."""
    bar = rows("AAA.AX", [8.0, 8.1, 8.2])
    desk.lake.merge(conform(bar.drop("is_final").with_columns(basis=pl.lit("raw"))))
    desk.batch(rows("AAA.AX", [8.0] * 20)[first:], rows("BBB.AX", [2.0] * 20))
    done = desk.compact()
    assert desk.closes("AAA") == [8.0, 8.1, 8.2]
    assert desk.closes("BBB") == [2.0] * 20
    (event,) = done.events
    assert (event.level, event.kind, event.subject) == ("error", "basis_conflict", "AAA.AX")


def test_two_bases_that_come_together_do_not_go_in(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", [8.0]), rows("BBB.AX", [2.0]))
    desk.batch(rows("AAA.AX", [8.0, 8.1], basis="raw")[1:])
    done = desk.compact()
    assert desk.lake.symbols() == ["BBB.AX"]
    assert [event.kind for event in done.events] == ["basis_conflict"]


HALVED = [4.0, 4.1, 4.2, 4.15, 4.05]
WHOLE = [price * 2 for price in HALVED]


def restated(desk: Desk) -> None:
    """A session on the old scale, and one with the whole history on the new one."""
    desk.batch(rows("AAA.AX", WHOLE[:4]), rows("BBB.AX", [1.0] * 4), day=3)
    desk.batch(
        rows("AAA.AX", HALVED).with_columns(splits=pl.Series([None] * 4 + [2.0])),
        rows("BBB.AX", [1.0] * 5),
        day=4,
        refetched={"AAA.AX": 2.0},
    )


def test_batches_of_two_sessions_are_merged_one_after_the_other(desk: Desk) -> None:
    restated(desk)
    for _ in range(2):
        done = desk.compact()
        assert desk.closes("AAA") == HALVED
        assert done.events == ()


def test_a_day_that_only_a_batch_on_the_old_scale_has(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", WHOLE[:4]), day=4)
    whole = rows("AAA.AX", HALVED).with_columns(splits=pl.Series([None] * 4 + [2.0]))
    desk.batch(whole.filter(pl.col("date") != DAYS[1]), day=4, refetched={"AAA.AX": 2.0})
    desk.compact()
    assert desk.closes("AAA") == HALVED


@pytest.mark.parametrize("largest", [1, 6, 300_000])
def test_how_many_rows_go_in_at_once_makes_no_difference(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(module, "LARGEST", largest)
    restated(desk)
    desk.batch(rows("CCC.AX", [1.0, 1.1]), day=4)
    done = desk.compact()
    assert desk.closes("AAA") == HALVED
    assert (done.added, done.updated, done.actions_added) == (4 + 4 + 1 + 1 + 2, 4, 1)


def test_a_symbol_on_another_scale_waits_for_its_history(desk: Desk) -> None:
    desk.batch(rows("AAA.AX", WHOLE), rows("BBB.AX", [1.0] * 5))
    desk.compact()
    desk.batch(rows("AAA.AX", HALVED), rows("BBB.AX", [1.0] * 6))
    done = desk.compact()
    assert desk.closes("AAA") == WHOLE
    assert len(desk.closes("BBB")) == 6
    assert [(event.kind, event.subject) for event in done.events] == [
        ("restatement_pending", "AAA.AX")
    ]


def test_an_old_history_is_compared_with_all_that_is_stored(desk: Desk) -> None:
    """More than the market of late is read for a symbol that comes with long ago."""
    old = pl.col("date").dt.offset_by("-3y")
    stored = conform(rows("AAA.AX", WHOLE).drop("is_final").with_columns(old))
    desk.lake.merge(stored)
    desk.batch(rows("AAA.AX", HALVED).with_columns(old), rows("BBB.AX", [1.0] * 20))
    assert [event.kind for event in desk.compact().events] == ["restatement_pending"]
    assert_frame_equal(desk.lake.bars(["AAA"]), stored)


def test_an_old_history_is_checked_against_a_few_symbols(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell that the market was open when the new symbol, traded seldom, was not."""
    days = get_calendar("XASX").sessions("2023-07-03", "2024-05-30")
    one = rows("NEW.AX", [1.0]).drop("date").join(pl.DataFrame({"date": days}), how="cross")
    market = pl.concat(one.with_columns(symbol=pl.lit(f"S{n:02}.AX")) for n in range(30))
    desk.lake.merge(conform(market.drop("is_final")))
    seldom = one.gather_every(3)
    monkeypatch.setattr(intake, "WITNESSES", 3)
    around = intake._lately(desk.lake, conform(seldom.drop("is_final")))
    assert around is not None
    assert around["date"].n_unique() == len(days)
    assert len(around) < len(market) / 2
    desk.batch(seldom)
    desk.compact()
    assert {"missing_session", "short_session"}.isdisjoint(desk.lake.findings()["rule"])


def test_nothing_to_merge(desk: Desk) -> None:
    assert desk.compact() == Compaction()
    desk.batch(rows("AAA.AX", [None]))
    assert desk.compact() == Compaction()
    assert desk.lake.version() == "bars@0 actions@0"
