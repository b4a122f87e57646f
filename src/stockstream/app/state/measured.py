"""What tasks measured of a run and pages show: a file for each, in the folder of its tasks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file
from stockstream.report.robustness import Robustness
from stockstream.study.belief.document import belief_of, belief_text

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.study.belief.belief import Belief

__all__ = ["keep_belief", "keep_robustness", "kept_belief", "kept_robustness"]

ROBUSTNESS: Final = "found-robustness.json"
BELIEF: Final = "found-belief.json"


def keep_robustness(folder: Path, found: Robustness) -> None:
    """Write it down.

    Raises:
        DataError: the folder cannot be written to.
    """
    _write(folder / ROBUSTNESS, found.to_json())


def kept_robustness(folder: Path) -> Robustness | None:
    """What was measured of a backtest, if it was.

    Raises:
        DataError: it cannot be read.
    """
    try:
        text = (folder / ROBUSTNESS).read_text(encoding="utf-8")
    except OSError:
        return None
    return Robustness.of_json(text)


def keep_belief(folder: Path, stamp: str, belief: Belief) -> None:
    """Write down what was judged of the trials that were there at a stamp.

    Raises:
        DataError: the folder cannot be written to.
    """
    _write(folder / BELIEF, json.dumps({"stamp": stamp, "belief": belief_text(belief)}))


def kept_belief(folder: Path, stamp: str) -> Belief | None:
    """What was judged of a study, if it was, and there are no other trials now."""
    try:
        given = json.loads((folder / BELIEF).read_text(encoding="utf-8"))
        return belief_of(given["belief"]) if given["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError, DataError):  # it is judged again
        return None


def _write(file: Path, text: str) -> None:
    try:
        with whole_file(file) as fresh:
            fresh.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"what was measured cannot be kept: {error.strerror or error}") from error
