"""The job ``step``: one step of the daily run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import UnknownNameError
from stockstream.ingest.steps import daily
from stockstream.runners.jobs import environment, names
from stockstream.runners.jobs.answers import Answers
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

STEPS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "symbols": daily.symbols,
    "fetch": daily.fetch,
    "compact": daily.compact,
    "aggregate": daily.aggregate,
}

_log = logging.getLogger("stockstream.jobs")


def run() -> int:
    """Do the step that the environment names and leave what it says.

    Returns:
        An exit code of :mod:`stockstream.runners.jobs.names`.

    Raises:
        ConfigError: the environment, the event or a setting cannot be used.
        FetchError: a source gave nothing.
        LakeError: the lake cannot be read or written.
    """
    key, step = environment.demanded_key(), environment.demanded(names.STEP)
    if step not in STEPS:
        raise UnknownNameError(f"step in {names.STEP}", step, STEPS)
    answer = STEPS[step](environment.document(names.EVENT, "{}"))
    Answers(load_settings().lake).write(key, answer)
    _log.info("%s: done", step)
    return names.DONE
