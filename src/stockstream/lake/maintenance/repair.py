"""Making a damaged lake whole again, as far as that can be done: always by a new version."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from stockstream.errors import LakeError
from stockstream.lake.commit import take_turns
from stockstream.lake.faults import writing
from stockstream.lake.maintenance.examine import examine
from stockstream.lake.maintenance.logs import read_state
from stockstream.lake.maintenance.mend_log import mend_log
from stockstream.lake.maintenance.pair import is_there, named_by_bars, published_files
from stockstream.lake.maintenance.rescue import rescue
from stockstream.lake.maintenance.strays import find_drafts, find_orphans
from stockstream.lake.publication import named_actions, naming
from stockstream.lake.tables import ACTIONS, BARS, TABLES
from stockstream.lake.transaction import commit_version, replace_rows
from stockstream.lake.version import DataVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stockstream.lake.delta import Snapshot, Table
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.maintenance.examine import Fault
    from stockstream.lake.maintenance.logs import Readable
    from stockstream.lake.maintenance.rescue import Rescue
    from stockstream.lake.store import Lake

__all__ = ["Repair", "RepairReport", "repair_lake"]

HOUR = dt.timedelta(hours=1)
_SOURCE = "repair"
_ACCEPT = "run `stockstream lake repair --accept-loss` to go on with what there is"


class Repair(NamedTuple):
    """One thing that a repair did, or could not do.

    Attributes:
        what: ``removed`` a file that nothing needs, ``mended`` without loss, ``gave_up`` rows or
            values that cannot be brought back, or ``left`` as it is.
        place: file or folder below the lake.
        detail: what was wrong and what was done.
    """

    what: Literal["removed", "mended", "gave_up", "left"]
    place: str
    detail: str


@dataclass(frozen=True)
class RepairReport:
    """What a repair did.

    Attributes:
        address: of the lake.
        version: data version after it; None if the lake still cannot be read.
        repairs: in order.
    """

    address: str
    version: str | None
    repairs: Sequence[Repair]

    @property
    def is_whole(self) -> bool:
        """Whether nothing damaged is left."""
        return all(repair.what != "left" for repair in self.repairs)

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        repairs = [repair._asdict() for repair in self.repairs]
        return {"whole": self.is_whole, **vars(self), "repairs": repairs}


def repair_lake(
    lake: Lake,
    *,
    older_than: dt.timedelta = HOUR,
    accept_loss: bool = False,
    now: dt.datetime | None = None,
) -> RepairReport:
    """Mend what is damaged in the latest version, and remove what killed writers left.

    The rows of a damaged file come from an older version and the raw zone. Where that does not give
    the very rows of the file, it is left as it is and listed, unless the loss is accepted.

    Args:
        lake: the lake.
        older_than: age of the left-over files that are removed; younger ones may be in use.
        accept_loss: go on with the rows that can be brought back, as they are.
        now: the time, aware; the clock's by default.

    Raises:
        LakeError: the place cannot be read or written to; what was repaired until then stays so.
    """
    before = (now or dt.datetime.now(dt.UTC)) - older_than
    repairs: list[Repair] = []
    for spec in TABLES:
        table = lake.table(spec)
        mended = mend_log(table, accept_loss=accept_loss)
        repairs += [] if mended is None else [Repair(*mended)]
        readable = read_state(table).readable
        if readable is not None:
            repairs += _mend_files(lake, table, readable, accept_loss=accept_loss)
    repairs += _mend_pair(lake, accept_loss=accept_loss)
    repairs += _remove_strays(lake, before)
    try:
        version = lake.version()
    except LakeError:
        version = None
    return RepairReport(str(lake.location), version, repairs)


def _mend_files(
    lake: Lake, table: Table, readable: Readable, *, accept_loss: bool
) -> Iterator[Repair]:
    for logged in readable.files.values():
        fault = examine(table, logged).fault
        if fault is None:
            continue
        place = f"{table.spec.name}/{logged.file.path}"
        found = rescue(lake, table, readable, logged)
        if not found.exact and not accept_loss:
            yield Repair("left", place, f"{_loss(fault, logged, found)}; {_ACCEPT}")
            continue
        version = take_turns(table, partial(_swap, damaged=logged, found=found))
        name = f"{table.spec.name}@{version}"
        if found.exact:
            detail = f"{fault.detail}; its {len(found.rows):,} row(s) came back from {found.origin}"
            yield Repair("mended", place, f"{detail} and are in {name}, value for value")
        else:
            yield Repair("gave_up", place, f"{_loss(fault, logged, found)}; the rest is in {name}")


def _swap(latest: Snapshot, damaged: LoggedFile, found: Rescue) -> int:
    """Put the rows in the place of the damaged file, unless it is no longer part of the table."""
    if damaged.file not in latest.files:
        return latest.version
    said = {"source": _SOURCE}
    if latest.table.spec is BARS:
        said |= naming(named_actions(latest.entry.said))
    years = [] if damaged.file.year is None else [damaged.file.year]
    return replace_rows(latest, found.rows, years, said=said)


def _mend_pair(lake: Lake, *, accept_loss: bool) -> Iterator[Repair]:
    """Let the bars go with the latest actions, if those that they name are gone or damaged."""
    table, named = lake.table(ACTIONS), named_by_bars(lake)
    readable = read_state(table).readable
    if readable is None or named in {None, readable.snapshot.version}:
        return
    place = f"{table.spec.name}/_delta_log"
    gone = f"the latest bars go with actions@{named}, which is gone"
    lost = not is_there(readable, named)
    if lost and not accept_loss:
        yield Repair("left", place, f"{gone}; {_ACCEPT}")
    elif lost or _is_damaged(table, published_files(readable, named).values()):
        pair = take_turns(lake.table(BARS), partial(_name_latest, actions=table))
        if lost:
            yield Repair("gave_up", place, f"{gone}; {pair} goes on: merge its rows again")
        else:
            yield Repair("mended", place, f"{pair} takes the place of bars with actions@{named}")


def _name_latest(bars: Snapshot, actions: Table) -> DataVersion:
    newest = actions.snapshot().version
    version = commit_version(bars, said={"source": _SOURCE, **naming(newest)})
    return DataVersion(version, newest)


def _is_damaged(table: Table, files: Iterable[LoggedFile]) -> bool:
    return any(examine(table, logged).fault is not None for logged in files)


def _loss(fault: Fault, logged: LoggedFile, found: Rescue) -> str:
    """What is lost of a file, as far as the log tells."""
    told = logged.statistics
    ends = [
        f"{told['minValues'][name]} to {told['maxValues'][name]}"
        for name in ("symbol", "date")
        if name in told["minValues"]
    ]
    lost = (
        f"{found.lost:,} cannot be brought back from {found.origin}"
        if found.lost
        else f"all are in {found.origin}, but perhaps not with their latest values"
    )
    return f"{fault.detail}; of its {told['numRecords']:,} row(s), {', '.join(ends)}, {lost}"


def _remove_strays(lake: Lake, before: dt.datetime) -> Iterator[Repair]:
    strays = find_drafts(lake.location)
    for spec in TABLES:
        readable = read_state(lake.table(spec)).readable
        if readable is not None:
            strays += find_orphans(lake.table(spec), readable.kept)
    for kind, file in strays:
        if file.modified <= before:
            with writing(lake.location.path(file.name), "nothing that is needed was removed"):
                lake.location.remove(file.name)
            yield Repair("removed", file.name, f"{kind}, {file.size:,} bytes")
