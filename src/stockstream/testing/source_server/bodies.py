"""Recorded bodies that are served as they are, in place of what the market says.

A folder of bodies has an ``index.json``::

    {"BHP.AX": {"status": 200, "content_type": "application/json", "file": "bhp.json"}}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias

from stockstream.errors import ConfigError
from stockstream.testing.source_server.wire import JSON, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Recorded", "read_bodies", "write_bodies"]

Recorded: TypeAlias = tuple[int, str, bytes]
"""Status, content type and body."""

INDEX: Final = "index.json"


def read_bodies(folder: Path) -> dict[str, Reply]:
    """The recorded answers of a folder, by symbol.

    Raises:
        ConfigError: there is no index, or it does not name a file that is there.
    """
    try:
        index = json.loads((folder / INDEX).read_bytes())
        return {
            symbol: Reply(
                (folder / entry["file"]).read_bytes(),
                entry.get("status", 200),
                entry.get("content_type", JSON),
            )
            for symbol, entry in index.items()
        }
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"the bodies of {folder} cannot be read: {error!r}; it needs an {INDEX} of the form "
            '{"BHP.AX": {"status": 200, "content_type": "...", "file": "bhp.json"}}'
        ) from error


def write_bodies(bodies: Mapping[str, Recorded], folder: Path) -> Path:
    """Write recorded bodies so that :func:`read_bodies` reads them; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for number, (symbol, (status, content_type, body)) in enumerate(bodies.items()):
        file = f"{number}.body"
        (folder / file).write_bytes(body)
        index[symbol] = {"status": status, "content_type": content_type, "file": file}
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
    return folder
