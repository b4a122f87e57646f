"""How many requests a second a source gets from all batches together."""

from __future__ import annotations

import math
import threading
from typing import Final

from stockstream.ingest.pacing.clock import Clock

__all__ = ["RateBudget"]

SLOWEST: Final = 1 / 20
"""Share of the limit below which the rate does not fall."""

STEP: Final = 1 / 50
"""Share of the limit by which each good answer raises the rate again."""


class RateBudget:
    """A token bucket that threads share and that follows what the source bears.

    Whoever asks gets the next free moment and waits for it: first come, first served. "Too many
    requests" halves the rate, each good answer raises it by a little, up to the limit (additive
    increase, multiplicative decrease, as TCP shares a line). In any stretch of time no more than
    ``limit * seconds + burst`` requests get through.

    Args:
        per_second: most requests in a second; None means no limit.
        burst: requests that may go out at once after a quiet time.
        clock: what to wait by.
    """

    def __init__(
        self, per_second: float | None, *, burst: int = 1, clock: Clock | None = None
    ) -> None:
        self.limit = math.inf if per_second is None else per_second
        self._rate = self.limit
        self._burst = burst
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._full_at = -math.inf  # when the bucket will be full again, if nobody comes
        self._closed_until = -math.inf
        self._slowed_at = -math.inf
        self._plans = 0  # counts changes of plan: who waits for an old moment takes a new one

    @property
    def rate(self) -> float:
        """Requests in a second that get through at the moment; infinite without a limit."""
        return self._rate

    def take(self) -> float:
        """Wait for the next free moment.

        Returns:
            The clock's time at that moment, to be handed to :meth:`slow_down`.

        Raises:
            Stopped: the run was told to stop.
        """
        while True:
            with self._lock:
                plan, moment = self._plans, self._next_moment()
            self._clock.sleep(max(0.0, moment - self._clock.time()))
            with self._lock:
                if plan == self._plans:
                    return self._clock.time()

    def speed_up(self) -> None:
        """Take note of a good answer."""
        with self._lock:
            self._rate = min(self.limit, self._rate + STEP * self.limit)

    def slow_down(self, taken: float, retry_after: float = 0.0) -> None:
        """Take note of "too many requests".

        Requests that were under way together count as one: only what was asked after the last
        slowing down slows down again.

        Args:
            taken: when the request that was refused went out, from :meth:`take`.
            retry_after: seconds for which nobody may ask, if the source said so.
        """
        with self._lock:
            is_news = taken > self._slowed_at
            if not is_news and retry_after <= 0:
                return
            now = self._clock.time()
            if is_news:
                self._slowed_at = now
                self._rate = max(SLOWEST * self.limit, self._rate / 2)
            self._closed_until = max(self._closed_until, now + retry_after)
            self._full_at = now + self._burst / self._rate  # nobody keeps the moment he waits for
            self._plans += 1

    def _next_moment(self) -> float:
        """Reserve the next free moment; the bucket's level is kept as the time it is full again."""
        spacing = 1 / self._rate
        spare = (self._burst - 1) * spacing
        moment = max(self._clock.time(), self._closed_until, self._full_at - spare)
        self._full_at = max(moment, self._full_at) + spacing
        return moment
