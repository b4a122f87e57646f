"""From charts to bars: whose day a row is, and whether it is final."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from stockstream.errors import MalformedError
from stockstream.providers.yahoo.bars import read_bars
from stockstream.providers.yahoo.schema import YAHOO_SCHEMA
from stockstream.providers.yahoo.stamps import exchange_zone, offset_text

if TYPE_CHECKING:
    import polars as pl
    from tests.providers.conftest import MakeChart, Stamp

FRIDAY, MONDAY, TUESDAY = dt.date(2025, 4, 11), dt.date(2025, 4, 14), dt.date(2025, 4, 15)
DAYS = [FRIDAY, MONDAY, TUESDAY]
AFTERNOON = dt.datetime(2025, 4, 15, 15, 12, 33)  # noqa: DTZ001 - on the exchange's clock
OPEN, CLOSE, EVENING = (
    AFTERNOON.replace(hour=hour, minute=minute, second=0)
    for hour, minute in ((10, 0), (16, 0), (16, 10))
)
EVER = (dt.date.min, dt.date.max)


def read(chart: dict[str, Any], start: dt.date = EVER[0], end: dt.date = EVER[1]) -> pl.DataFrame:
    return read_bars(chart, "TST.AX", exchange_zone(chart["meta"]), start, end)


def finals(bars: pl.DataFrame) -> list[tuple[dt.date, bool]]:
    return bars.select("date", "is_final").rows()


def test_every_column(make_chart: MakeChart) -> None:
    bars = read(make_chart(DAYS))
    assert bars.schema == YAHOO_SCHEMA
    assert bars["date"].to_list() == DAYS
    assert bars.row(1, named=True) == {
        "symbol": "TST.AX",
        "date": MONDAY,
        "open": 2.0,
        "high": 2.5,
        "low": 1.5,
        "close": 2.0,
        "volume": 100,
        "adjusted_close": 2.0,
        "provider": "yahoo",
        "basis": "split",
        "is_final": True,
        "utc_offset": "+10:00",
    }


@pytest.mark.parametrize(
    ("days", "offsets"),
    [
        # 5 April 2025, 3:00: clocks go back; 5 October: forward.
        ([dt.date(2025, 4, 4), dt.date(2025, 4, 7)], ["+11:00", "+10:00"]),
        ([dt.date(2025, 10, 3), dt.date(2025, 10, 6)], ["+10:00", "+11:00"]),
        ([dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)], ["+11:00"] * 3),
    ],
)
def test_sydney_days_are_not_those_of_utc(
    days: list[dt.date], offsets: list[str], make_chart: MakeChart
) -> None:
    chart = make_chart(days)
    bars = read(chart)
    assert bars["date"].to_list() == days
    assert bars["utc_offset"].to_list() == offsets
    in_utc = [dt.datetime.fromtimestamp(stamp, dt.UTC).date() for stamp in chart["timestamp"]]
    assert in_utc[0] != days[0] or offsets[0] == "+10:00"


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("America/New_York", "-04:00"),
        ("Asia/Kolkata", "+05:30"),
        ("Pacific/Auckland", "+12:00"),
        ("Pacific/Kiritimati", "+14:00"),
        ("America/St_Johns", "-02:30"),
        ("UTC", "+00:00"),
    ],
)
@pytest.mark.parametrize("host", ["UTC", "Australia/Sydney", "America/Los_Angeles"])
def test_the_zone_of_the_machine_does_not_matter(
    zone: str, offset: str, host: str, make_chart: MakeChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", host)
    time.tzset()
    try:
        bars = read(make_chart(DAYS, zone=zone))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert bars["date"].to_list() == DAYS
    assert set(bars["utc_offset"]) == {offset}


def test_the_window_is_of_local_days(make_chart: MakeChart) -> None:
    chart = make_chart(DAYS)
    assert read(chart, MONDAY, MONDAY)["date"].to_list() == [MONDAY]
    assert read(chart, dt.date(2025, 4, 12), MONDAY)["date"].to_list() == [MONDAY]
    nothing = read(chart, dt.date(2025, 4, 12), dt.date(2025, 4, 13))
    assert nothing.schema == YAHOO_SCHEMA
    assert nothing.is_empty()


def test_no_time_stamps_is_no_bar(make_chart: MakeChart) -> None:
    for chart in (
        make_chart([], indicators={"quote": [{}], "adjclose": [{}]}),
        make_chart([], timestamp=None, indicators={"quote": [{}]}),
    ):
        bars = read(chart)
        assert bars.schema == YAHOO_SCHEMA
        assert bars.is_empty()


def test_a_row_without_prices_is_kept_and_not_final(make_chart: MakeChart) -> None:
    for name in ("open", "high", "low", "close"):
        bars = read(make_chart(DAYS, quote={name: [1.0, None, 3.0]}))
        assert finals(bars) == [(FRIDAY, True), (MONDAY, False), (TUESDAY, True)]
        assert bars[name].to_list() == [1.0, None, 3.0]
        assert bars["volume"].to_list() == [100] * 3


def test_a_volume_may_be_missing_and_of_any_number_type(make_chart: MakeChart) -> None:
    bars = read(make_chart(DAYS, quote={"volume": [None, 12.0, 28_111_481_032.6]}))
    assert bars["volume"].to_list() == [None, 12, 28_111_481_033]
    assert bars["is_final"].all()


def test_whole_numbers_and_no_adjusted_close(make_chart: MakeChart) -> None:
    chart = make_chart(DAYS, quote={"close": [1, 2, 3]})
    del chart["indicators"]["adjclose"]
    bars = read(chart)
    assert bars["close"].to_list() == [1.0, 2.0, 3.0]
    assert bars["adjusted_close"].to_list() == [None] * 3


class TestADaySoFar:
    """The last row, stamped with the last trade."""

    days = (FRIDAY, MONDAY, AFTERNOON)

    def test_before_the_end_of_its_session(self, make_chart: MakeChart) -> None:
        chart = make_chart(self.days, last_trade=AFTERNOON, session=(OPEN, CLOSE))
        assert finals(read(chart)) == [(FRIDAY, True), (MONDAY, True), (TUESDAY, False)]

    def test_where_nothing_is_known_of_the_session(self, make_chart: MakeChart) -> None:
        chart = make_chart(self.days, last_trade=AFTERNOON)
        assert finals(read(chart))[-1] == (TUESDAY, False)

    def test_with_the_session_of_another_day(self, make_chart: MakeChart) -> None:
        """The morning after, when the bar has not been settled yet."""
        tomorrow = (OPEN + dt.timedelta(days=1), CLOSE + dt.timedelta(days=1))
        chart = make_chart((MONDAY, EVENING), last_trade=EVENING, session=tomorrow)
        assert finals(read(chart))[-1] == (TUESDAY, False)

    @pytest.mark.parametrize("last", [CLOSE, EVENING])
    def test_at_or_after_the_end_of_its_session(
        self, last: dt.datetime, make_chart: MakeChart
    ) -> None:
        chart = make_chart((MONDAY, last), last_trade=last, session=(OPEN, CLOSE))
        assert finals(read(chart)) == [(MONDAY, True), (TUESDAY, True)]

    def test_without_prices_after_the_end(self, make_chart: MakeChart) -> None:
        none = {"close": [1.0, None]}
        chart = make_chart((MONDAY, EVENING), last_trade=EVENING, session=(OPEN, CLOSE), quote=none)
        assert finals(read(chart))[-1] == (TUESDAY, False)

    def test_beside_a_bar_of_that_day(self, make_chart: MakeChart) -> None:
        chart = make_chart((MONDAY, TUESDAY, AFTERNOON), last_trade=AFTERNOON)
        bars = read(chart)
        assert finals(bars) == [(MONDAY, True), (TUESDAY, True), (TUESDAY, False)]
        assert bars["close"].to_list() == [1.0, 2.0, 3.0]

    def test_beside_a_bar_of_that_day_while_the_session_runs(self, make_chart: MakeChart) -> None:
        chart = make_chart(
            (MONDAY, TUESDAY, AFTERNOON), last_trade=AFTERNOON, session=(OPEN, CLOSE)
        )
        assert finals(read(chart)) == [(MONDAY, True), (TUESDAY, False), (TUESDAY, False)]

    def test_beside_a_bar_of_that_day_after_the_end(self, make_chart: MakeChart) -> None:
        chart = make_chart((MONDAY, TUESDAY, EVENING), last_trade=EVENING, session=(OPEN, CLOSE))
        assert finals(read(chart)) == [(MONDAY, True), (TUESDAY, True), (TUESDAY, False)]

    def test_beside_a_bar_of_that_day_without_prices(self, make_chart: MakeChart) -> None:
        chart = make_chart(
            (MONDAY, TUESDAY, EVENING),
            last_trade=EVENING,
            session=(OPEN, CLOSE),
            quote={"open": [1.0, None, 3.0]},
        )
        assert finals(read(chart)) == [(MONDAY, True), (TUESDAY, False), (TUESDAY, True)]

    def test_sent_twice_with_other_prices(self, make_chart: MakeChart) -> None:
        chart = make_chart((MONDAY, AFTERNOON, AFTERNOON), last_trade=AFTERNOON)
        assert finals(read(chart)) == [(MONDAY, True), (TUESDAY, False), (TUESDAY, False)]

    def test_the_only_row(self, make_chart: MakeChart) -> None:
        """Its open is known from the session, or it is not known at all."""
        for last, final in ((OPEN, True), (AFTERNOON, False)):
            chart = make_chart([last], last_trade=last, session=(OPEN, CLOSE))
            assert finals(read(chart)) == [(TUESDAY, final)]
        chart = make_chart([OPEN], last_trade=OPEN)
        assert finals(read(chart)) == [(TUESDAY, False)]

    def test_across_a_switch_of_clocks(self, make_chart: MakeChart) -> None:
        """Opens are told by the exchange's clock: in UTC this one is an hour off the others."""
        sunday_later = dt.date(2025, 10, 6)
        chart = make_chart(
            [dt.date(2025, 10, 2), dt.date(2025, 10, 3), sunday_later],
            last_trade=dt.datetime.combine(sunday_later, dt.time(10)),
        )
        assert finals(read(chart))[-1] == (sunday_later, True)

    def test_odd_sessions_say_nothing(self, make_chart: MakeChart) -> None:
        odd_ones: list[object] = [None, [], {"pre": {}}, {"regular": None}]
        for odd in (*odd_ones, {"regular": {"start": 0, "end": 0}}):
            meta = {"currentTradingPeriod": odd}
            chart = make_chart(self.days, last_trade=AFTERNOON, meta=meta)
            assert finals(read(chart))[-1] == (TUESDAY, False)

    def test_a_settled_bar_whose_last_trade_was_later(self, make_chart: MakeChart) -> None:
        """Most fetches: the bars are at their opens, the last trade is elsewhere."""
        chart = make_chart(DAYS, last_trade=EVENING)
        assert all(final for _, final in finals(read(chart)))


def test_a_row_that_repeats_the_one_before(make_chart: MakeChart) -> None:
    chart = make_chart(DAYS, quote={"close": [1.0, 2.0, 2.5]})
    for array in (chart["timestamp"], *chart["indicators"]["quote"][0].values()):
        array.append(array[-1])
    bars = read(chart)
    assert finals(bars) == [(day, True) for day in DAYS]


def test_two_bars_of_a_day_that_differ(make_chart: MakeChart) -> None:
    """Both are kept; one of them is final: the last with prices."""
    bars = read(make_chart([FRIDAY, MONDAY, MONDAY]))
    assert finals(bars) == [(FRIDAY, True), (MONDAY, False), (MONDAY, True)]
    bars = read(make_chart([FRIDAY, MONDAY, MONDAY], quote={"low": [0.5, 1.5, None]}))
    assert finals(bars) == [(FRIDAY, True), (MONDAY, True), (MONDAY, False)]


def test_rows_out_of_order(make_chart: MakeChart) -> None:
    ordered = read(make_chart(DAYS))
    chart = make_chart(DAYS)
    arrays = [chart["timestamp"], *chart["indicators"]["quote"][0].values()]
    arrays.append(list(chart["indicators"]["adjclose"][0]["adjclose"]))
    chart["indicators"]["adjclose"][0]["adjclose"] = arrays[-1]
    for array in {id(array): array for array in arrays}.values():
        array.reverse()
    assert read(chart).equals(ordered)
    assert read(chart, MONDAY, MONDAY).equals(ordered[1:2])


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": [1, 2]},
        {"timestamp": []},
        {"timestamp": None},
        {"timestamp": "abc"},
        {"timestamp": {"0": 1, "1": 2, "2": 3}},
        {"timestamp": [1, None, 3]},
        {"timestamp": [None, None, None]},
        {"timestamp": ["1", "2", "3"]},
        {"timestamp": [1, 2, 10**12]},
        {"timestamp": [1, 2, 10**30]},
        {"quote": {"open": [1.0, 2.0]}},
        {"quote": {"high": []}},
        {"quote": {"low": None}},
        {"quote": {"close": [1.0, 2.0, "3"]}},
        {"quote": {"close": [1.0, 2.0, [3.0]]}},
        {"quote": {"volume": [1, 2, "3"]}},
        {"quote": {"volume": [1, 2, float("inf")]}},
        {"quote": {"volume": [1, 2, 10**30]}},
        {"indicators": None},
        {"indicators": {}},
        {"indicators": {"quote": []}},
        {"indicators": {"quote": [None]}},
        {"indicators": {"quote": [{}]}},
    ],
)
def test_what_cannot_be_read(changes: dict[str, Any], make_chart: MakeChart) -> None:
    with pytest.raises(MalformedError):
        read(make_chart(DAYS, **changes))


def test_an_adjusted_close_of_another_length(make_chart: MakeChart) -> None:
    chart = make_chart(DAYS)
    chart["indicators"]["adjclose"][0]["adjclose"] = [1.0]
    with pytest.raises(MalformedError, match="differ in length"):
        read(chart)


@pytest.mark.parametrize("zone", [None, "", 3, "Mars/Olympus", "../../etc/passwd", "Australia"])
def test_a_zone_that_does_not_exist(zone: object, make_chart: MakeChart) -> None:
    with pytest.raises(MalformedError, match="time zone"):
        read(make_chart(DAYS, meta={"exchangeTimezoneName": zone}))


def test_many_days_at_random(make_chart: MakeChart, stamp: Stamp) -> None:
    """Every day of thirty years in Sydney, whatever the switch of clocks, is the day it opened."""
    draw = random.Random(11)  # noqa: S311 - not for secrets
    first = dt.date(1995, 1, 1).toordinal()
    days = sorted({dt.date.fromordinal(first + draw.randrange(11_000)) for _ in range(2_000)})
    bars = read(make_chart(days))
    assert bars["date"].to_list() == days
    for day, offset in bars.select("date", "utc_offset").sample(50, seed=1).rows():
        local = dt.datetime.fromtimestamp(stamp(day), ZoneInfo("Australia/Sydney"))
        assert local.isoformat().endswith(offset)


def test_offsets_as_text() -> None:
    assert offset_text(dt.timedelta(hours=10, minutes=30)) == "+10:30"
    assert offset_text(dt.timedelta(hours=-5)) == "-05:00"
    assert offset_text(None) == "+00:00"
