"""From the days' lists to the universe: each question about the past has one answer for good."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.ingest.day_lists import DayLists
from stockstream.ingest.universe import record_lists, universe_rows
from stockstream.lake.store import Lake
from stockstream.lake.tables import UNIVERSE
from stockstream.lake.universe import as_believed
from stockstream.market.listings import LISTING_SCHEMA, next_day_list

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Companies: TypeAlias = dict[str, dict[str, Any]]
"""What a list says of each company, by its code."""

MONDAY = dt.date(2026, 7, 13)
FLOAT = dt.date(2017, 4, 19)
DAYS = range(-3, 12)


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def listing(companies: Companies) -> pl.DataFrame:
    return pl.DataFrame([{"symbol": c, **said} for c, said in companies.items()], LISTING_SCHEMA)


def day_lists(listings: Sequence[Companies]) -> list[pl.DataFrame]:
    """The day lists of lists that were accepted on consecutive days."""
    done: list[pl.DataFrame] = []
    for number, companies in enumerate(listings):
        before = done[-1] if done else None
        done.append(next_day_list(before, listing(companies), day(number), 3))
    return done


def record(lists: Sequence[pl.DataFrame], source: str = "directory") -> pl.DataFrame:
    """The universe after each of some lists was recorded on its day."""
    known = UNIVERSE.schema.to_frame()
    for number, today in enumerate(lists):
        before = lists[number - 1] if number else None
        options: dict[str, Any] = {"suffix": ".AX", "source": source}
        rows = universe_rows(known, before, today, day(number), **options)
        assert rows.select(pl.struct(UNIVERSE.key).is_unique().all()).item()
        known = pl.concat([known, rows]).unique(UNIVERSE.key, keep="last").sort(UNIVERSE.key)
        assert universe_rows(known, before, today, day(number), **options).is_empty()
    return known


def spans(known: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """What is believed after all."""
    believed = as_believed(known, None, None).sort("symbol", "valid_from")
    return believed.select("symbol", "valid_from", "valid_to", *columns).rows()


def test_a_symbol_is_valid_from_its_listing_date_or_from_the_first_list() -> None:
    first = {"BHP": {"listing_date": dt.date(1885, 8, 13)}, "XXX": {}}
    soon = {**first, "NEW": {"listing_date": day(9)}}
    assert spans(record(day_lists([first, soon]))) == [
        ("BHP.AX", dt.date(1885, 8, 13), None),
        ("NEW.AX", day(1), None),
        ("XXX.AX", day(0), None),
    ]


def test_a_removal_ends_on_the_last_day_of_the_list_and_is_known_when_it_is_confirmed() -> None:
    one: Companies = {"BHP": {}}
    both: Companies = {**one, "XXX": {}}
    known = record(day_lists([both, both, one, one, one]))
    assert spans(known) == [("BHP.AX", day(0), None), ("XXX.AX", day(0), day(1))]
    for on, when, listed in [(1, 4, True), (2, 4, False), (2, 3, True), (4, 3, True)]:
        found = as_believed(known, day(on), day(when))["symbol"].to_list()
        assert ("XXX.AX" in found) == listed


def test_a_symbol_that_no_list_since_had_was_valid_until_the_day_before() -> None:
    before, today = day_lists([{"AAA": {}}, {"AAA": {}}])
    known = record(day_lists([{"AAA": {}, "BBB": {}}]))
    rows = universe_rows(known, before, today, day(5), suffix=".AX", source="directory")
    assert spans(rows) == [("BBB.AX", day(0), day(4))]


def test_a_symbol_that_comes_back_is_valid_from_then_on() -> None:
    one: Companies = {"BHP": {}}
    both: Companies = {**one, "XXX": {"listing_date": FLOAT}}
    assert spans(record(day_lists([both, one, one, one, both])))[1:] == [
        ("XXX.AX", FLOAT, day(0)),
        ("XXX.AX", day(4), None),
    ]


def test_a_renamed_company() -> None:
    old, new = ({code: {"listing_date": FLOAT}} for code in ("BYH", "ABR"))
    assert spans(record(day_lists([old, old, new, new])), "renamed_to") == [
        ("ABR.AX", day(2), None, None),
        ("BYH.AX", FLOAT, day(1), "ABR.AX"),
    ]


def test_a_temporary_symbol_and_back() -> None:
    usual, temporary = ({code: {"listing_date": FLOAT}} for code in ("HGO", "HGODB"))
    assert spans(record(day_lists([usual, temporary, temporary, usual])), "renamed_to") == [
        ("HGO.AX", FLOAT, day(0), "HGODB.AX"),
        ("HGO.AX", day(3), None, None),
        ("HGODB.AX", day(1), day(2), "HGO.AX"),
    ]


def test_a_symbol_that_another_company_takes_later_is_not_what_the_first_became() -> None:
    old, new = ({code: {"listing_date": FLOAT}} for code in ("BYH", "ABR"))
    second = {**new, "BYH": {"listing_date": day(2)}}
    rows = spans(record(day_lists([old, new, second, new, new, new])), "renamed_to")
    assert rows[1:] == [("BYH.AX", FLOAT, day(0), "ABR.AX"), ("BYH.AX", day(2), day(2), None)]


def test_a_new_name_or_group_is_known_from_its_day_and_the_old_one_until_then() -> None:
    lists: list[Companies] = [
        {"VAL": {"name": "VALOR", "industry_group": "Class Pend"}},
        {"VAL": {"name": "VALOR", "industry_group": "Energy", "sector": "Energy"}},
        {"VAL": {}},
        {"VAL": {"name": "THUNDERBIRD"}},
        {"VAL": {"industry_group": "Class Pend"}},
    ]
    known = record(day_lists(lists))
    assert len(known) == 4
    said = [
        as_believed(known, day(0), day(number)).select("name", "industry_group", "sector").row(0)
        for number in range(5)
    ]
    energy, pending = ("Energy", "Energy"), ("Class Pend", None)
    assert said == [
        ("VALOR", *pending),
        ("VALOR", *energy),
        ("VALOR", *energy),
        ("THUNDERBIRD", *energy),
        ("THUNDERBIRD", *pending),
    ]


def test_a_corrected_listing_date_moves_the_start() -> None:
    later = dt.date(2018, 12, 12)
    known = record(day_lists([{"HMD": {"listing_date": d}} for d in (FLOAT, later)]))
    assert spans(known) == [("HMD.AX", later, None)]
    assert as_believed(known, FLOAT, day(0)).height == 1
    assert as_believed(known, FLOAT, day(1)).height == 0


def test_a_source_takes_off_only_what_it_told_of_and_adds_to_the_rest() -> None:
    options: dict[str, Any] = {"suffix": ".AX", "source": "symbol file"}
    listed = record(day_lists([{"BHP": {"name": "BHP GROUP"}, "XXX": {}}]))
    file = next_day_list(None, listing({"BHP": {}, "CBA": {}}), day(1), 1)
    rows = universe_rows(listed, None, file, day(1), **options)
    assert rows.select("symbol", "source").rows() == [("CBA.AX", "symbol file")]
    known = pl.concat([listed, rows])
    shorter = next_day_list(file, listing({"BHP": {}}), day(2), 1)
    rows = universe_rows(known, file, shorter, day(2), **options)
    assert rows.select("symbol", "valid_to", "known_from").rows() == [
        ("CBA.AX", None, day(1)),
        ("CBA.AX", day(1), day(2)),
    ]


def test_an_older_list_teaches_nothing() -> None:
    lists = day_lists([{"AAA": {}}, {"AAA": {}, "BBB": {}}])
    known = record(lists)
    options: dict[str, Any] = {"suffix": ".AX", "source": "directory"}
    assert universe_rows(known, None, lists[0], day(0), **options).is_empty()


class Span(NamedTuple):
    """A belief of the model: a symbol, its days on the list, and its name."""

    symbol: str
    first: dt.date
    last: dt.date | None
    name: str | None


class Model:
    """The same in plain Python, which keeps whole answers instead of rows with two times."""

    def __init__(self) -> None:
        self.open: dict[str, Span] = {}
        self.closed: list[Span] = []
        self.beliefs: list[list[Span]] = []

    def learn(self, today: pl.DataFrame, before: pl.DataFrame | None, session: dt.date) -> None:
        rows = {row["symbol"]: row for row in today.to_dicts()}
        last = {} if before is None else dict(before.select("symbol", "last_listed").iter_rows())
        seen = {span.symbol for span in [*self.closed, *self.open.values()]}
        for symbol in list(self.open):
            if symbol not in rows:
                self.closed.append(self.open.pop(symbol)._replace(last=last[symbol]))
        for symbol, row in rows.items():
            if symbol in self.open:
                span = self.open[symbol]
                self.open[symbol] = span._replace(name=row["name"])
            else:
                new = symbol in seen or row["renamed_from"] or row["listing_date"] is None
                first = session if new else row["listing_date"]
                self.open[symbol] = Span(symbol, first, None, row["name"])
        self.beliefs.append([*self.closed, *self.open.values()])

    def ask(self, on: dt.date, known: int) -> set[tuple[str, str | None]]:
        spans = self.beliefs[min(known, len(self.beliefs) - 1)] if known >= 0 else []
        return {(s.symbol, s.name) for s in spans if s.first <= on <= (s.last or on)}


COMPANY = st.fixed_dictionaries({"name": st.sampled_from(["ONE", "TWO", None])})
DATED = {code: day(-number) for number, code in enumerate(["AAA", "BBB", "CCC"], start=1)}
LISTS = st.lists(
    st.dictionaries(st.sampled_from(["AAA", "BBB", "CCC", "DDD"]), COMPANY), min_size=1, max_size=8
).map(
    lambda lists: [
        {code: {**said, "listing_date": DATED.get(code)} for code, said in companies.items()}
        for companies in lists
    ]
)


@pytest.mark.slow
@examples(max_examples=25)
@given(LISTS)
def test_every_answer_is_what_was_believed_then(lists: list[Companies]) -> None:
    done = day_lists(lists)
    model = Model()
    for number, today in enumerate(done):
        model.learn(today, done[number - 1] if number else None, day(number))
    known = record(done)
    for when in DAYS:
        believed = as_believed(known, None, day(when)).to_dicts()
        for on in map(day, DAYS):
            found = [
                (row["symbol"].removesuffix(".AX"), row["name"])
                for row in believed
                if row["valid_from"] <= on <= (row["valid_to"] or on)
            ]
            assert len(found) == len(set(found))
            assert set(found) == model.ask(on, when), (on, when)


@pytest.mark.slow
@examples(max_examples=3)
@given(LISTS)
def test_a_lake_that_learns_daily_or_late_gives_the_same_answers(lists: list[Companies]) -> None:
    done = day_lists(lists)
    known = record(done)
    with tempfile.TemporaryDirectory() as place:
        files = DayLists(place)
        daily, late = (Lake.create(f"{place}/{name}") for name in ("daily", "late"))
        for number, rows in enumerate(done):
            files.create(day(number), rows)
            record_lists(daily, files, day(number), suffix=".AX", source="directory")
        record_lists(late, files, day(len(done)), suffix=".AX", source="directory")
        for when in map(day, DAYS):
            expected = as_believed(known, None, when)
            for lake in (daily, late):
                assert_frame_equal(lake.universe(None, when), expected, check_row_order=False)


@pytest.fixture
def files(tmp_path: Path) -> DayLists:
    files = DayLists(tmp_path / "root")
    one: Companies = {"AAA": {}}
    lists = day_lists([{**one, "BBB": {}}, one, one, one, {**one, "CCC": {}}])
    for number, rows in enumerate(lists):
        files.create(day(number), rows)
    return files


def test_recording_again_commits_nothing(files: DayLists, tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    for number in (0, 1, 2, 3, 4, 4, 3):
        record_lists(lake, files, day(number), suffix=".AX", source="directory")
    log = tmp_path / "lake" / "universe" / "_delta_log"
    commits = sorted(log.glob("*.json"))
    record_lists(lake, files, day(4), suffix=".AX", source="directory")
    assert sorted(log.glob("*.json")) == commits
    assert spans(lake.universe()) == [
        ("AAA.AX", day(0), None),
        ("BBB.AX", day(0), day(0)),
        ("CCC.AX", day(4), None),
    ]


def test_a_run_that_stopped_before_it_recorded_is_made_good(
    files: DayLists, tmp_path: Path
) -> None:
    lake = Lake.create(tmp_path / "lake")
    for number in (0, 1, 2, 4):  # the removal of day 3 was never recorded
        record_lists(lake, files, day(number), suffix=".AX", source="directory")
    assert lake.universe(day(1), day(2))["symbol"].to_list() == ["AAA.AX", "BBB.AX"]
    assert lake.universe(day(1), day(3))["symbol"].to_list() == ["AAA.AX"]
