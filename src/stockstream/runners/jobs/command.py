"""Running a job in this process: its action, its signals, its exit code."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError, NoDataError, StockstreamError
from stockstream.runners.jobs import names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["main"]

GRACE: Final = 30.0
"""Seconds for the chunk at hand after the standard input has ended."""

MODULES: Final = {
    "plan": "planning",
    "item": "item",
    "collect": "collecting",
    "factors": "factors",
    "step": "steps",
}

HELP: Final = """\
All that a job is told stands in its environment. The lake is STOCKSTREAM__LAKE (a folder or URL),
or s3://$S3_BUCKET_NAME. Answers are JSON files: runs/answers/$KEY.json beside the lake.

  plan     KEY, REQUEST: {"config": {...}, "split", "where", "sample", "blocks", "keep_equity",
           "at_once", "each"} or {"run": "s-0123456789ab"}
  item     RUN, ATTEMPT, ITEM (or AWS_BATCH_JOB_ARRAY_INDEX)
  collect  KEY, RUN, ATTEMPT
  factors  KEY, FACTORS_TABLE or FACTORS_QUERY, FACTORS, FACTORS_KNOWN_AT or FACTORS_KNOWN_LAG,
           and DB_ENGINE, DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, or DB_SECRET, the name of
           a secret of AWS Secrets Manager
  step     KEY, STEP (symbols, fetch, compact or aggregate), EVENT

With FAILED_TRIALS=error an item with a trial that fails ends with 3, and the next time it runs that
trial again; plan counts such trials as missing. With LEAVE_AT_EOF=1 a job leaves when its standard
input ends.

exit codes: 0 done; 1 it may go better next time; 2 no use trying again; 3 trials failed
"""

_log = logging.getLogger("stockstream.jobs")


class _Left(BaseException):
    """Somebody asked the job to leave at once."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job; returns the exit code of the process."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {names.MODULE}",
        description="A piece of work for Airflow, AWS Batch, or a person.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=names.ACTIONS)
    action: names.Action = parser.parse_args(arguments).action
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stderr)
    try:
        return _run(action)
    except _Left:
        _log.error("the job was asked to leave; start it again")
    except (ConfigError, NoDataError) as error:
        _log.error("%s", error)
        return names.NO_USE
    except (StockstreamError, OSError) as error:
        _log.error("%s", error)
    return names.AGAIN


def _run(action: names.Action) -> int:
    leave = threading.Event()

    def asked(_signal: int, _frame: FrameType | None) -> None:
        leave.set()
        if action != "item":  # which leaves after the chunk at hand
            raise _Left

    signal.signal(signal.SIGTERM, asked)
    if os.environ.get(names.LEAVE_AT_EOF) == "1":
        threading.Thread(target=_leave_at_end_of_input, daemon=True).start()
    module = import_module(f"stockstream.runners.jobs.{MODULES[action]}")
    code: int = module.run(leave) if action == "item" else module.run()
    return code


def _leave_at_end_of_input() -> None:
    """Leave when nobody is there any more who could read what the job says."""
    with suppress(OSError):  # it is closed: that is its end, too
        while os.read(0, 1 << 16):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(names.AGAIN)  # files are whole or not there, so nothing is lost but time
