"""The lake's one publishing point: a commit of ``bars`` names the ``actions`` that go with it.

A reader takes the latest bars and the actions that they name, so it sees a consistent pair whatever
happens to a writer between its two commits: until bars name the new actions, nobody reads them.
Commits of older versions of stockstream name none; they go with the latest actions, as they did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.lake.commit import take_turns, with_columns_of
from stockstream.lake.faults import reading
from stockstream.lake.merge import work_out_change
from stockstream.lake.transaction import replace_rows
from stockstream.lake.version import DataVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from stockstream.lake.delta import Snapshot, Table
    from stockstream.lake.merge import Change

    Guard = Callable[[Snapshot, pl.DataFrame], None]

__all__ = ["Pair", "PairOfTables", "named_actions", "naming"]

_ACTIONS = "actions"


class Pair(NamedTuple):
    """Bars and the actions that go with them."""

    bars: Snapshot
    actions: Snapshot

    @property
    def version(self) -> DataVersion:
        return DataVersion(self.bars.version, self.actions.version)


class PairOfTables(NamedTuple):
    """The tables of bars and actions."""

    bars: Table
    actions: Table

    def create(self) -> None:
        """Make both, empty, unless they exist."""
        self.actions.create()
        self.bars.create(naming(0))

    def read(self, wanted: DataVersion | None = None) -> Pair:
        """A consistent pair: the published one, or an older one by its version.

        Raises:
            LakeError: there is no such version, or it was vacuumed.
        """
        if wanted is not None:
            return Pair(self.bars.snapshot(wanted.bars), self.actions.snapshot(wanted.actions))
        bars = self.bars.snapshot()
        return Pair(bars, self.actions.snapshot(named_actions(bars.entry.said)))

    def publish(self, rows: pl.DataFrame, *, source: str, guard: Guard) -> Change:
        """Merge bars and publish them together with the latest actions, as one commit.

        Bars that say nothing new are published too if there are newer actions, as a commit without
        files. If that changes nothing either, there is no commit. The actions that are published
        are never older than those before: they are read after the bars that named those.

        Args:
            rows: each key once.
            source: file or provider they came from.
            guard: raises if the rows must not enter the snapshot.
        """
        incoming = with_columns_of(self.bars, rows)
        years = set(incoming["date"].dt.year())

        def merge(snapshot: Snapshot) -> Change:
            newest = self.actions.snapshot().version
            with reading(f"table {self.bars.spec.name!r}", "nothing was written"):
                guard(snapshot, incoming)
                existing = snapshot.scan(years).collect()
                change = work_out_change(existing, incoming, self.bars.spec)
            if not change.is_empty or named_actions(snapshot.entry.said) not in {None, newest}:
                said = {"source": source, **naming(newest)}
                replace_rows(snapshot, change.rows, change.years, said=said)
            return change

        return take_turns(self.bars, merge)


def naming(actions: int | None) -> dict[str, str]:
    """What a commit of bars says to name a version of actions."""
    return {} if actions is None else {_ACTIONS: str(actions)}


def named_actions(said: Mapping[str, Any]) -> int | None:
    """The version of actions that a commit of bars names; None if it was made by an older one."""
    named = said.get(_ACTIONS)
    return None if named is None else int(named)
