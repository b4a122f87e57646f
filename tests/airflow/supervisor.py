"""Looks after the processes of one Airflow: ``python supervisor.py FOLDER``.

It starts what it is told to, one JSON list on a line ``[name, *command]``, and answers with the
process's id. When its standard input ends, however that came about, it kills the whole group.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Start what comes in, until nobody is there any more."""
    signal.signal(signal.SIGCHLD, _bury)
    signal.signal(signal.SIGTERM, _end)
    for line in sys.stdin:
        name, *command = json.loads(line)
        with (folder / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        sys.stdout.write(f"{started.pid}\n")
        sys.stdout.flush()
    _end()


def _bury(*_: object) -> None:
    """Leave no zombie of a process that somebody killed."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _end(*_: object) -> None:
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
