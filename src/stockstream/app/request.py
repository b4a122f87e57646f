"""What somebody asked for, kept in a folder: pages and processes read it from there.

A request is named after what it asks, so that asking twice is asking once. Its folder is
``<runs>/requests/<name>/``; what becomes of it is noted there by tasks, see
:mod:`stockstream.app.tasks`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stockstream.app.form.check import check
from stockstream.app.form.draft import Draft
from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.disk import create_file

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.form.check import Checked
    from stockstream.app.form.market import Market

__all__ = ["Request"]

FOLDER: Final = "requests"
FILE: Final = "request.json"
_NAME = re.compile(r"q-[0-9a-f]{12}")


@dataclass(frozen=True)
class Request:
    """A form that was handed in.

    Attributes:
        draft: as it was typed.
        lake: address of the lake that it was checked against.
        version: of its data then; the tasks read that version's successors as well, and the run
            says which one it read.
    """

    draft: Draft
    lake: str
    version: str

    @property
    def name(self) -> str:
        """Equal requests have equal names."""
        text = json.dumps([self.draft.to_json(), self.lake, self.version])
        return f"q-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def folder(self, runs: Path) -> Path:
        """Where it is kept."""
        return runs / FOLDER / self.name

    def keep(self, runs: Path) -> Path:
        """Write it down, unless it is there; returns its folder.

        Raises:
            DataError: the folder of runs cannot be written to.
        """
        folder = self.folder(runs)
        content: dict[str, Any] = {
            "draft": json.loads(self.draft.to_json()),
            "lake": self.lake,
            "version": self.version,
        }
        try:
            create_file(folder / FILE, json.dumps(content, indent=1).encode())
        except OSError as error:
            raise DataError(
                f"what was asked for cannot be kept: {error.strerror or error}; is the folder of "
                "runs (the setting 'runs') yours to write?"
            ) from error
        return folder

    @classmethod
    def read(cls, name: str, runs: Path) -> Request:
        """A request by its name.

        Raises:
            ConfigError: this is no name of one.
            NoDataError: there is none of this name.
            DataError: it cannot be read.
        """
        return cls.at(cls.place(name, runs))

    @staticmethod
    def place(name: str, runs: Path) -> Path:
        """The folder of a request by its name.

        Raises:
            ConfigError: this is no name of one.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name[:40]!r} is no name of a request, such as q-0123456789ab")
        return runs / FOLDER / name

    @classmethod
    def at(cls, folder: Path) -> Request:
        """The request in a folder; see :meth:`read`."""
        try:
            given = json.loads((folder / FILE).read_text(encoding="utf-8"))
            found = cls(Draft.of(given["draft"]), str(given["lake"]), str(given["version"]))
        except FileNotFoundError:
            raise NoDataError(f"there is no request {folder.name}: it was removed") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"the request {folder.name} cannot be read: {error}") from error
        return found

    def checked(self, market: Market) -> Checked:
        """The configuration that it asks for; see :func:`stockstream.app.form.check.check`.

        Raises:
            ConfigError: the market has changed, so that it no longer can be run.
        """
        found = check(self.draft, market)
        if found.config is None:
            name, problem = next(iter(found.problems.items()))
            raise ConfigError(f"{name}: {problem.what}" if name else problem.what)
        return found
