"""The same lake in another place: a folder, a bucket, another bucket.

Data files come first, then the logs that name them, actions before the bars that name those, and
the descriptor last. So a copy that was interrupted is no lake yet, or still the lake that it was,
and the same copy again goes on where it stopped. Every byte is the same, so versions, digests and
results are the same too.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stockstream.errors import ConfigError, LakeError
from stockstream.lake.data_file import digest_in, digest_of
from stockstream.lake.descriptor import FILE
from stockstream.lake.faults import reading, writing
from stockstream.lake.log import entry_name, read_log, replay
from stockstream.lake.raw import RAW_PREFIX
from stockstream.lake.store import Lake
from stockstream.lake.tables import BARS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stockstream.lake.delta import Table
    from stockstream.lake.location import Location, StoredFile
    from stockstream.lake.tables import TableSpec

    Progress = Callable[[int, int], None]
    Sizes = dict[str, int]

__all__ = ["Copied", "copy_lake"]

AT_ONCE = 8
"""Files copied at the same time: a remote store answers slowly but many at once."""

LISTS = "symbols"
_LOG = "_delta_log"
_LOG_FILE = re.compile(r"(\d{20})\.(json|checkpoint\.parquet)", re.ASCII)
"""The pointer to the newest checkpoint is left out: it changes, and only saves a listing."""


@dataclass(frozen=True)
class Copied:
    """What a copy did.

    Attributes:
        source, target: addresses.
        version: data version that the target reads now.
        files, size: what was copied, and its bytes.
        there: files that the target had already.
    """

    source: str
    target: str
    version: str
    files: int
    size: int
    there: int


class _Plan(NamedTuple):
    """What is to be copied, in this order: names below the lake, with their bytes."""

    data: Sizes
    logs: list[Sizes]


def copy_lake(lake: Lake, place: Location, progress: Progress | None = None) -> Copied:
    """Copy a lake with all its versions and its raw zone, or bring a copy up to date.

    Readers and writers of the lake are not disturbed: the versions that there are at the start are
    copied. Runs and other things beside the lake are not.

    Args:
        lake: what to copy.
        place: empty, or a copy of this lake that nobody has written to.
        progress: called with how many files are done and how many there are.

    Raises:
        ConfigError: the place is the lake itself.
        LakeError: the place has another lake, or one that was written to since; a file of the lake
            is damaged; the place cannot be written to. What was copied stays, and is not copied
            again.
    """
    source = lake.location
    if place.address == source.address:
        raise ConfigError(f"{place} is the lake itself; choose another place for the copy")
    demand_same_lake(lake, place)
    plan = _plan(lake)
    copier = _Copier(source, place, progress or (lambda _done, _total: None))
    copier.total = len(plan.data) + sum(map(len, plan.logs)) + 1
    with writing(str(place), "what was copied stays; run the command again to go on"):
        is_read = place.has(FILE)  # then each log must be whole at every moment
        copier.copy(plan.data)
        for log in plan.logs:
            copier.copy(log, at_once=1 if is_read else None)
        copier.copy({FILE: len(source.read(FILE))})
    return Copied(
        source=source.address,
        target=place.address,
        version=Lake.open(place).version(),
        files=copier.files,
        size=copier.size,
        there=copier.total - copier.files,
    )


def demand_same_lake(lake: Lake, place: Location) -> None:
    """Refuse a place with a lake that is no earlier state of this one.

    Each commit has a token of its own in the log, so two logs that agree in the newest entry that
    both have come from one writer.

    Raises:
        LakeError: it is another lake, or it has versions that this one does not have.
    """
    source = lake.location
    with reading(str(place), "check the address and what you may do there"):
        if place.has(FILE) and place.read(FILE) != source.read(FILE):
            raise LakeError(f"there is another lake at {place}; choose an empty place")
        for spec in TABLES:
            ours, theirs = _versions(source, spec), _versions(place, spec)
            if theirs > ours:
                raise LakeError(
                    f"the lake at {place} has {spec.name}@{theirs - 1}, which {source} does not "
                    "have: it was written to; copy it the other way round, or choose an empty place"
                )
            name = f"{spec.name}/{entry_name(theirs - 1)}"
            if theirs and source.read(name) != place.read(name):
                raise LakeError(
                    f"the lake at {place} is another one, or was written to since it was copied: "
                    f"its {spec.name}@{theirs - 1} differs; choose an empty place"
                )


def _plan(lake: Lake) -> _Plan:
    """What the lake is made of now.

    The log of the bars is read first: the actions that its newest entry names are there by then,
    and every data file that an entry names.
    """
    source = lake.location
    data: Sizes = {}
    logs: list[Sizes] = []
    for spec in sorted(TABLES, key=lambda spec: spec is not BARS):
        table = lake.table(spec)
        snapshot = table.find()
        if snapshot is None:
            continue
        data |= _data_files(table, snapshot.version, snapshot.oldest)
        logs.append(_log_files(source, spec, snapshot.version))
    with reading(str(source), "check the folder and its permissions"):
        for folder in (RAW_PREFIX, LISTS):
            data |= _sizes(source.files(folder))
    return _Plan(data, logs[::-1])


def _data_files(table: Table, version: int, oldest: int) -> Sizes:
    """The data files of every version that is still there, by their names below the lake."""
    history = replay(read_log(table.location, version))
    return {
        f"{table.spec.name}/{path}": logged.file.size
        for entry, files in history
        if entry.version >= oldest
        for path, logged in files.items()
    }


def _log_files(source: Location, spec: TableSpec, newest: int) -> Sizes:
    """The log up to a version, the oldest entry first; what sums entries up stands behind them."""
    with reading(f"the log of table {spec.name!r}", "check the folder and its permissions"):
        sizes = _sizes(source.files(f"{spec.name}/{_LOG}"))
    places = {name: _LOG_FILE.fullmatch(name.rpartition("/")[2]) for name in sizes}
    known = {name: (int(p[1]), p[2] != "json") for name, p in places.items() if p}
    ordered = sorted((name for name in known if known[name][0] <= newest), key=known.__getitem__)
    return {name: sizes[name] for name in ordered}


def _versions(place: Location, spec: TableSpec) -> int:
    """How many versions of a table there are at a place."""
    names = (file.name.rpartition("/")[2] for file in place.files(f"{spec.name}/{_LOG}"))
    matches = filter(None, map(_LOG_FILE.fullmatch, names))
    return max((int(match[1]) for match in matches if match[2] == "json"), default=-1) + 1


def _sizes(files: Iterable[StoredFile]) -> Sizes:
    return {file.name: file.size for file in files}


class _Copier:
    """Copies files that are never changed, and skips those that are there."""

    def __init__(self, source: Location, target: Location, progress: Progress) -> None:
        self.source, self.target, self.progress = source, target, progress
        self.total = self.done = self.files = self.size = 0

    def copy(self, wanted: Sizes, at_once: int | None = None) -> None:
        """Copy some files; they are begun in their order."""
        there: Sizes = {}
        for folder in sorted({name.partition("/")[0] for name in wanted if "/" in name}):
            there |= _sizes(self.target.files(folder))
        missing = [name for name in wanted if not self._is_there(name, wanted[name], there)]
        self._count(len(wanted) - len(missing))
        with ThreadPoolExecutor(at_once or AT_ONCE) as pool:
            copies = [pool.submit(self._fetch, name, wanted[name]) for name in missing]
            try:
                for copy in copies:
                    self._took(copy.result())
            finally:
                pool.shutdown(cancel_futures=True)

    def _is_there(self, name: str, size: int, there: Sizes) -> bool:
        if there.get(name, size) != size:
            raise LakeError(
                f"{self.target.path(name)} has {there[name]:,} bytes and not {size:,}: it is no "
                "copy; choose an empty place, or remove the file"
            )
        return name in there

    def _fetch(self, name: str, size: int) -> int:
        """Copy a file; returns its bytes, 0 if it was there."""
        with reading(self.source.path(name), "see `stockstream lake verify`"):
            content = self.source.read(name)
        digest = digest_in(name.partition("/")[2])
        if len(content) != size or (digest is not None and digest != digest_of(content)):
            raise LakeError(
                f"{self.source.path(name)} is damaged and the copy was stopped; mend it with "
                "`stockstream lake repair`, then run the command again"
            )
        return size if self.target.create(name, content) else 0

    def _took(self, size: int) -> None:
        self.files, self.size = self.files + bool(size), self.size + size
        self._count(1)

    def _count(self, number: int) -> None:
        self.done += number
        self.progress(self.done, self.total)
