"""Giving back the space of old versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stockstream.errors import ConfigError
from stockstream.lake.commit import take_turns
from stockstream.lake.delta import VACUUMED
from stockstream.lake.faults import writing
from stockstream.lake.log import read_log, replay
from stockstream.lake.maintenance.strays import data_files
from stockstream.lake.publication import named_actions, naming
from stockstream.lake.tables import ACTIONS, BARS, TABLES
from stockstream.lake.transaction import commit_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.lake.delta import Snapshot, Table
    from stockstream.lake.location import StoredFile
    from stockstream.lake.log import Entry
    from stockstream.lake.store import Lake

__all__ = ["KEEP_DAYS", "UNTOUCHED", "Vacuumed", "vacuum"]

KEEP_DAYS = 30
UNTOUCHED = dt.timedelta(hours=1)
"""A younger file may belong to a writer that is about to commit it."""

_SOURCE = "vacuum"


@dataclass(frozen=True)
class Vacuumed:
    """What a vacuum freed, or would free.

    Attributes:
        dry_run: whether it only looked.
        files, size: data files and their bytes.
        kept: by table, the oldest version that still has its files.
    """

    dry_run: bool
    files: int
    size: int
    kept: dict[str, int]


class _Keep(NamedTuple):
    """Which versions stay: the last ``versions``, else those that were the latest since a time."""

    versions: int | None
    since: dt.datetime

    def oldest(self, entries: Sequence[Entry]) -> int:
        """The oldest version that stays."""
        if self.versions is not None:
            changes = [entry.version for entry in entries if entry.said.get("source") != _SOURCE]
            return changes[-self.versions] if len(changes) > self.versions else 0
        return max((entry.version for entry in entries if entry.when <= self.since), default=0)


class _Plan(NamedTuple):
    """What goes of a table.

    Attributes:
        oldest: the oldest version that stays.
        free: files that go.
        loses: whether a version loses files by it, rather than orphans going.
        actions: of bars, the oldest actions that a version that stays names.
    """

    oldest: int
    free: list[StoredFile]
    loses: bool
    actions: int | None


def vacuum(
    lake: Lake,
    *,
    keep_days: int | None = None,
    keep_versions: int | None = None,
    dry_run: bool = False,
    now: dt.datetime | None = None,
) -> Vacuumed:
    """Delete the data files that no kept version names, unless they are younger than an hour.

    The log keeps every commit. It says first which versions lose their files, so that a reader of
    one of them is told so, and then they are deleted. Actions that kept bars go with are kept.

    Args:
        lake: the lake.
        keep_days: keep the versions that were the latest at any time in so many days;
            :data:`KEEP_DAYS` by default.
        keep_versions: keep the last so many versions of each table instead.
        dry_run: look, and delete nothing.
        now: the time, aware; the clock's by default.

    Raises:
        ConfigError: both ways of keeping, or a number below 1.
        LakeError: the lake cannot be read or written; what was deleted until then was due.
    """
    time = now or dt.datetime.now(dt.UTC)
    keep = _keep(keep_days, keep_versions, time)
    plans: dict[str, _Plan] = {}
    floor: int | None = None
    for spec in sorted(TABLES, key=lambda spec: spec is not BARS):
        table = lake.table(spec)
        if table.find() is not None:
            limit = floor if spec is ACTIONS else None
            plans[spec.name] = _clean(table, keep, time - UNTOUCHED, limit, dry_run=dry_run)
            floor = plans[BARS.name].actions
    free = [file for plan in plans.values() for file in plan.free]
    return Vacuumed(
        dry_run=dry_run,
        files=len(free),
        size=sum(file.size for file in free),
        kept={name: plan.oldest for name, plan in plans.items()},
    )


def _keep(days: int | None, versions: int | None, time: dt.datetime) -> _Keep:
    if days is not None and versions is not None:
        raise ConfigError("give the days or the versions to keep, not both")
    if (days is not None and days < 1) or (versions is not None and versions < 1):
        raise ConfigError("keep at least 1 day, or 1 version")
    return _Keep(versions, time - dt.timedelta(days=days or KEEP_DAYS))


def _clean(
    table: Table, keep: _Keep, before: dt.datetime, limit: int | None, *, dry_run: bool
) -> _Plan:
    """Free one table.

    Args:
        table: which.
        keep: which versions stay.
        before: files that were written later stay.
        limit: a version that stays whatever ``keep`` says, and so do those after it.
        dry_run: whether to plan only.
    """

    def decide(snapshot: Snapshot) -> _Plan:
        plan = _plan(snapshot, keep, before, limit)
        if plan.loses and plan.oldest > snapshot.oldest and not dry_run:
            said = {"source": _SOURCE}
            if table.spec is BARS:
                said |= naming(named_actions(snapshot.entry.said))
            commit_version(snapshot, said=said, marks={VACUUMED: plan.oldest})
        return plan

    plan = take_turns(table, decide)
    if not dry_run:
        with writing(f"table {table.spec.name!r}", "what was deleted was due to be deleted"):
            for file in plan.free:
                table.location.remove(file.name)
    return plan


def _plan(snapshot: Snapshot, keep: _Keep, before: dt.datetime, limit: int | None) -> _Plan:
    table = snapshot.table
    entries = read_log(table.location, snapshot.version)
    oldest = keep.oldest(entries)
    oldest = max(oldest if limit is None else min(oldest, limit), snapshot.oldest)
    kept: set[str] = set()
    gone: set[str] = set()
    for entry, files in replay(entries):
        (kept if entry.version >= oldest else gone).update(files)
    free = [f for f in data_files(table) if f.name not in kept and f.modified <= before]
    named = [named_actions(entry.said) for entry in entries[oldest:]] if table.spec is BARS else []
    return _Plan(
        oldest,
        free,
        loses=any(file.name in gone for file in free),
        actions=min((version for version in named if version is not None), default=None),
    )
