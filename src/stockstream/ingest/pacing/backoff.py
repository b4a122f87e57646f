"""How long to wait before a source is asked again for what it did not give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

__all__ = ["FIRST_WAIT", "LONGEST_WAIT", "backoff"]

FIRST_WAIT: Final = 2.0
"""Seconds that the wait after the first failure stays below."""

LONGEST_WAIT: Final = 60.0
"""Seconds that no drawn wait exceeds, however often it failed."""

_DOUBLINGS: Final = 30
"""More would not change the answer, only overflow."""


def backoff(failures: int, retry_after: float, rng: Random) -> float:
    """Seconds to wait after a number of failures.

    Drawn evenly from 0 up to a limit that doubles with each failure ("full jitter"): those who
    failed together do not come back together. What the source asked for comes on top of that.

    Args:
        failures: how often it failed so far, 1 or more.
        retry_after: seconds that the source wants to be left alone; 0 if it did not say.
        rng: draws the wait.
    """
    limit = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, _DOUBLINGS))
    return max(retry_after, 0.0) + rng.uniform(0.0, limit)
