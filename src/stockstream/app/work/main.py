"""The process of a task: ``python -m stockstream.app.work.main FOLDER TASK``."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from traceback import format_exc
from typing import TYPE_CHECKING, Final

from stockstream.app.discretion import discreet, without_secrets
from stockstream.app.tasks.progress import Teller
from stockstream.app.tasks.start import TASKS
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.app.tasks.start import Task

__all__ = ["main"]

WORK: Final[Mapping[Task, str]] = {
    "estimate": "estimating",
    "deploy": "deploying",
    "trigger": "triggering",
    "watch": "watching",
    "cancel": "cancelling",
    "resume": "resuming",
    "connect": "connecting",
    "delete": "deleting",
    "robustness": "measuring",
    "belief": "believing",
}
"""Modules of this package, each with a function ``work(folder, tell)``."""

LOCK: Final = 3
"""Number of the file whose lock says that the task runs."""

UNFORESEEN: Final = (
    "something went wrong that nobody had foreseen; the log of the task, beside the request or the "
    "run, says what"
)

_log = logging.getLogger("stockstream.app")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do a task; returns the exit code. Who started it holds its lock, see :func:`start`.

    Args:
        arguments: folder of the request or the run, name of the task.
    """
    place, task = sys.argv[1:] if arguments is None else arguments
    [known] = [one for one in TASKS if one == task]
    logging.basicConfig(level="INFO", format="%(asctime)s %(process)d %(message)s")
    folder = Path(place)
    tell = Teller(folder, task)
    tell("starting")
    try:
        import_module(f"stockstream.app.work.{WORK[known]}").work(folder, tell)
    except StockstreamError as error:
        tell.fail(discreet(str(error)))
        return 1
    except Exception:  # noqa: BLE001 - whatever it is, the page must hear of it
        _log.error("%s of %s\n%s", task, folder.name, without_secrets(format_exc()))
        tell.fail(UNFORESEEN)
        return 1
    return 0


if __name__ == "__main__":
    with suppress(OSError):  # the lock is for this process, not for workers that it starts
        os.set_inheritable(LOCK, False)
    sys.exit(main())
