"""The job ``collect``: what came of an attempt, when all its items have ended."""

from __future__ import annotations

import logging

from stockstream.runners.jobs import environment, names
from stockstream.runners.jobs.answers import Answers
from stockstream.runners.jobs.summary import sweep_summary
from stockstream.settings import load_settings
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import demand_attempt
from stockstream.study.runs.store import demand_run_name

__all__ = ["run"]

_log = logging.getLogger("stockstream.jobs")


def run() -> int:
    """Leave the summary of the attempt that the environment names.

    Returns:
        An exit code of :mod:`stockstream.runners.jobs.names`; how many trials failed changes
        nothing of it.

    Raises:
        ConfigError: the environment cannot be used.
        NoDataError: there is no such run.
        DataError: the run cannot be read, or the answer cannot be written.
    """
    key, run_name = environment.demanded_key(), environment.demanded(names.RUN)
    attempt = demand_attempt(environment.demanded(names.ATTEMPT))
    lake = load_settings().lake
    store = BucketStore.open(runs_of(lake).child(demand_run_name(run_name)))
    summary = sweep_summary(store, attempt)
    Answers(lake).write(key, summary)
    _log.info(
        "%s, attempt %s: %s, %d of %d trials are there, %d failed",
        *(summary[name] for name in ("run", "attempt", "state", "done", "trials", "failed")),
    )
    return names.DONE
