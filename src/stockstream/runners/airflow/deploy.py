"""Writing a bundle to a folder of DAGs, whole or with nothing of it visible."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.errors import CloudError, ConfigError
from stockstream.lake.location import Location
from stockstream.runners.airflow.bundle import CONFIGS, MANIFEST, digest_of, modules_folder
from stockstream.runners.airflow.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stockstream.runners.airflow.bundle import Bundle

__all__ = ["Changes", "Deployment", "demand_place", "deployed_at"]

TOGETHER: Final = 8
"""Files that are read or written side by side."""


@dataclass(frozen=True)
class Changes:
    """What deploying does to the files of a folder.

    Attributes:
        new: files that are not there.
        changed: of an older deployment.
        edited: of an older deployment, and changed by somebody since; they are replaced.
        unchanged: files that are there already.
        removed: of an older deployment, and needed no more.
    """

    new: tuple[str, ...]
    changed: tuple[str, ...]
    edited: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        return (*self.new, *self.changed, *self.edited)


class Deployment:
    """One bundle on its way to one folder.

    Args:
        bundle: what is deployed.
        place: the folder of DAGs.
        keep_configs: leave the configurations of the deployment before as they are.

    Raises:
        ConfigError: the folder is not there or cannot be read, or holds files that are not ours
            where ours would be.
        CloudError: the bucket cannot be read.
    """

    def __init__(self, bundle: Bundle, place: Location, *, keep_configs: bool = False) -> None:
        self.bundle, self.place = bundle, place
        with _at(place, "read"):
            self.old = read_manifest(place)
            self._there = _read(place, bundle.files)
        self._demand_ours()
        self.manifest = self._manifest(keep_configs=keep_configs)
        self.changes = self._changes()

    def write(self, tell: Callable[[int, int], None] = lambda *_: None) -> None:
        """Write what changes, the modules first and the DAG files last, and read it back.

        Args:
            tell: is called with how many files are written, and how many there are.

        Raises:
            ConfigError: the folder cannot be written.
            CloudError: the bucket cannot be written, or does not give back what was written.
        """
        written, done = set(self.changes.written), 0
        if not written and not self.changes.removed:
            return
        begun = {**self.old.begun, **{name: self.manifest.files[name] for name in written}}
        with _at(self.place, "written"):
            # Killed from here on, the next one knows which files are ours.
            self.place.replace(MANIFEST, replace(self.old, begun=begun).content())
            for group in self._groups():
                names = [name for name in group if name in written]
                with ThreadPoolExecutor(TOGETHER) as pool:
                    for _ in pool.map(self._put, names):
                        done += 1
                        tell(done, len(written))

    def finish(self) -> None:
        """Remove what is needed no more, and note what is there.

        Raises:
            ConfigError: the folder cannot be written.
            CloudError: the bucket cannot be written.
        """
        with _at(self.place, "written"):
            self.place.replace(MANIFEST, self.manifest.content())
            _remove(self.place, self.changes.removed)

    def undo(self) -> None:
        """Put everything back as it was.

        Raises:
            ConfigError: the folder cannot be written.
            CloudError: the bucket cannot be written.
        """
        with _at(self.place, "written"):
            for group in reversed(list(self._groups())):  # DAG files first: they make it visible
                for name in set(self.changes.written).intersection(group):
                    before = self._there.get(name)
                    if before is None:
                        _remove(self.place, [name])
                    else:
                        self.place.replace(name, before)
            if self.old.names:
                self.place.replace(MANIFEST, self.old.content())
            else:
                _remove(self.place, [MANIFEST])

    def _groups(self) -> Iterator[list[str]]:
        """The files in their order; those of a group may come in any."""
        *modules, pointer = self.bundle.modules
        yield modules
        yield [pointer]
        yield list(self.bundle.configs)
        yield list(self.bundle.dags)

    def _put(self, name: str) -> None:
        content = self.bundle.files[name]
        self.place.replace(name, content)
        if self.place.read(name) != content:
            raise CloudError(
                f"{self.place.path(name)} is not what was just written: does somebody else deploy "
                "there? Deploy again; nothing is visible of it before its last file"
            )

    def _manifest(self, *, keep_configs: bool) -> Manifest:
        bundle, old = self.bundle, self.old
        before = old.before if old.code == bundle.code else old.code
        kept = [f"{modules_folder(before)}/"] if before else []
        kept += [f"{CONFIGS}/"] if keep_configs else []
        files = {name: digest for name, digest in old.files.items() if name.startswith(tuple(kept))}
        files |= {name: digest_of(content) for name, content in bundle.files.items()}
        return Manifest(bundle.version, bundle.digest, bundle.code, before, files)

    def _changes(self) -> Changes:
        new, changed, edited, unchanged = [], [], [], []
        for name, content in self.bundle.files.items():
            there = self._there.get(name)
            if there is None:
                new.append(name)
            elif there == content:
                unchanged.append(name)
            elif self.old.has(name, digest_of(there)):
                changed.append(name)
            else:
                edited.append(name)
        removed = sorted(self.old.names - set(self.manifest.files))
        return Changes(*map(tuple, (new, changed, edited, unchanged, removed)))

    def _demand_ours(self) -> None:
        foreign = [
            name
            for name, content in self._there.items()
            if name not in self.old.names and content != self.bundle.files[name]
        ]
        if foreign:
            raise ConfigError(
                f"{self.place} has files that this command did not write: {', '.join(foreign)}; "
                "move them away or remove them, then deploy again"
            )


def demand_place(address: str) -> Location:
    """The folder of DAGs at an address.

    Raises:
        ConfigError: there is no such folder, or its address holds a secret.
    """
    _, is_url, rest = address.partition("://")
    if is_url and ("?" in rest or "@" in rest.partition("/")[0]):
        raise ConfigError(
            "the address of a folder of DAGs cannot hold a user, a password or a query; leave them "
            "out, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        )
    place = Location.of(address)
    if place.is_local and not Path(place.address).is_dir():
        raise ConfigError(
            f"there is no folder {place}: give the one from which the Airflow reads its DAGs "
            "(its setting core.dags_folder) with --dags or as airflow.dags"
        )
    if not place.is_local and not place.address.startswith("s3://"):
        raise ConfigError(
            "DAGs go to a folder or to s3://bucket/folder; give one of them with --dags"
        )
    return place


def deployed_at(address: str) -> Manifest:
    """What was deployed to a folder of DAGs; empty if nothing ever was.

    Raises:
        ConfigError: there is no such folder, or its manifest is damaged.
        CloudError: the bucket cannot be read.
    """
    place = demand_place(address)
    with _at(place, "read"):
        return read_manifest(place)


def _read(place: Location, names: Iterable[str]) -> Mapping[str, bytes]:
    """The content of those files that are there."""

    def read(name: str) -> bytes | None:
        try:
            return place.read(name)
        except FileNotFoundError:
            return None

    names = list(names)
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = dict(zip(names, pool.map(read, names), strict=True))
    return {name: content for name, content in found.items() if content is not None}


def _remove(place: Location, names: Iterable[str]) -> None:
    """Remove files; of a folder also what Python made of them, and folders that are empty then."""
    for name in names:
        place.remove(name)
        if not place.is_local:
            continue
        path = Path(place.path(name))
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that is not empty stays
            (path.parent / "__pycache__").rmdir()
        with suppress(OSError):
            while path.parent != Path(place.address):
                path = path.parent
                path.rmdir()


@contextmanager
def _at(place: Location, done: str) -> Iterator[None]:
    """Turn what a disk or a store says into an error of ours."""
    try:
        yield
    except (CloudError, ConfigError):
        raise
    except OSError as error:
        if place.is_local:
            raise ConfigError(
                f"{error.filename or place} cannot be {done}: {error.strerror or error}; is it the "
                "folder of DAGs, and yours to write?"
            ) from None
        raise CloudError(f"{place} cannot be {done}: {error}") from None
