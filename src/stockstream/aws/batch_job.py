"""One child of an array job: ``python -m stockstream.aws.batch_job``.

What it is to do stands in the environment: RUN and ATTEMPT, S3_BUCKET_NAME (or another setting of
the lake), and AWS_BATCH_JOB_ARRAY_INDEX, the item of the plan, which a job that is no array lacks.
It runs the same function as Lambda does and ends with 0 if nothing of its item is left, with 1 if
the next attempt may go on (it was asked to leave, the bucket did not answer), and with 2 if that
would be of no use. A job definition that ends at 2 and retries everything else fits.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import Final

from stockstream.aws.handlers.sweeps import open_run
from stockstream.errors import ConfigError, NoDataError, StockstreamError
from stockstream.settings import load_settings
from stockstream.study.runs.items import run_item
from stockstream.study.runs.plans import demand_attempt, read_item
from stockstream.study.runs.store import demand_run_name

__all__ = ["main"]

DONE: Final = 0
AGAIN: Final = 1
NO_USE: Final = 2

INDEX: Final = "AWS_BATCH_JOB_ARRAY_INDEX"

_log = logging.getLogger("stockstream.batch")


def main() -> int:
    """Run the item that the environment names; returns the exit code of the process."""
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stderr)
    leave = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leave.set())  # Spot wants its machine back
    try:
        _run(leave)
    except (ConfigError, NoDataError) as error:
        _log.error("%s", error)
        return NO_USE
    except (StockstreamError, OSError) as error:
        _log.error("%s", error)
        return AGAIN
    return DONE


def _run(leave: threading.Event) -> None:
    run, attempt, index = _variable("RUN"), _variable("ATTEMPT"), os.environ.get(INDEX, "0")
    if not index.isdecimal():
        raise ConfigError(f"{INDEX} is {index!r}: AWS Batch sets it to a whole number")
    store, lake = open_run(load_settings().lake, demand_run_name(run))
    item = read_item(store, demand_attempt(attempt), int(index))
    ran = run_item(item, store, lake, lambda _: not leave.is_set())
    _log.info(
        "item %s of attempt %s at %s: %d chunks, %d run now in %.1f s, %d given up",
        *(index, attempt, run, ran.chunks, ran.ran, ran.seconds, ran.failed),
    )


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} is missing: start jobs with "
            "`stockstream sweep --runner aws-batch`, or give RUN and ATTEMPT yourself"
        )
    return value


if __name__ == "__main__":
    sys.exit(main())
