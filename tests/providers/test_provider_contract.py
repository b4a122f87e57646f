"""The shipped providers keep the contract, and the contract finds those that do not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from itertools import count
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.providers.base import Failure, Pace
from stockstream.providers.files import FilesProvider
from stockstream.providers.simulated import SimulatedProvider
from stockstream.providers.yahoo import YahooProvider
from stockstream.testing.provider_contract import ProviderContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.providers.conftest import AsBody, Loopback, MakeChart, Stamp

    from stockstream.providers.base import FetchResult

    Fault = Callable[[FetchResult], FetchResult]

FRIDAY, MONDAY = dt.date(2025, 4, 4), dt.date(2025, 4, 7)
NO_LIMIT = Pace(symbols_per_request=None, per_second=None)


class TestFilesProvider(ProviderContract):
    symbols = ("AAA.AX", "BBB.AX")
    unknown = "NOPE.AX"
    start, end = dt.date(2024, 1, 2), dt.date(2024, 1, 3)

    @pytest.fixture
    def provider(self, tmp_path: Path) -> FilesProvider:
        header = "date,open,high,low,close,volume,dividends\n"
        rows = "".join(f"2024-01-0{day},1,2,0.5,1.5,100,{day / 10}\n" for day in (1, 2, 3, 4))
        for symbol in self.symbols:
            (tmp_path / f"{symbol}.csv").write_text(header + rows, encoding="utf-8")
        return FilesProvider([tmp_path])


class TestSimulatedProvider(ProviderContract):
    start, end = dt.date(2023, 1, 1), dt.date(2023, 3, 31)
    symbols = tuple(SimulatedProvider(5, 3).fetch([], start, end).bars["symbol"].unique().sort())
    unknown = "NOPE.AX"

    @pytest.fixture
    def provider(self) -> SimulatedProvider:
        return SimulatedProvider(5, 3)


class TestYahooProvider(ProviderContract):
    symbols = ("AAA.AX", "BBB.AX", "CCC.AX")
    unknown = "NOPE.AX"
    start, end = FRIDAY, MONDAY

    @pytest.fixture
    def provider(
        self, loopback: Loopback, make_chart: MakeChart, as_body: AsBody, stamp: Stamp
    ) -> Iterator[YahooProvider]:
        now = dt.datetime(2025, 4, 7, 15)  # noqa: DTZ001 - on the exchange's clock
        days = [dt.date(2025, 4, 3), FRIDAY, MONDAY, now]
        events = {
            "dividends": {"1": {"amount": 0.5, "date": stamp(FRIDAY)}},
            "splits": {"1": {"date": stamp(MONDAY), "numerator": 2, "denominator": 1}},
        }
        for symbol in self.symbols:
            chart = make_chart(days, symbol=symbol, last_trade=now, events=events)
            loopback.say(as_body(chart), to=symbol)
        loopback.say(as_body(error={"code": "Not Found"}), 404, to=self.unknown)
        with YahooProvider(loopback.url) as provider:
            yield provider


class Faulty:
    """A simulated provider with something wrong about it."""

    def __init__(self, fault: Fault, name: str = "simulated", pace: Pace = NO_LIMIT) -> None:
        self._fault, self.name, self.pace = fault, name, pace

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        return self._fault(SimulatedProvider(5, 3).fetch(symbols, start, end))


def _broken(**changes: Any) -> Fault:
    return lambda result: dataclasses.replace(
        result, **{name: change(getattr(result, name)) for name, change in changes.items()}
    )


def _unfinished(bars: pl.DataFrame) -> pl.DataFrame:
    return bars.with_columns(is_final=pl.lit(None, pl.Boolean))


def _other_failure(*parts: Any) -> Callable[[Sequence[Failure]], tuple[Failure, ...]]:
    return lambda failures: tuple(Failure(failure.name, *parts) for failure in failures)


def _fickle() -> Fault:
    """One row less each time."""
    number = count(1)
    return _broken(bars=lambda bars: bars.slice(next(number)))


FAULTS: dict[str, list[Fault]] = {
    "test_the_bars_have_their_schema": [
        _broken(bars=lambda bars: bars.drop("volume")),
        _broken(bars=lambda bars: bars.with_columns(pl.col("close").cast(pl.Float32))),
        _broken(bars=lambda bars: bars.with_columns(mood=pl.lit("good"))),
        _broken(bars=lambda bars: bars.with_columns(is_final=pl.lit("yes"))),
        _broken(bars=lambda bars: bars.with_columns(basis=pl.lit("odd"))),
        _broken(bars=lambda bars: bars.with_columns(provider=pl.lit(None, pl.String))),
    ],
    "test_every_known_symbol_gives_bars": [
        _broken(bars=lambda bars: bars.filter(pl.col("symbol") != bars["symbol"][0])),
        _broken(basis_reason=lambda _: ""),
    ],
    "test_only_what_was_asked_for_comes": [
        _broken(bars=lambda bars: bars.with_columns(symbol=pl.lit("OTHER"))),
        _broken(bars=lambda bars: bars.with_columns(pl.col("date").dt.offset_by("1y"))),
    ],
    "test_final_bars_are_whole_and_one_of_each_day": [
        _broken(bars=lambda bars: pl.concat([bars, bars])),
        _broken(bars=_unfinished),
        _broken(bars=lambda bars: bars.with_columns(open=None, is_final=pl.lit(value=True))),
    ],
    "test_offsets_are_as_iso_8601_writes_them": [
        _broken(bars=lambda bars: bars.with_columns(utc_offset=pl.lit("AEST"))),
    ],
    "test_the_actions_have_their_schema": [
        _broken(actions=lambda actions: actions.drop("value")),
        _broken(actions=lambda actions: pl.concat([actions, actions])),
        _broken(actions=lambda actions: actions.with_columns(value=pl.lit(0.0))),
        _broken(actions=lambda actions: actions.with_columns(kind=pl.lit("gift"))),
    ],
    "test_the_order_of_symbols_does_not_matter": [_fickle()],
    "test_asking_again_gives_the_same": [_fickle()],
    "test_threads_may_ask_at_once": [_fickle()],
    "test_an_unknown_symbol_is_a_failure_beside_the_others": [
        _broken(failures=lambda _: ()),
        _broken(failures=_other_failure("")),
        _broken(failures=_other_failure("gone", "odd")),
        _broken(failures=_other_failure("gone", "empty", -1.0)),
        _broken(failures=_other_failure("it was delisted", "not_found")),
    ],
    "test_an_unknown_symbol_alone": [
        _broken(bars=lambda bars: bars if len(bars) else pl.DataFrame()),
        _broken(actions=lambda actions: actions if len(actions) else pl.DataFrame()),
    ],
}


@pytest.mark.parametrize("test", FAULTS)
def test_the_contract_finds_what_is_wrong(test: str) -> None:
    checks = TestSimulatedProvider()
    getattr(checks, test)(Faulty(lambda result: result))
    for fault in FAULTS[test]:
        with pytest.raises((AssertionError, ValueError, pl.exceptions.PolarsError)):
            getattr(checks, test)(Faulty(fault))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Simulated"},
        {"name": "simulated "},
        {"pace": Pace(0, None)},
        {"pace": Pace(1, 0.0)},
        {"pace": Pace(1, math.inf)},
    ],
)
def test_the_contract_finds_a_wrong_name_or_pace(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        TestSimulatedProvider().test_it_has_a_name_and_a_pace(
            Faulty(lambda result: result, **wrong)
        )


def test_every_test_of_the_contract_has_been_seen_to_fail() -> None:
    tests = {name for name in dir(ProviderContract) if name.startswith("test_")}
    assert tests == {*FAULTS, "test_it_has_a_name_and_a_pace"}
