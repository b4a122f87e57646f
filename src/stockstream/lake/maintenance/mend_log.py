"""The log of a table after a power failure: its last entry may be cut off, or its checkpoint.

Every commit is flushed before it is reported, so an entry that a power failure cut off was promised
to nobody. A checkpoint only says again what the entries say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from stockstream.lake.faults import writing
from stockstream.lake.log import entry_name
from stockstream.lake.maintenance.logs import damaged_entries, read_state

if TYPE_CHECKING:
    from stockstream.lake.delta import Table

__all__ = ["Mended", "mend_log"]


class Mended(NamedTuple):
    """What was done, where, and why: the fields of a repair."""

    what: Literal["mended", "gave_up", "left"]
    place: str
    detail: str


def mend_log(table: Table, *, accept_loss: bool) -> Mended | None:
    """Make the log of a table readable again, if that can be done; None if it can be read.

    Args:
        table: whose log.
        accept_loss: go on without the last commit if its entry is damaged.

    Raises:
        LakeError: the place cannot be written to.
    """
    error = read_state(table).error
    if error is None:
        return None
    name, (damaged, newest) = table.spec.name, damaged_entries(table)
    place = f"{name}/{entry_name(max(damaged, default=newest))}"
    if damaged not in ([], [newest]) or newest < 1:
        return Mended("left", place, f"{error}; restore the folder from a copy of the lake")
    if damaged and not accept_loss:
        advice = f"`stockstream lake repair --accept-loss` goes on with {name}@{newest - 1}"
        return Mended("left", place, f"the entry of the last commit is damaged; {advice}")
    with writing(table.location.path(entry_name(newest)), "the log is as it was"):
        if damaged:
            _set_aside(table, entry_name(newest))
        _drop_checkpoints(table)
    still = read_state(table).error
    if still is not None:
        return Mended("left", place, str(still))
    if damaged:
        aside = f"{entry_name(newest)}.damaged"
        detail = f"the last commit is given up, its entry kept as {aside}: merge its rows again"
        return Mended("gave_up", place, detail)
    return Mended("mended", f"{name}/_delta_log", "a damaged checkpoint was removed")


def _set_aside(table: Table, entry: str) -> None:
    table.location.create(f"{entry}.damaged", table.location.read(entry))
    table.location.remove(entry)


def _drop_checkpoints(table: Table) -> None:
    """They only say again what the entries say, and the next hundredth commit makes another."""
    for file in list(table.location.files("_delta_log")):
        if ".checkpoint" in file.name or file.name.endswith("_last_checkpoint"):
            table.location.remove(file.name)
