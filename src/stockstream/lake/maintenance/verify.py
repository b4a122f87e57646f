"""Is everything there, and is it what was written?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stockstream.lake.maintenance.examine import examine
from stockstream.lake.maintenance.logs import read_state
from stockstream.lake.maintenance.pair import is_there, named_by_bars, published_files
from stockstream.lake.maintenance.problems import Problem, VerifyReport
from stockstream.lake.maintenance.strays import find_drafts, find_orphans
from stockstream.lake.raw import RawZone
from stockstream.lake.tables import ACTIONS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stockstream.lake.delta import Table
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.maintenance.strays import Stray
    from stockstream.lake.store import Lake

__all__ = ["verify_lake"]

_REPAIR = "run `stockstream lake repair`, or restore the file from a copy"
_OLD = "the latest version does not need it; restore it from a copy if you need the old one"
_RAW = "restore it from a copy, or fetch its session again: the new batch gets the next number"


@dataclass
class _Tally:
    """What was read so far."""

    files: int = 0
    rows: int = 0
    size: int = 0
    batches: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify_lake(lake: Lake, *, all_versions: bool = False) -> VerifyReport:
    """Read every file of a lake and hold it against the log.

    A data file must be there with its bytes, read as Parquet, have the rows and bounds of the log,
    be sorted, hold each key once and sound values. Raw batches must be readable. What killed
    writers left behind is listed; it does no harm.

    Args:
        lake: the lake.
        all_versions: read the files of every version that was not vacuumed, not only the latest.

    Raises:
        LakeError: the place itself cannot be read.
    """
    tally = _Tally()
    for spec in TABLES:
        named = named_by_bars(lake) if spec is ACTIONS else None
        table = lake.table(spec)
        tally.problems += _verify_table(table, named, tally, all_versions=all_versions)
    tally.problems += _verify_raw(lake, tally)
    tally.problems += map(_stray, find_drafts(lake.location))
    return VerifyReport(
        address=str(lake.location),
        scope="all" if all_versions else "latest",
        files=tally.files,
        rows=tally.rows,
        size=tally.size,
        raw_batches=tally.batches,
        problems=sorted(tally.problems),
    )


def _verify_table(
    table: Table, named: int | None, tally: _Tally, *, all_versions: bool
) -> Iterator[Problem]:
    readable, error = read_state(table)
    if error is not None:
        yield Problem("error", "log", f"{table.spec.name}/_delta_log", str(error), _REPAIR)
    if readable is None:
        return
    if named is not None and not is_there(readable, named):
        detail = f"the latest bars go with actions@{named}, which is gone"
        yield Problem("error", "pair", f"{table.spec.name}/_delta_log", detail, _REPAIR)
    latest, kept = readable.files | published_files(readable, named), readable.kept
    yield from _verify_files(table, latest.values(), tally, advice=_REPAIR)
    if all_versions:
        older = [file for path, file in kept.items() if path not in latest]
        yield from _verify_files(table, older, tally, advice=_OLD)
    yield from map(_stray, find_orphans(table, kept))


def _verify_files(
    table: Table, files: Iterable[LoggedFile], tally: _Tally, *, advice: str
) -> Iterator[Problem]:
    for logged in files:
        rows, fault = examine(table, logged)
        tally.files += 1
        tally.size += logged.file.size
        tally.rows += 0 if rows is None else len(rows)
        if fault is not None:
            place = f"{table.spec.name}/{logged.file.path}"
            yield Problem("error", fault.kind, place, fault.detail, advice)


def _verify_raw(lake: Lake, tally: _Tally) -> Iterator[Problem]:
    zone = RawZone(lake.location)
    for batch in zone.batches():
        tally.batches += 1
        for name, reason in zone.read([batch]).failures.items():
            yield Problem("error", "raw", name, reason, _RAW)


def _stray(stray: Stray) -> Problem:
    what = "an unfinished file" if stray.kind == "draft" else "a data file that no version names"
    detail = f"{what}, {stray.file.size:,} bytes, of {stray.file.modified:%Y-%m-%d %H:%M} UTC"
    advice = "`stockstream lake repair` removes it when it is an hour old"
    return Problem("warning", stray.kind, stray.file.name, detail, advice)
