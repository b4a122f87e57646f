"""What was deployed to a folder of DAGs: kept there, so that the next deployment knows its own."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError
from stockstream.runners.airflow.bundle import MANIFEST

if TYPE_CHECKING:
    from stockstream.lake.location import Location

__all__ = ["Manifest", "read_manifest"]

FORMAT: Final = 1
_NAME: Final = re.compile(
    r"(stockstream|stockstream_dags)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*|/\.airfl\w+)+"
)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """What was deployed.

    Attributes:
        stockstream: version of this package.
        bundle: digest of what was deployed last; empty if nothing ever was.
        code: digest of its modules.
        before: digest of the modules before them, which tasks that still run may need.
        files: digest of each file that is ours, by its path.
        begun: the same for what is being written, while it is.
    """

    stockstream: str = ""
    bundle: str = ""
    code: str = ""
    before: str = ""
    files: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Paths of all files that are ours, whole or begun."""
        return {*self.files, *self.begun}

    def has(self, name: str, digest: str) -> bool:
        """Whether a file is one that was written by us, as it was written."""
        return digest in {self.files.get(name), self.begun.get(name)}

    def content(self) -> bytes:
        """As it is kept: the same manifest gives the same bytes."""
        document = {"format": FORMAT, **asdict(self)}
        return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def read_manifest(place: Location) -> Manifest:
    """The manifest of a folder of DAGs; an empty one if nothing was deployed there.

    Raises:
        ConfigError: it is damaged, or of a newer version of this package.
        OSError: the folder cannot be read.
    """
    try:
        content = place.read(MANIFEST)
    except FileNotFoundError:
        return Manifest()
    damaged = ConfigError(
        f"{place.path(MANIFEST)} is damaged, so nobody knows which files there are ours: remove "
        "the folders stockstream and stockstream_dags beside it, then deploy again"
    )
    try:
        document = json.loads(content)
        newer = document.pop("format") != FORMAT
        found = Manifest(**document) if not newer else Manifest()
    except (ValueError, TypeError, KeyError, AttributeError):
        raise damaged from None
    if newer:
        raise ConfigError(
            f"{place.path(MANIFEST)} was written by a newer version of this package: upgrade it"
        )
    if not _is_sound(found):
        raise damaged
    return found


def _is_sound(manifest: Manifest) -> bool:
    """Whether every file is below our folders: what is listed may be removed one day."""
    listed: tuple[Any, ...] = (manifest.files, manifest.begun)  # whatever the JSON said
    return all(isinstance(one, dict) for one in listed) and all(
        _NAME.fullmatch(name) and isinstance(digest, str) and _DIGEST.fullmatch(digest)
        for one in listed
        for name, digest in one.items()
    )
