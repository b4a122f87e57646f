"""An older data version as the latest again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import LakeError
from stockstream.lake.commit import take_turns
from stockstream.lake.log import read_log, replay
from stockstream.lake.publication import named_actions, naming
from stockstream.lake.transaction import commit_version
from stockstream.lake.version import DataVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.lake.delta import Snapshot, Table
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.store import Lake

__all__ = ["restore"]


def restore(lake: Lake, version: str) -> str:
    """Make a new version whose bars and actions are those of an older one.

    No file is copied: the new version names the old files again. Both are published as one, and
    the versions in between stay readable. If the latest has that content already, nothing is done.

    Args:
        lake: the lake.
        version: data version, such as ``"bars@3 actions@1"``.

    Returns:
        The data version that has the content now.

    Raises:
        ConfigError: the text is no data version.
        LakeError: there is no such version, it was vacuumed, or files of it are lost.
    """
    wanted = DataVersion.parse(version)
    for snapshot in lake.published.read(wanted):
        _demand_files(snapshot)
    bars, actions = lake.published
    source = {"source": f"restore of {version}"}
    old_actions, old_bars = _files(actions, wanted.actions), _files(bars, wanted.bars)
    take_turns(actions, lambda latest: _swap(latest, old_actions, source))

    def publish(latest: Snapshot) -> str:
        newest = actions.snapshot().version  # of this restore, or of somebody who came after it
        made = _swap(latest, old_bars, {**source, **naming(newest)})
        return str(DataVersion(made, newest))

    return take_turns(bars, publish)


def _demand_files(snapshot: Snapshot) -> None:
    place = snapshot.table.location
    for file in snapshot.files:
        snapshot.demand_whole(file)
        if not place.has(file.path):
            raise LakeError(
                f"{place.path(file.path)} is missing, so {snapshot.table.spec.name}"
                f"@{snapshot.version} cannot be restored; nothing was changed"
            )


def _files(table: Table, version: int) -> dict[str, LoggedFile]:
    """The files of an older version, as the log has them."""
    [*_, (_, files)] = replay(read_log(table.location, version))
    return files


def _swap(snapshot: Snapshot, files: Mapping[str, LoggedFile], said: dict[str, str]) -> int:
    """Commit these files, unless the latest version has them and goes with the same actions."""
    current = {file.path for file in snapshot.files}
    again = [logged for path, logged in files.items() if path not in current]
    dropped = [file for file in snapshot.files if file.path not in files]
    if not again and not dropped and named_actions(snapshot.entry.said) == named_actions(said):
        return snapshot.version
    return commit_version(snapshot, again=again, dropped=dropped, said=said)
