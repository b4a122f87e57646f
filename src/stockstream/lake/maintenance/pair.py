"""Whether the latest bars go with actions that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.lake.maintenance.logs import read_state
from stockstream.lake.publication import named_actions
from stockstream.lake.tables import BARS

if TYPE_CHECKING:
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.maintenance.logs import Readable
    from stockstream.lake.store import Lake

__all__ = ["is_there", "named_by_bars", "published_files"]


def named_by_bars(lake: Lake) -> int | None:
    """The version of actions that the latest bars go with.

    None where they name none, or where the log of the bars cannot be read.
    """
    bars = read_state(lake.table(BARS)).readable
    return None if bars is None else named_actions(bars.snapshot.entry.said)


def is_there(actions: Readable, version: int) -> bool:
    """Whether a version of actions can be read, as far as the log knows."""
    return actions.snapshot.oldest <= version <= actions.snapshot.version


def published_files(actions: Readable, version: int | None) -> dict[str, LoggedFile]:
    """The files of a version; none if it is not there, or the latest itself."""
    if version is None or not is_there(actions, version):
        return {}
    return actions.history[version][1]
