"""A year of daily runs against a source that fails in every known way, replayed over HTTP.

A server on this machine shows a real or simulated market as Yahoo and the directory of the exchange
would have shown it on each session, and injects faults from a seeded plan. After the last run the
lake must hold just what a perfect one would, and every fault must be in its health table.

    python scripts/replay_year.py --bars asx_market.parquet --lists before.csv after.csv
    python scripts/replay_year.py --simulated 60 --sessions 60

The clock by which the fetches wait runs a hundred times as fast as others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockstream.ingest.pacing import Breaker, Clock, Pacing, RateBudget
from stockstream.ingest.update import update
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.market.listings import compare, read_listing
from stockstream.market.simulated import simulate_market
from stockstream.providers.directory import DirectorySource
from stockstream.providers.yahoo import YahooProvider
from stockstream.settings import FetchSettings, Settings
from stockstream.testing.source_server import (
    Burst,
    DirectoryFault,
    FaultPlan,
    Poison,
    SourceServer,
    Truth,
    market_from_bars,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.ingest.run_summary import UpdateSummary
    from stockstream.testing.source_server.plan import Kind

    Run = tuple[UpdateSummary, list[dict[str, Any]]]
    """A run, and the faults that the server injected into it."""

SUFFIX = ".AX"
QUICK = 100
ASK_ALL = Settings(fetch=FetchSettings(history_years=2, skip_after=10_000))
KEY = ["symbol", "date"]
PRICES = ["open", "high", "low", "close"]
HEADER = '"ASX code","Company name","GICs industry group","Listing date","Market Cap"'


class QuickClock(Clock):
    """A clock a hundred times as fast, by which nobody waits long."""

    def time(self) -> float:
        return super().time() * QUICK

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / QUICK)


@dataclass(frozen=True)
class Year:
    """What is replayed.

    Attributes:
        folder: the market, for the server.
        truth: what a perfect lake holds after the last session.
        sessions: on each of them there is one run.
        plan: the faults.
        expected_lists: sessions whose list must be refused.
    """

    folder: Path
    truth: Truth
    sessions: list[dt.date]
    plan: FaultPlan
    expected_lists: list[dt.date]


def make_year(
    bars: pl.DataFrame, lists: tuple[pl.DataFrame, pl.DataFrame] | None, folder: Path, count: int
) -> Year:
    """Plant list changes, splits, dividends and faults into bars.

    Args:
        bars: of one year, and some weeks before it.
        lists: two real directories; what changed between them happens here, spread over the year.
        folder: where the market goes.
        count: sessions to replay.
    """
    rng = np.random.default_rng(2021)
    calendar = get_calendar("XASX")
    days = bars["date"].unique().sort().to_list()
    sessions = [day.item() for day in calendar.sessions(days[21], days[-1])][:count]
    count = len(sessions)
    bars = bars.filter(pl.col("date") <= sessions[-1])
    listed, bars, gone = _lists(bars, lists, sessions, rng)
    many = bars["symbol"].n_unique()
    planted = market_from_bars(
        bars, folder, actions=gone, lists=listed, seed=7, splits=max(many // 30, 3), dividends=many
    )
    shown = {name + SUFFIX for body in listed.values() for name in _codes(body)}
    stays = {name + SUFFIX for name in set.intersection(*map(set, map(_codes, listed.values())))}
    traded = set(bars["symbol"])
    broken = _third(_codes(listed[sessions[count // 3]]))
    plan, poisoned = _faults(sorted(shown & traded), sorted(stays & traded), broken, sessions, rng)
    kept = pl.col("symbol").is_in(sorted(shown - poisoned))
    truth = Truth(planted.truth.bars.filter(kept), planted.truth.actions.filter(kept))
    refused = sorted({day for fault in plan.directory for day in fault.dates})
    return Year(folder, truth, sessions, plan, refused)


def _third(codes: Sequence[str], size: int = 100) -> list[str]:
    """The symbols of every third batch."""
    ordered = sorted(codes)
    return [
        name + SUFFIX
        for start in range(0, len(ordered), 3 * size)
        for name in ordered[start : start + size]
    ]


def _codes(body: bytes) -> list[str]:
    return read_listing(body).rows["symbol"].to_list()


def _lists(
    bars: pl.DataFrame,
    lists: tuple[pl.DataFrame, pl.DataFrame] | None,
    sessions: Sequence[dt.date],
    rng: np.random.Generator,
) -> tuple[dict[dt.date, bytes], pl.DataFrame, pl.DataFrame]:
    """The directory of each session, the bars with renamed symbols, and who is delisted when."""
    codes = bars["symbol"].unique().sort().str.strip_suffix(SUFFIX)
    before, after = lists or _invented(codes, rng)
    changes = compare(before, after)
    renamed = dict(changes.renamed)
    steps = [*(("out", code) for code in changes.removed if code not in renamed)]
    steps += [("in", code) for code in changes.added if code not in renamed.values()]
    steps += [("rename", code) for code in renamed]
    # Four sessions at the end, so that each removal is confirmed within the year.
    places = rng.integers(5, len(sessions) - 5, len(steps))
    # Who goes on the day after the broken batches leaves bars behind that nobody could get.
    places[np.isin(places, len(sessions) // 3 + np.arange(2))] += 2
    rows = {row["symbol"]: row for row in pl.concat([after, before]).to_dicts()}
    names = set(before["symbol"])
    bodies, gone, twins = {}, [], []
    for place, session in enumerate(sessions):
        for what, code in (step for step, at in zip(steps, places, strict=True) if at == place):
            if what == "in":
                names.add(code)
                continue
            names.discard(code)
            if code in set(codes):
                gone.append((code + SUFFIX, session))
            if what == "rename":
                names.add(renamed[code])
                twins.append((code + SUFFIX, renamed[code] + SUFFIX))
        bodies[session] = _body([rows[name] for name in sorted(names)])
    cut = pl.DataFrame(gone, {"symbol": pl.String, "gone": pl.Date}, orient="row")
    heirs = dict(twins)
    moved = bars.filter(pl.col("symbol").is_in(list(heirs))).with_columns(
        pl.col("symbol").replace(heirs)
    )
    left = (
        bars.filter(~pl.col("symbol").is_in(list(heirs.values())))
        .join(cut, on="symbol", how="left")
        .filter(pl.col("gone").is_null() | (pl.col("date") < pl.col("gone")))
        .drop("gone")
    )
    ended = left.join(cut, on="symbol").group_by("symbol", date="gone").agg(pl.col("close").last())
    delistings = ended.select(*KEY, kind=pl.lit("delisting"), value="close")
    return bodies, pl.concat([left, moved]).sort(KEY), delistings.sort(KEY)


def _invented(codes: pl.Series, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two directories of a simulated market: a tenth changes between them."""
    dates = [dt.date(1990, 1, 1) + dt.timedelta(days=int(n)) for n in rng.permutation(len(codes))]
    rows = pl.DataFrame(
        {
            "symbol": codes,
            "name": codes + " LIMITED",
            "sector": "Materials",
            "industry_group": "Materials",
            "listing_date": dates,
            "market_cap": 1e6,
        }
    )
    late, early = rows.head(len(rows) // 20), rows.tail(len(rows) // 20)
    twin = late.head(1).with_columns(
        symbol=pl.lit("QQQ"), listing_date=early["listing_date"].tail(1)
    )
    return rows.join(late, on="symbol", how="anti"), pl.concat(
        [rows.join(early, on="symbol", how="anti"), twin]
    )


def _body(rows: Sequence[dict[str, object]]) -> bytes:
    def line(row: dict[str, object]) -> str:
        listed = row["listing_date"]
        day = f"{listed:%d/%m/%Y}" if isinstance(listed, dt.date) else ""
        cap = row["market_cap"]
        money = f"{cap:.0f}" if isinstance(cap, float) else '"--"'
        group = row["industry_group"] or "Not Applic"
        return f'"{row["symbol"]}","{row["name"]}","{group}","{day}",{money}'

    return "\n".join([HEADER, *map(line, rows)]).encode() + b"\n"


def _faults(
    symbols: Sequence[str],
    stays: Sequence[str],
    broken: Sequence[str],
    sessions: Sequence[dt.date],
    rng: np.random.Generator,
) -> tuple[FaultPlan, set[str]]:
    """5 % transient errors, 429 bursts, 2 % poison, 30 % of the batches of a day, bad lists.

    A connection that is reset is not among them: curl itself repeats a request when that befalls a
    connection it had kept, and nobody hears of it.
    """
    always = _drawn(stays, len(symbols) // 100, rng)
    for_weeks = _drawn([s for s in stays if s not in always], len(symbols) // 100, rng)
    weeks = tuple(sessions[len(sessions) // 4 : len(sessions) // 2])
    half = sessions[len(sessions) // 2]
    lies: tuple[Kind, ...] = ("malformed", "html", "null_chart", "wrong_symbol", "not_found")
    poison = [Poison(kind, tuple(always[n :: len(lies)])) for n, kind in enumerate(lies)]
    poison += [Poison(kind, tuple(for_weeks[n :: len(lies)]), weeks) for n, kind in enumerate(lies)]
    poison.append(Poison("server_error", tuple(broken), (sessions[len(sessions) // 3],)))
    bursts = tuple(
        Burst(first, 30, wait, (half, sessions[-8])) for first, wait in ((50, None), (200, 2.0))
    )
    lists = (
        DirectoryFault("short", (sessions[6],), share=0.25),
        DirectoryFault("short", (sessions[-9],), share=0.15),
        DirectoryFault("html", (sessions[8],)),
        DirectoryFault("header_only", (sessions[9],)),
        DirectoryFault("error_json", (sessions[11],)),
    )
    plan = FaultPlan(
        seed=5,
        server_error=0.03,
        truncated=0.02,
        poison=tuple(one for one in poison if one.symbols),
        bursts=bursts,
        directory=lists,
    )
    return plan, set(always)


def _drawn(symbols: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    return sorted(str(name) for name in rng.choice(list(symbols), max(count, 5), replace=False))


def replay(year: Year, place: Path, *, say: bool = True) -> list[Run]:
    """One run for each session; each with the faults that the server injected."""
    settings = Settings(fetch=FetchSettings(history_years=2))
    clock, done = QuickClock(), []
    with (
        SourceServer.start(year.folder, today=year.sessions[0], plan=year.plan) as server,
        YahooProvider(base_url=server.url) as provider,
        DirectorySource(server.directory_url) as lists,
    ):
        seen = 0
        for number, session in enumerate(year.sessions, start=1):
            server.today(session)
            pacing = Pacing(RateBudget(None, clock=clock), Breaker(clock=clock), clock)
            # A share that nobody could get for months may trade again: ask for all, at the end.
            patient = settings if session < year.sessions[-1] else ASK_ALL
            summary = update(
                place, provider, lists, settings=patient, session=session, pacing=pacing
            )
            faults = server.faults()
            done.append((summary, faults[seen:]))
            seen = len(faults)
            if say:
                counters = " ".join(f"{n} {v}" for n, v in summary.counters.items())
                print(f"{number:4} {session} {summary.state:9} {counters} {summary.seconds:6.2f} s")
    return done


def judge(year: Year, place: Path, runs: Sequence[Run]) -> list[str]:
    """What is wrong with the lake; nothing, if it is right."""
    lake = Lake(place)
    return [
        *_wrong_bars(year.truth.bars, lake),
        *_wrong_actions(year.truth.actions, lake),
        *_untold(lake.health(), runs, year.expected_lists),
    ]


def _wrong_bars(truth: pl.DataFrame, lake: Lake) -> list[str]:
    """Row for row; prices to the single precision in which the source sends them."""
    single = pl.col(PRICES).cast(pl.Float32)
    columns = [*KEY, *PRICES, "volume"]
    # What was set aside and found right later is in the lake.
    set_aside = lake.quarantine().select(KEY).unique().join(lake.bars(), on=KEY, how="anti")
    want = truth.join(set_aside, on=KEY, how="anti").select(columns).with_columns(single)
    have = lake.bars().select(columns).with_columns(single)
    lost, more = want.join(have, on=KEY, how="anti"), have.join(want, on=KEY, how="anti")
    both = want.join(have, on=KEY, suffix="_have")
    differ = both.filter(
        pl.any_horizontal(pl.col(name) != pl.col(f"{name}_have") for name in columns[2:])
    )
    print(f"bars: {len(have):,} in the lake, {len(want):,} in truth, {len(set_aside):,} set aside")
    found = (("missing", lost), ("not in truth", more), ("different", differ))
    return [
        f"{len(rows):,} bars {what}, such as {rows.row(0, named=True)}"
        for what, rows in found
        if len(rows)
    ]


def _wrong_actions(truth: pl.DataFrame, lake: Lake) -> list[str]:
    key = [*KEY, "kind"]
    have = lake.actions().filter(pl.col("kind") != "delisting")
    lost, more = truth.join(have, on=key, how="anti"), have.join(truth, on=key, how="anti")
    both = truth.join(have, on=key, suffix="_have")
    differ = both.filter((pl.col("value") / pl.col("value_have") - 1.0).abs() > 1e-6)
    print(f"splits and dividends: {len(have):,} in the lake, {len(truth):,} in truth")
    found = (("missing", lost), ("not in truth", more), ("different", differ))
    return [
        f"{len(rows):,} events {what}, such as {rows.row(0, named=True)}"
        for what, rows in found
        if len(rows)
    ]


def _untold(
    health: pl.DataFrame,
    runs: Sequence[Run],
    lists: Sequence[dt.date],
) -> list[str]:
    """Faults that the health table does not know."""
    kinds = {"symbol_failed", "symbol_recovered", "restatement_pending"}
    told = {
        (row["date"], row["subject"])
        for row in health.filter(pl.col("kind").is_in(kinds)).to_dicts()
    }
    untold, count = [], 0
    for summary, faults in runs:
        for fault in faults:
            if fault["endpoint"] == "directory":
                continue
            count += 1
            at = (summary.session, fault["symbol"])
            if at not in told and not summary.batches_failed:
                untold.append(f"{fault}")
    refused = set(health.filter(pl.col("kind") == "list_refused")["date"])
    untold += [f"the list of {day}" for day in lists if day not in refused]
    print(f"faults: {count:,} in requests for symbols, {len(lists)} lists; {len(untold)} untold")
    if not untold:
        return []
    return [f"{len(untold):,} faults are not in the health table, such as {untold[0]}"]


def main() -> int:
    """Replay, judge, and say how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bars", type=Path, help="Parquet file: symbol, date, OHLCV")
    parser.add_argument("--lists", type=Path, nargs=2, help="two directories of the exchange")
    parser.add_argument("--simulated", type=int, default=60, help="companies, without --bars")
    parser.add_argument("--year", type=int, default=2021)
    parser.add_argument("--sessions", type=int, default=250)
    parser.add_argument("--lake", type=Path, help="where to leave the lake")
    options = parser.parse_args()
    first, last = dt.date(options.year - 1, 12, 1), dt.date(options.year, 12, 31)
    if options.bars is None:
        bars = simulate_market(options.simulated, first, last, 7).bars
    else:
        bars = pl.read_parquet(options.bars).filter(pl.col("date").is_between(first, last))
    lists = options.lists and tuple(read_listing(path.read_bytes()).rows for path in options.lists)
    with tempfile.TemporaryDirectory() as folder:
        year = make_year(bars, lists, Path(folder) / "market", options.sessions)
        place = options.lake or Path(folder) / "lake"
        began, busy = time.monotonic(), time.process_time()
        runs = replay(year, place)
        seconds, cpu = time.monotonic() - began, time.process_time() - busy
        wrong = judge(year, place, runs)
    asked = sum(len(summary.symbols_failed) + summary.symbols_fetched for summary, _ in runs)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    states = pl.Series([summary.state for summary, _ in runs]).value_counts(sort=True)
    print(f"{len(runs)} runs ({dict(states.rows())}) in {seconds:,.1f} s, {cpu:,.1f} s of CPU")
    print(f"{cpu / max(asked, 1) * 1000:.2f} ms of CPU for each symbol; {memory:,.0f} MB at most")
    print("\n".join(wrong) or "the lake equals the truth, and the health table knows every fault")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
