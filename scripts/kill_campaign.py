"""Kill the daily run, and writers of a lake, at random moments, and count what is lost.

``python scripts/kill_campaign.py update --kills 200`` starts ``stockstream update`` over and over
against a source server on this machine, and kills it with SIGKILL after a time drawn evenly from
its whole duration; ``--from 0.6`` leaves out its start-up. ``commits`` does the same to a process
that merges bars and their events into a lake. The same seed draws the same times; where they hit
depends on the machine.

After each kill the lake must be as before the run or as after it, whole: no row that was there is
lost, none is there twice, no file can be read that was not written to its end. Each session is
brought to its end by a last run, and then the lake must be what the source had, row for row. At the
end a repair removes what the killed left behind.

SIGKILL is no power failure: what a process has handed to the system stays.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockstream.ingest.day_lists import DayLists
from stockstream.ingest.run_record import RunRecord
from stockstream.lake.maintenance.repair import repair_lake
from stockstream.lake.maintenance.verify import verify_lake
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake
from stockstream.market.actions import conform_actions
from stockstream.market.bars import KEY, PRICES, conform
from stockstream.market.calendars import get_calendar
from stockstream.market.simulated import simulate_market
from stockstream.testing.source_server import SourceServer, market_from_bars, read_market, truth_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.testing.source_server import MarketFrames

COMPANIES, BATCH = 20, 5
SESSIONS = 30
"""Sessions of one lake; after them another one is begun."""

LEFT_ALONE = 0.4
"""Share of the kills after which the next run of the session comes to its end."""

NEAR = 1e-6
"""Relative difference of prices that went over the wire in single precision."""

ROUNDS = 40
"""Rounds of one lake that writers fill."""


class State(NamedTuple):
    """Bars and events that a lake may have: symbol, date, prices; symbol, date, kind, value."""

    bars: pl.DataFrame
    actions: pl.DataFrame

    @classmethod
    def of(cls, bars: pl.DataFrame, actions: pl.DataFrame) -> State:
        bars = bars.drop_nulls("close").select(*KEY, *PRICES).sort(KEY)
        events = actions.filter(pl.col("kind") != "delisting")
        return cls(bars, events.select(*KEY, "kind", "value").sort(*KEY, "kind"))

    def equals(self, other: State) -> bool:
        """The same rows, and the same numbers but for rounding."""
        return all(
            mine.select(name).equals(theirs.select(name))
            if mine.schema[name] != pl.Float64
            else len(mine) == len(theirs)
            and not ((mine[name] - theirs[name]).abs() > NEAR * theirs[name].abs()).any()
            for mine, theirs in zip(self, other, strict=True)
            for name in mine.columns
        )


@dataclass
class Toll:
    """What a campaign cost.

    Attributes:
        kills: by what the killed process was at.
        ended: runs and rounds that came to their end.
        acknowledged: bars that somebody could rely on.
        lost: bars and raw batches that were there and are not.
        twice: bars that are there more than once.
        torn: damaged files, and states between before and after.
        behind: unfinished files and files without a name that the killed left.
        removed: those that a repair removed.
        seconds: how long it took.
    """

    kills: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    torn: int = 0
    behind: int = 0
    removed: int = 0
    seconds: float = 0.0

    @property
    def harmless(self) -> bool:
        return not (self.lost or self.twice or self.torn or self.behind - self.removed)

    def lines(self) -> list[str]:
        """For people."""
        named = {name: value for name, value in vars(self).items() if name != "kills"}
        parts = ", ".join(f"{count} {phase}" for phase, count in sorted(self.kills.items()))
        rows = [("kills", f"{self.kills.total():,} ({parts})")]
        rows += [(name, f"{value:,.0f}") for name, value in named.items()]
        return [f"{name:14}{value}" for name, value in rows]


class Witness:
    """Remembers what a lake had, and looks after each kill whether it is there.

    Args:
        place: of the lake.
        toll: counts.
    """

    def __init__(self, place: Path, toll: Toll) -> None:
        self.place, self.toll = place, toll
        self._keys = pl.DataFrame(schema={"symbol": pl.String, "date": pl.Date})
        self._batches: dict[str, str] = {}

    def look(self, *allowed: State) -> State:
        """Count what is wrong, and return what the lake has.

        Args:
            allowed: states that it may be in.
        """
        state, problems = allowed[0], 0
        if Lake.exists(self.place):
            lake = Lake(self.place)
            problems = sum(1 for found in verify_lake(lake).problems if found.severity == "error")
            state = State.of(lake.bars(), lake.actions())
        elif len(self._keys):
            problems = 1
        keys = state.bars.select(KEY)
        self.toll.torn += problems + (not any(state.equals(one) for one in allowed))
        self.toll.twice += len(keys) - keys.n_unique()
        self.toll.lost += len(self._keys.join(keys, on=KEY, how="anti")) + self._lost_batches()
        self.toll.acknowledged += len(keys.join(self._keys, on=KEY, how="anti"))
        self._keys = pl.concat([self._keys, keys]).unique()
        return state

    def _lost_batches(self) -> int:
        """Batches that were there before, and are not, or not as they were."""
        folder = self.place / "raw-data"
        files = [path for path in folder.glob("*.parquet") if path.is_file()]
        there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        lost = sum(1 for name, digest in self._batches.items() if there.get(name) != digest)
        self._batches |= there
        return lost

    def clean_up(self, last: State) -> None:
        """Repair the lake; it must stay as it is.

        Args:
            last: the state that it is in.
        """
        lake = Lake(self.place)
        self.toll.behind += len(verify_lake(lake).problems)
        repairs = repair_lake(lake, older_than=dt.timedelta(0)).repairs
        self.toll.removed += sum(1 for repair in repairs if repair.what == "removed")
        self.toll.torn += len(verify_lake(lake).problems)
        self.look(last)


def kill(command: Sequence[str], after: float, environment: dict[str, str]) -> bool:
    """Start a process and kill it after some seconds; whether it was still alive.

    Raises:
        RuntimeError: it ended with an error of its own.
    """
    with subprocess.Popen(  # noqa: S603 - the command of this project
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            _, said = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if process.returncode == -signal.SIGKILL:
                return True
            said = b""
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said!r}")
    return False


@dataclass
class Updates:
    """Kills of ``stockstream update``, from a share of its duration on (``start``)."""

    folder: Path
    kills: int
    seed: int
    start: float = 0.0
    toll: Toll = field(default_factory=Toll)

    def run(self) -> Toll:
        self._chance = random.Random(self.seed)  # noqa: S311 - moments, not secrets
        self._length = 0.0
        began, number = time.monotonic(), 0
        market = self._make_market()
        with SourceServer.start(self.folder / "market") as self._server:
            while self.toll.kills.total() < self.kills:
                self._fill_a_lake(self.folder / f"lake-{number}", market)
                number += 1
        self.toll.seconds = time.monotonic() - began
        return self.toll

    def _make_market(self) -> MarketFrames:
        made = simulate_market(COMPANIES, dt.date(2020, 10, 1), dt.date(2021, 6, 30))
        bars = made.bars.with_columns(provider=pl.lit("rehearsal"))
        place = self.folder / "market"
        market_from_bars(bars, place, actions=made.actions, splits=15, dividends=60)
        return read_market(place)

    def _fill_a_lake(self, place: Path, market: MarketFrames) -> None:
        """Bring one lake through some sessions."""
        witness = Witness(place, self.toll)
        state = State.of(market.bars.clear(), market.actions.clear())
        first = self._chance.randrange(60)
        days = get_calendar("XASX").sessions("2021-02-01", "2021-06-30").tolist()
        for session in days[first : first + SESSIONS]:
            self._server.today(session)
            after = State.of(*truth_of(market, session))
            while self.toll.kills.total() < self.kills and self._is_killed(place, session):
                state = witness.look(state, after)
                if self._chance.random() < LEFT_ALONE:
                    break
            began = time.monotonic()
            self._update(place, session, 600.0)
            lasted = time.monotonic() - began
            self._length = (self._length + lasted) / 2 if self._length else lasted
            self.toll.ended += 1
            state = after
            witness.look(state)
            if self.toll.kills.total() >= self.kills:
                break
        witness.clean_up(state)

    def _is_killed(self, place: Path, session: dt.date) -> bool:
        if not self._length:
            return False  # the very first run tells how long one takes
        moment = self._chance.uniform(self.start * self._length, self._length)
        if not self._update(place, session, moment):
            return False
        self.toll.kills[_phase(place, session)] += 1
        return True

    def _update(self, place: Path, session: dt.date, seconds: float) -> bool:
        settings = {
            "YAHOO__BASE_URL": self._server.url,
            "SYMBOLS__URL": self._server.directory_url,
            "SYMBOLS__SHRINK_LIMIT": "0.5",
            "FETCH__RATE": "100000",
            "FETCH__BATCH_SIZE": str(BATCH),
            "FETCH__HISTORY_YEARS": "1",
        }
        command = [sys.executable, "-m", "stockstream", "update", "--no-notify"]
        where = ["--lake", str(place), "--session", str(session)]
        environment = {f"STOCKSTREAM__{name}": value for name, value in settings.items()}
        return kill([*command, *where], seconds, environment)


def _phase(place: Path, session: dt.date) -> str:
    """What a run was at when it was killed, as far as its traces tell."""
    lists = DayLists(place)
    if session not in lists.sessions():
        return "before the list"
    planned = -(-len(lists.read(session)) // BATCH)
    if len(RawZone(place).batches(session, session)) < planned:
        return "fetching"
    return "after the end" if RunRecord.next(Lake(place), session).ended else "merging"


def written(rounds: int) -> State:
    """What writers have put into a lake after some rounds.

    Each round adds a bar and a dividend for each of three symbols and corrects the bars before.
    """
    days = [dt.date(2015, 1, 1) + dt.timedelta(days=45 * number) for number in range(rounds)]
    number = pl.int_range(pl.len()) + 1.0
    corrected = pl.when(pl.int_range(pl.len()) < rounds - 1).then(0.25).otherwise(0.0)
    one = pl.DataFrame({"date": days}, {"date": pl.Date}).with_columns(
        *((number + corrected).alias(name) for name in PRICES), value=number / 100
    )
    rows = pl.concat([one.select(pl.lit(name).alias("symbol"), pl.all()) for name in "ABC"])
    return State.of(rows, rows.with_columns(kind=pl.lit("dividend")))


def write(place: Path) -> None:
    """Go on where the last writer was killed; say how many rounds are done, after each."""
    lake = Lake(place)
    done = lake.bars()["date"].n_unique()
    print(done, flush=True)
    for number in range(done, ROUNDS):
        bars, actions = written(number + 1)
        bars = conform(bars.with_columns(volume=1), provider="test", basis="raw")
        lake.merge(bars, conform_actions(actions, provider="test"), source=str(number))
        print(number + 1, flush=True)


@dataclass
class Commits:
    """Kills of a process that merges."""

    folder: Path
    kills: int
    seed: int
    toll: Toll = field(default_factory=Toll)

    def run(self) -> Toll:
        chance = random.Random(self.seed)  # noqa: S311 - moments, not secrets
        began, number = time.monotonic(), 0
        while self.toll.kills.total() < self.kills:
            place = self.folder / f"written-{number}"
            Lake.create(place)
            witness, rounds = Witness(place, self.toll), 0
            while rounds < ROUNDS and self.toll.kills.total() < self.kills:
                rounds = self._kill_a_writer(witness, rounds, chance.uniform(0.0, 0.8))
            witness.clean_up(written(rounds))
            number += 1
        self.toll.seconds = time.monotonic() - began
        return self.toll

    def _kill_a_writer(self, witness: Witness, rounds: int, after: float) -> int:
        """Let a writer work for some seconds; returns the rounds that are done."""
        command = [sys.executable, __file__, "write", "--folder", str(witness.place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this program
            assert process.stdout is not None
            said = [process.stdout.readline()]
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            said += list(process.stdout)
        told = max(int(line) for line in said if line.endswith("\n"))
        self.toll.kills["merging" if told < ROUNDS else "after the end"] += 1
        state = witness.look(written(told), written(told + 1))
        done = state.bars["date"].n_unique()
        self.toll.ended += done - rounds
        return done


def main() -> int:
    """Run a campaign; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["update", "commits", "write"])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--from", type=float, default=0.0, dest="start", help="share of a run")
    parser.add_argument("--folder", type=Path, help="keep the lakes here; a new folder")
    given = parser.parse_args()
    if given.what == "write":
        write(given.folder)
        return 0
    with TemporaryDirectory(prefix="stockstream-kills-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        common = folder, given.kills, given.seed
        is_update = given.what == "update"
        toll = (Updates(*common, given.start) if is_update else Commits(*common)).run()
    print("\n".join(toll.lines()))
    return 0 if toll.harmless else 1


if __name__ == "__main__":
    sys.exit(main())
