"""The record of a run in the health table: what it had to say, and that it came to its end."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stockstream.ingest.health import HealthEvent, health_rows
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockstream.ingest.health import Level
    from stockstream.lake.raw import Batch
    from stockstream.lake.store import Lake

__all__ = ["RUN", "RunRecord"]

RUN: Final = "run"
"""Kind of the row that a run writes when it has done everything else."""


@dataclass(frozen=True)
class RunRecord:
    """Where a run writes what it has to say.

    Attributes:
        lake: its health table.
        session: the as-of session.
        run: the session and the number of the run. A run that was killed left no row of its own,
            so that the next one goes on under the same name.
        told: batches of the session of which earlier runs have told.
        last: what the last run of the session that came to its end said of itself, with its
            ``run``; empty if there is none.
        previous: the newest earlier session of which that is true; None if there is none.
    """

    lake: Lake
    session: dt.date
    run: str
    told: frozenset[int]
    last: Mapping[str, Any]
    previous: dt.date | None

    @property
    def ended(self) -> bool:
        """Whether a run of the session came to its end before."""
        return bool(self.last)

    @classmethod
    def next(cls, lake: Lake, session: dt.date) -> RunRecord:
        """The record of the next run of a session."""
        rows = lake.health(end=session).filter(pl.col("kind") == RUN)
        here = rows.filter(pl.col("date") == session)
        details = dict(zip(here["run"], map(json.loads, here["detail"]), strict=True))
        told = frozenset(number for detail in details.values() for number in detail["batches"])
        newest = f"{session}.{len(here)}"
        last = {"run": newest, **details[newest]} if details else {}
        earlier = rows.filter(pl.col("date") < session)["date"].to_list()
        name = f"{session}.{len(here) + 1}"
        return cls(lake, session, name, told, last, max(earlier, default=None))

    def unmerged(self) -> Sequence[Batch]:
        """Batches that may not be merged yet: those of which no run has told.

        What was merged before is not merged again: since then a symbol may have split, and its old
        history would seem to be the news.

        Raises:
            LakeError: the raw zone cannot be read.
        """
        start = None if self.previous is None else self.previous + dt.timedelta(days=1)
        found = RawZone(self.lake.location).batches(start, self.session)
        return [b for b in found if b.session != self.session or b.number not in self.told]

    def tell(self, events: Iterable[HealthEvent]) -> None:
        """Write events; writing them again changes nothing.

        Raises:
            LakeError: the lake cannot be written to.
        """
        rows = health_rows(events, self.session, self.run, dt.datetime.now(dt.UTC))
        if len(rows):
            self.lake.record_health(rows)

    def end(
        self, events: Iterable[HealthEvent], level: Level, fetched: int, detail: Mapping[str, Any]
    ) -> None:
        """Write the last events and, with them, that the run has come to its end.

        Args:
            events: what is still to be told.
            level: how the run went.
            fetched: number of symbols.
            detail: the rest, JSON; ``batches`` are the numbers that were told of.
        """
        text = json.dumps(detail, sort_keys=True)
        self.tell([*events, HealthEvent(level, RUN, "", fetched, text)])
