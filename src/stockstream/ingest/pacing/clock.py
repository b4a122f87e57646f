"""The clock that pacing goes by, and the one way to stop a run that waits."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time

__all__ = ["Clock", "Stopped"]


class Stopped(Exception):  # noqa: N818 - an event to handle, not an error to show
    """The run was told to stop."""


class Clock:
    """Time, and waiting that can be cut short from another thread. Tests bring one of their own.

    Args:
        limit: seconds from now after which nobody waits any more; None: no limit.
    """

    def __init__(self, limit: float | None = None) -> None:
        self._stopped = threading.Event()
        self._end = math.inf if limit is None else self.time() + limit

    @property
    def is_over(self) -> bool:
        """Whether the limit has passed."""
        return self._end < math.inf and self.time() >= self._end

    def time(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def now(self) -> dt.datetime:
        """The date and time, in UTC."""
        return dt.datetime.now(dt.UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, at most until the limit; 0 only asks whether the run goes on.

        Raises:
            Stopped: the run was told to stop, before or meanwhile.
        """
        if self._end < math.inf:
            seconds = min(seconds, self._end - self.time())
        if self._stopped.is_set() or (seconds > 0 and self._stopped.wait(seconds)):
            raise Stopped

    def stop(self) -> None:
        """Wake everyone up, and let nobody wait again."""
        self._stopped.set()
