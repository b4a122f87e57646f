"""Run in a process of its own: ``readers.py COUNT SEED``, reads hostile documents under watch.

Every event that Python audits while documents are read is counted: opening a file, importing,
compiling, running code, starting a program, a connection. Prints JSON: what came of the documents,
and events by kind.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from tests.airflow.loader.hostile import documents, good_document

from stockstream.airflow.document import read_document
from stockstream.errors import ConfigError

HARMLESS = frozenset({"object.__getattr__", "sys._getframe", "builtins.id"})


def main(count: int, seed: int) -> None:
    """Read them and say what happened."""
    for text in (*documents(500, seed + 1), json.dumps(good_document())):
        taken(text)  # whatever is imported when first used is imported now
    texts, seen, watching = list(documents(count, seed)), Counter[str](), [True]
    sys.addaudithook(lambda event, _: seen.update([event]) if watching[0] else None)
    outcomes = Counter(taken(text) for text in texts)
    watching[0] = False
    events = {event: number for event, number in seen.items() if event not in HARMLESS}
    print(json.dumps({"outcomes": outcomes, "events": events}))  # noqa: T201 - a program


def taken(text: str) -> str:
    """Whether a document is taken, refused by an error of ours, or anything else."""
    try:
        read_document(text)
    except ConfigError as error:
        return "refused" if str(error) and "\n" not in str(error) else f"unclear: {text[:200]}"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}: {text[:200]}"
    return "taken"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
