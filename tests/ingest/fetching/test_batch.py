"""One batch, from the question to the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.errors import ConfigError, DataError, LakeError
from stockstream.ingest.batch import fetch_batch
from stockstream.ingest.notes import Notes
from stockstream.ingest.pacing import Clock, Pacing
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.lake.store import Lake
from stockstream.providers.base import Failure

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.fetching.conftest import MakeLake, Source, TurnedClock

    from stockstream.ingest.health import HealthEvent

SESSION = dt.date(2024, 6, 28)
STEADY = [15.42, 15.4, 15.61, 15.55, 15.5, 15.38, 15.44, 15.7, 15.72, 15.69, 15.8, 15.75]


def rows_of(place: Path, number: int = 0) -> pl.DataFrame:
    zone = RawZone(place)
    batch = zone.find(SESSION, number)
    assert batch is not None
    return zone.read([batch]).rows


def notes_of(place: Path, number: int = 0) -> Notes:
    zone = RawZone(place)
    batch = zone.find(SESSION, number)
    assert batch is not None
    return Notes.of(zone.notes(batch))


def test_the_documented_answer(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, clock: TurnedClock
) -> None:
    source = new_source({"BHP.AX": STEADY, "CBA.AX": STEADY})
    source.before = lambda _: setattr(clock, "seconds", clock.seconds + 1.5)
    names = ["CBA", "XYZ", "BHP.AX"]
    answer = fetch_batch(tmp_path, source, names, 3, SESSION, suffix=".AX", pacing=pacing)
    assert answer == {
        "statusCode": 200,
        "body": "2 of 3 symbols fetched, 1 failed",
        "metadata": {
            "batch_number": 3,
            "symbols_processed": 3,
            "symbols_fetched": 2,
            "symbols_failed": ["XYZ"],
            "execution_time": 4.5,
            "s3_key": "raw-data/2024-06-28-batch-3.parquet",
        },
    }
    rows = rows_of(tmp_path, 3)
    assert rows.schema == RAW_SCHEMA
    assert rows["symbol"].unique().sort().to_list() == ["BHP.AX", "CBA.AX"]
    assert rows["batch_number"].unique().to_list() == [3]
    assert set(rows["provider"]) == {"fake"}
    assert set(rows["basis"]) == {"split"}
    stamps = dict(rows.select("symbol", "fetch_timestamp").rows())
    assert stamps == {
        "CBA.AX": "2024-06-28T20:00:01+00:00",
        "BHP.AX": "2024-06-28T20:00:04+00:00",
    }
    assert source.windows()["BHP.AX"] == (dt.date(2014, 6, 28), SESSION)


def test_a_batch_that_is_there_is_not_fetched_again(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"BHP": STEADY}, faults={"BHP": ["transient"]})
    first_events: list[HealthEvent] = []
    names = ["BHP", "GONE"]
    first = fetch_batch(
        tmp_path, source, names, 0, SESSION, pacing=pacing, health=first_events.append
    )
    [file] = (tmp_path / "raw-data").iterdir()
    content, asked = file.read_bytes(), len(source.calls)
    events: list[HealthEvent] = []
    again = fetch_batch(tmp_path, source, ["GONE", "BHP"], 0, SESSION, health=events.append)
    assert again == first
    assert len(source.calls) == asked
    assert file.read_bytes() == content
    assert events == first_events
    assert {(e.kind, e.subject) for e in events} == {
        ("symbol_failed", "GONE"),
        ("symbol_recovered", "BHP"),
    }


def test_one_that_fails_goes_to_the_end_of_the_queue(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, clock: TurnedClock
) -> None:
    source = new_source(
        dict.fromkeys("ABCD", STEADY), faults={"A": ["transient", "rate_limited"]}, clock=clock
    )
    answer = fetch_batch(tmp_path, source, "ABCD", 0, SESSION, pacing=pacing)
    assert [call.symbols[0] for call in source.calls] == ["A", "B", "C", "D", "A", "A"]
    assert source.calls[3].at == 0.0
    assert 0.0 < source.calls[4].at <= 2.0
    assert source.calls[4].at < source.calls[5].at <= 6.0
    assert answer["metadata"]["symbols_failed"] == []
    notes = notes_of(tmp_path)
    assert notes.recovered == {"A": ["transient", "rate_limited"]}
    assert notes.requests == 6


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("not_found", 1), ("empty", 1), ("malformed", 2), ("transient", 4), ("rate_limited", 4)],
)
def test_what_is_tried_again(
    kind: Any, asked: int, tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"GOOD": STEADY, "BAD": STEADY}, faults={"BAD": [kind]}, forever=["BAD"])
    answer = fetch_batch(tmp_path, source, ["BAD", "GOOD"], 0, SESSION, pacing=pacing)
    assert source.asked == {"BAD": asked, "GOOD": 1}
    assert answer["metadata"]["symbols_failed"] == ["BAD"]
    [failed] = notes_of(tmp_path).failed.values()
    assert (failed.kind, failed.reason, failed.attempts) == (kind, f"{kind} told", asked)


def test_a_long_ban_is_not_waited_for(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, clock: TurnedClock
) -> None:
    source = new_source(
        {"A": STEADY, "B": STEADY, "C": STEADY},
        faults={
            "A": [Failure("A", "HTTP 429", "rate_limited", 3600.0)],
            "B": [Failure("B", "HTTP 429", "rate_limited", 30.0)],
        },
        clock=clock,
    )
    answer = fetch_batch(tmp_path, source, "ABC", 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == ["A"]
    assert source.asked == {"A": 1, "B": 2, "C": 1}
    assert [call.at for call in source.calls[:2]] == [0.0, 0.0]
    assert source.calls[2].at == 30.0  # whoever asked: the source wants to be left alone
    assert 30.0 <= source.calls[3].at <= 32.0


def test_a_provider_that_breaks_on_one_symbol(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source(
        {"A": STEADY, "B": STEADY}, faults={"A": [KeyError("chart")]}, forever=["A"]
    )
    answer = fetch_batch(tmp_path, source, "AB", 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == ["A"]
    assert notes_of(tmp_path).failed["A"].reason == "the provider broke: KeyError: 'chart'"


def test_a_source_that_is_unusable_as_a_whole(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    broken = DataError("the archive is damaged")
    source = new_source(dict.fromkeys("AB", STEADY), faults={"A": [broken, broken]}, at_once=None)
    answer = fetch_batch(tmp_path, source, "AB", 0, SESSION, pacing=pacing)
    assert answer["statusCode"] == 503
    assert answer["metadata"]["symbols_failed"] == ["A", "B"]
    assert "the archive is damaged" in answer["body"]
    assert len(source.calls) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigError("no key")])
def test_some_things_end_the_batch(
    error: BaseException, tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"A": STEADY, "B": STEADY}, faults={"B": [error]})
    with pytest.raises(type(error)):
        fetch_batch(tmp_path, source, "AB", 0, SESSION, pacing=pacing)
    assert RawZone(tmp_path).find(SESSION, 0) is None


def test_a_source_that_takes_any_number_gets_the_whole_batch_at_once(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    tmp_path: Path,
) -> None:
    lake = make_lake({"OLD.AX": STEADY[:-1]}, until=days[-2])
    source = new_source(
        {"OLD.AX": STEADY, "NEW.AX": STEADY, "SLOW.AX": STEADY},
        faults={"SLOW.AX": ["transient"]},
        at_once=None,
    )
    names = ["OLD", "NEW", "SLOW", "GONE"]
    answer = fetch_batch(lake, source, names, 0, SESSION, suffix=".AX", pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == ["GONE"]
    assert [len(call.symbols) for call in source.calls] == [4, 1]
    rows = rows_of(tmp_path / "lake")
    assert dict(rows.group_by("symbol").len().rows()) == {
        "OLD.AX": 11,  # what a new symbol wants, an old one does not get
        "NEW.AX": 12,
        "SLOW.AX": 12,
    }


def test_one_symbol_that_breaks_a_request_for_many_is_found(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source(
        dict.fromkeys("ABCD", STEADY),
        faults={"C": [ValueError("poison")]},
        forever=["C"],
        at_once=None,
    )
    answer = fetch_batch(tmp_path, source, "ABCD", 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == ["C"]
    assert "poison" in notes_of(tmp_path).failed["C"].reason
    assert set(rows_of(tmp_path)["symbol"]) == {"A", "B", "D"}


def test_known_symbols_are_asked_for_from_their_last_sessions(
    make_lake: MakeLake, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    lake = make_lake({"A.AX": STEADY[:-2], "B.AX": STEADY[:5]}, until=days[-3])
    source = new_source({"A.AX": STEADY, "B.AX": STEADY, "C.AX": STEADY})
    answer = fetch_batch(lake, source, ["A.AX", "B.AX", "C.AX"], 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == []
    windows = source.windows()
    assert windows["A.AX"] == windows["B.AX"] == (days[-12], SESSION)
    assert windows["C.AX"] == (dt.date(2014, 6, 28), SESSION)


def test_symbols_that_are_up_to_date_are_not_asked_for(
    make_lake: MakeLake, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    lake = make_lake({"A.AX": STEADY}, until=SESSION)
    source = new_source({"A.AX": STEADY})
    settled: list[str] = []
    answer = fetch_batch(lake, source, ["A.AX"], 0, SESSION, pacing=pacing, settled=settled.append)
    assert source.calls == []
    assert settled == ["A.AX"]
    assert answer["statusCode"] == 200
    assert answer["body"] == "0 of 1 symbols fetched, 1 up to date"
    assert answer["metadata"]["symbols_failed"] == []
    second = fetch_batch(lake, source, ["A.AX"], 1, SESSION, pacing=pacing, again=True)
    assert second["metadata"]["symbols_fetched"] == 1
    assert source.windows()["A.AX"] == (days[-10], SESSION)


def test_symbols_that_always_fail_are_skipped_on_most_sessions(
    make_lake: MakeLake, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    from stockstream.ingest.health import HealthEvent, health_rows

    lake = make_lake({"A.AX": STEADY[:-1]}, until=days[-2])
    for day in days[-8:-1]:
        events = [HealthEvent("warning", "symbol_failed", "OLD.AX", 1, "not_found: x")]
        lake.record_health(health_rows(events, day, "r", pacing.clock.now()))
    told: list[HealthEvent] = []
    outcomes = []
    for number, day in enumerate(days[-5:]):
        source = new_source({"A.AX": STEADY})
        fetch_batch(
            lake, source, ["A", "OLD"], number, day, suffix=".AX", pacing=pacing, health=told.append
        )
        outcomes.append("OLD.AX" in source.asked)
    assert outcomes.count(True) >= 1
    assert outcomes.count(False) >= 1
    assert {e.kind for e in told if e.subject == "OLD.AX"} == {"symbol_failed", "symbol_skipped"}


def test_a_split_fetches_the_whole_history_in_the_same_batch(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    tmp_path: Path,
) -> None:
    long = [10.0 + 0.37 * (at % 7) for at in range(100)]
    lake = make_lake({"A.AX": long[:-1], "B.AX": long[:-1]}, until=days[-2])
    source = new_source({"A.AX": [close / 2 for close in long], "B.AX": long})
    source.events = [("A.AX", SESSION, "split", 2.0)]
    events: list[HealthEvent] = []
    answer = fetch_batch(
        lake, source, ["A.AX", "B.AX"], 0, SESSION, pacing=pacing, health=events.append
    )
    assert answer["metadata"]["symbols_failed"] == []
    assert source.asked == {"A.AX": 2, "B.AX": 1}
    assert source.calls[-1][:3] == (("A.AX",), dt.date(2014, 6, 28), SESSION)
    rows = rows_of(tmp_path / "lake")
    assert dict(rows.group_by("symbol").len().rows()) == {"A.AX": 100, "B.AX": 11}
    assert rows.filter(pl.col("splits").is_not_null()).select("symbol", "splits").rows() == [
        ("A.AX", 2.0)
    ]
    assert notes_of(tmp_path / "lake").refetched == {"A.AX": 2.0}
    assert [(e.kind, e.subject) for e in events] == [("restated", "A.AX")]


def test_a_history_that_does_not_come_leaves_the_symbol_waiting(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    tmp_path: Path,
) -> None:
    lake = make_lake({"A.AX": STEADY[:-1], "B.AX": STEADY[:-1]}, until=days[-2])
    source = new_source(
        {"A.AX": [close / 2 for close in STEADY], "B.AX": STEADY},
        faults={"A.AX": [None, "transient"]},
        forever=["A.AX"],
    )
    events: list[HealthEvent] = []
    answer = fetch_batch(
        lake, source, ["A.AX", "B.AX"], 0, SESSION, pacing=pacing, health=events.append
    )
    assert answer["metadata"]["symbols_failed"] == ["A.AX"]
    assert set(rows_of(tmp_path / "lake")["symbol"]) == {"B.AX"}
    notes = notes_of(tmp_path / "lake")
    assert notes.failed["A.AX"].kind == "transient"
    assert "on another scale" in notes.failed["A.AX"].reason
    assert {(e.kind, e.subject) for e in events} == {
        ("symbol_failed", "A.AX"),
        ("restatement_pending", "A.AX"),
    }


def test_stored_bars_older_than_the_usual_history_are_asked_for_too(
    make_lake: MakeLake, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    from stockstream.settings import FetchSettings

    lake = make_lake({"A.AX": [8.0 + 0.01 * at for at in range(110)]}, until=days[-2])
    source = new_source({"A.AX": [4.0 + 0.005 * at for at in range(111)]})
    session = SESSION.replace(year=2025)  # a year later, and one year is the usual history
    settings = FetchSettings(history_years=1)
    fetch_batch(lake, source, ["A.AX"], 0, session, pacing=pacing, settings=settings)
    assert source.asked["A.AX"] == 2
    assert source.calls[-1].start == days[len(days) - 111]


def test_no_common_day_fetches_the_whole_history(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    tmp_path: Path,
) -> None:
    lake = make_lake({"A.AX": STEADY}, until=days[-40])
    source = new_source({"A.AX": STEADY})
    events: list[HealthEvent] = []
    fetch_batch(lake, source, ["A.AX"], 0, SESSION, pacing=pacing, health=events.append)
    assert source.asked["A.AX"] == 2
    assert notes_of(tmp_path / "lake").refetched == {"A.AX": None}
    assert [e.kind for e in events] == ["no_common_day"]


def test_corrected_closes_are_noted(
    make_lake: MakeLake, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    lake = make_lake({"A.AX": STEADY[:-1]}, until=days[-2])
    source = new_source({"A.AX": [*STEADY[:-2], 15.9, 15.75]})
    events: list[HealthEvent] = []
    fetch_batch(lake, source, ["A.AX"], 0, SESSION, pacing=pacing, health=events.append)
    assert source.asked["A.AX"] == 1
    assert [(e.kind, e.subject) for e in events] == [("corrected", "A.AX")]


def test_unfinished_bars_are_kept_and_not_compared(
    make_lake: MakeLake,
    new_source: type[Source],
    pacing: Pacing,
    days: list[dt.date],
    tmp_path: Path,
) -> None:
    lake = make_lake({"A.AX": STEADY[:-1]}, until=days[-2])
    source = new_source({"A.AX": [close / 2 for close in STEADY]})
    source.final = {"A.AX": False}
    fetch_batch(lake, source, ["A.AX"], 0, SESSION, pacing=pacing)
    assert source.asked["A.AX"] == 1
    assert set(rows_of(tmp_path / "lake")["is_final"]) == {False}


def test_an_event_on_a_day_without_a_bar_is_kept(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    source = new_source({"A": STEADY, "B": []})
    source.events = [("A", days[3], "dividend", 0.2), ("B", days[-1], "split", 0.1)]
    answer = fetch_batch(tmp_path, source, "AB", 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == []
    lost = rows_of(tmp_path).filter(pl.col("close").is_null())
    assert lost.select("symbol", "date", "dividends", "splits", "is_final").rows() == [
        ("A", days[3], 0.2, None, False),
        ("B", days[-1], None, 0.1, False),
    ]


def test_foreign_time_stamps_are_noted(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"AOH.AX": STEADY, "BHP.AX": STEADY})
    source.offset = {"AOH.AX": "-04:00"}
    events: list[HealthEvent] = []
    fetch_batch(
        tmp_path, source, ["AOH.AX", "BHP.AX"], 0, SESSION, pacing=pacing, health=events.append
    )
    assert [(e.kind, e.subject) for e in events] == [("foreign_time_zone", "AOH.AX")]


def test_what_the_source_says_about_a_symbol_that_came(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    class Partial(new_source):  # type: ignore[misc, valid-type]
        def fetch(self, symbols: Any, start: dt.date, end: dt.date) -> Any:
            said = (Failure(symbols[0], "2 rows left out"), Failure("prices.csv", "not readable"))
            return replace(super().fetch(symbols, start, end), failures=said)

    events: list[HealthEvent] = []
    answer = fetch_batch(
        tmp_path, Partial({"A": STEADY}), ["A"], 0, SESSION, pacing=pacing, health=events.append
    )
    assert answer["metadata"]["symbols_failed"] == []
    assert [(e.kind, e.subject, e.detail) for e in events] == [
        ("symbol_incomplete", "A", "2 rows left out"),
        ("symbol_incomplete", "prices.csv", "not readable"),
    ]


@pytest.mark.parametrize("nonsense", [None, "rows", "no date"])
def test_a_provider_that_returns_nonsense(
    nonsense: str | None, tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    class Odd(new_source):  # type: ignore[misc, valid-type]
        def fetch(self, symbols: Any, start: dt.date, end: dt.date) -> Any:
            result = super().fetch(symbols, start, end)
            if symbols != ["A"]:
                return result
            return (
                replace(result, bars=result.bars.drop("date"))
                if nonsense == "no date"
                else nonsense
            )

    answer = fetch_batch(tmp_path, Odd({"A": STEADY, "B": STEADY}), "AB", 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_failed"] == ["A"]
    assert notes_of(tmp_path).failed["A"].kind == "malformed"


def test_what_was_not_asked_for_is_left_out(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, days: list[dt.date]
) -> None:
    class Chatty(new_source):  # type: ignore[misc, valid-type]
        def fetch(self, symbols: Any, start: dt.date, end: dt.date) -> Any:
            return super().fetch([*symbols, "OTHER"], days[0], days[-1])

    source = Chatty({"A": STEADY, "OTHER": STEADY})
    fetch_batch(tmp_path, source, ["A"], 0, days[-4], pacing=pacing)
    [batch] = RawZone(tmp_path).batches()
    rows = RawZone(tmp_path).read([batch]).rows
    assert set(rows["symbol"]) == {"A"}
    assert rows["date"].max() == days[-4]


def test_done_and_nothing_came_is_not_the_same_as_not_done(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"C": STEADY}, faults={"C": ["transient"]}, forever=["C"])
    nothing = fetch_batch(tmp_path, source, ["A", "B"], 0, SESSION, pacing=pacing)
    assert nothing["statusCode"] == 200
    assert nothing["metadata"]["symbols_failed"] == ["A", "B"]
    assert rows_of(tmp_path).is_empty()
    again = fetch_batch(tmp_path, source, ["A", "B"], 0, SESSION, pacing=pacing)
    assert (again, source.asked["A"]) == (nothing, 1)

    not_done = fetch_batch(tmp_path, source, ["C"], 1, SESSION, pacing=pacing)
    assert not_done["statusCode"] == 503
    assert not_done["metadata"]["s3_key"] is None
    assert not_done["metadata"]["symbols_failed"] == ["C"]
    assert "nothing was written" in not_done["body"]
    assert RawZone(tmp_path).find(SESSION, 1) is None
    source.faults = {}
    assert fetch_batch(tmp_path, source, ["C"], 1, SESSION, pacing=pacing)["statusCode"] == 200


def test_a_source_that_is_down_is_left_alone(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, clock: TurnedClock
) -> None:
    symbols = [f"S{number:02}" for number in range(100)]
    source = new_source(
        dict.fromkeys(symbols, STEADY),
        faults={symbol: ["transient"] for symbol in symbols},
        forever=symbols,
        clock=clock,
    )
    answer = fetch_batch(tmp_path, source, symbols, 0, SESSION, pacing=pacing)
    assert answer["statusCode"] == 503
    assert len(answer["metadata"]["symbols_failed"]) == 100
    assert len(source.calls) < 40
    assert clock.seconds <= 601.0
    assert "given up for now" in answer["body"]


def test_what_has_come_is_kept_when_the_time_is_up(
    tmp_path: Path, new_source: type[Source], clock: TurnedClock
) -> None:
    """One request a second, and a limit after five: what is left fails in passing."""
    clock._end = 5.0
    symbols = [f"S{number}" for number in range(9)]
    source = new_source(dict.fromkeys(symbols, STEADY), clock=clock)
    pacing = Pacing.of(1.0, clock)
    answer = fetch_batch(tmp_path, source, symbols, 0, SESSION, pacing=pacing)
    assert (answer["statusCode"], len(source.calls)) == (200, 6)
    assert answer["metadata"]["symbols_failed"] == ["S6", "S7", "S8"]
    failed = notes_of(tmp_path).failed
    assert {why.kind for why in failed.values()} == {"transient"}
    assert {why.reason for why in failed.values()} == {
        "no time was left to ask for it; the next run does"
    }


def test_nobody_waits_for_a_retry_when_the_time_is_up(
    tmp_path: Path, new_source: type[Source]
) -> None:
    source = new_source({"A": STEADY}, faults={"A": ["transient"]}, forever=["A"])
    pacing = Pacing.of(None, Clock(0.0))
    answer = fetch_batch(tmp_path, source, ["A"], 0, SESSION, pacing=pacing)
    assert (answer["statusCode"], source.calls) == (503, [])
    assert "no time was left" in answer["body"]


def test_an_outage_in_the_middle_costs_no_symbol(
    tmp_path: Path, new_source: type[Source], pacing: Pacing, clock: TurnedClock
) -> None:
    symbols = [f"S{number:02}" for number in range(60)]
    source = new_source(dict.fromkeys(symbols, STEADY), clock=clock)

    def down(_: Any) -> None:
        clock.seconds += 1.0
        if 20.0 < clock.seconds < 90.0:
            from stockstream.errors import TransientError

            raise TransientError("HTTP 503")

    source.before = down
    answer = fetch_batch(tmp_path, source, symbols, 0, SESSION, pacing=pacing)
    assert answer["metadata"]["symbols_fetched"] == 60
    assert 10 <= len(notes_of(tmp_path).recovered) <= 20


def test_a_batch_of_other_symbols_is_not_taken_for_this_one(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"A": STEADY, "B": STEADY})
    fetch_batch(tmp_path, source, ["A"], 0, SESSION, pacing=pacing)
    with pytest.raises(LakeError, match=r"made of other symbols.*numbers from 1 on"):
        fetch_batch(tmp_path, source, ["B"], 0, SESSION, pacing=pacing)
    full = fetch_batch(tmp_path, source, ["A"], 0, SESSION, suffix="", pacing=pacing)
    assert full["metadata"]["symbols_fetched"] == 1


def test_a_batch_made_by_hand_counts_as_done(
    tmp_path: Path, new_source: type[Source], days: list[dt.date]
) -> None:
    source = new_source({"A": STEADY})
    rows = source.fetch(["A"], days[0], days[-1]).bars
    RawZone(tmp_path).write_batch(SESSION, 0, rows)
    source.calls.clear()
    answer = fetch_batch(tmp_path, source, ["A", "B"], 0, SESSION)
    assert source.calls == []
    assert answer["metadata"]["symbols_fetched"] == 1
    assert answer["metadata"]["symbols_failed"] == ["B"]


def test_another_worker_may_be_faster(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    """A message that is delivered twice at once: both answers tell of the file that is there."""
    fast = new_source({"A": STEADY, "B": STEADY})
    slow = new_source({"A": STEADY, "B": STEADY}, faults={"B": ["not_found"]})
    answers: list[dict[str, Any]] = []

    def overtaken(symbols: Any) -> None:
        if symbols == ["B"] and not answers:
            answers.append(fetch_batch(tmp_path, fast, "AB", 0, SESSION, pacing=pacing))

    slow.before = overtaken
    answers.append(fetch_batch(tmp_path, slow, "AB", 0, SESSION, pacing=pacing))
    assert answers[0] == answers[1]
    assert answers[0]["metadata"]["symbols_failed"] == []


def test_names_given_twice_are_one_symbol(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"A.AX": STEADY})
    answer = fetch_batch(tmp_path, source, ["A", "A"], 0, SESSION, suffix=".AX", pacing=pacing)
    assert answer["metadata"]["symbols_processed"] == 1
    assert source.asked == {"A.AX": 1}


def test_a_lake_that_cannot_be_read_is_said_before_anything_is_asked(
    tmp_path: Path, new_source: type[Source], pacing: Pacing
) -> None:
    Lake.create(tmp_path, calendar="XASX")
    (tmp_path / "lake.json").write_text("{")
    source = new_source({"A": STEADY})
    with pytest.raises(LakeError, match="damaged"):
        fetch_batch(tmp_path, source, ["A"], 0, SESSION, pacing=pacing)
    assert source.calls == []
