"""Leaving a source alone that does not work, and finding out when it works again."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from stockstream.errors import TransientError
from stockstream.ingest.pacing.clock import Clock

__all__ = ["Breaker"]

TIME_IS_UP: Final = "no time was left to ask for it; the next run does"

POLL = 0.25
"""Seconds after which those who wait for the outcome of a probe look again."""


class Breaker:
    """A circuit breaker that threads share.

    It opens when ``run`` symbols in a row failed and none of them had failed before: symbols that
    always fail, however often they are tried, say nothing about the source. While it is open
    everyone waits. After a cool-down one request goes through as a probe, of whoever has waited
    longest: a good answer closes the breaker, a bad one makes the next cool-down twice as long.
    When the source has not answered for as long as ``patience``, or the limit of the clock has
    passed, the breaker gives up, for good.

    Args:
        run: failures in a row that open it.
        cool_down: seconds of the first wait.
        longest: seconds that no wait exceeds, unless the source itself asked for more.
        patience: seconds after which it gives up.
        clock: what to wait by.
    """

    def __init__(
        self,
        *,
        run: int = 10,
        cool_down: float = 5.0,
        longest: float = 30.0,
        patience: float = 600.0,
        clock: Clock | None = None,
    ) -> None:
        self.gave_up = ""
        self._run, self._shortest, self._longest = run, cool_down, longest
        self._patience = patience
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._known_to_fail: set[str] = set()
        self._in_a_row = 0
        self._opened = 0.0
        self._open_until: float | None = None
        self._cool_down = cool_down
        self._probe: int | None = None
        self._waiting: deque[int] = deque()

    @property
    def is_open(self) -> bool:
        """Whether requests wait."""
        return self._open_until is not None

    def enter(self) -> None:
        """Wait until a request may go out; its outcome must be reported from the same thread.

        Raises:
            TransientError: it gave up on the source.
            Stopped: the run was told to stop.
        """
        while wait := self._wait():
            self._clock.sleep(wait)

    def succeeded(self) -> None:
        """Report that the source answered as it should, whatever it said about the symbol."""
        with self._lock:
            self._in_a_row = 0
            if not self.gave_up:
                self._open_until = self._probe = None
                self._waiting.clear()

    def failed(self, names: list[str], reason: str, retry_after: float = 0.0) -> None:
        """Report that the source itself failed.

        Args:
            names: the symbols that it was asked for.
            reason: what happened.
            retry_after: seconds for which the source wants to be left alone; 0 if it did not say.
        """
        with self._lock:
            news = self._known_to_fail.isdisjoint(names)
            self._known_to_fail.update(names)
            if self.is_open:
                if self._probe == threading.get_ident():
                    self._cool_down = min(2 * self._cool_down, self._longest)
                    self._open(reason, retry_after)
            elif news:
                self._in_a_row += 1
                if self._in_a_row >= self._run:
                    self._opened, self._cool_down = self._clock.time(), self._shortest
                    self._open(reason, retry_after)

    def _open(self, reason: str, retry_after: float) -> None:
        until = self._clock.time() + max(self._cool_down, retry_after)
        self._open_until, self._probe = until, None
        if until > self._opened + self._patience:
            self.gave_up = (
                f"the source failed for {self._in_a_row} symbols in a row and is given up for now, "
                f"because waiting for it would take longer than {self._patience:g} seconds; the "
                f"last it said: {reason}"
            )

    def _wait(self) -> float:
        """Seconds to wait before asking again whether to go; 0: go."""
        with self._lock:
            if self._clock.is_over and not self.gave_up:
                self.gave_up = TIME_IS_UP
            if self.gave_up:
                raise TransientError(self.gave_up)
            if self._open_until is None:
                return 0.0
            me = threading.get_ident()
            if me not in self._waiting:
                self._waiting.append(me)
            left = self._open_until - self._clock.time()
            if left > 0:
                return left
            if self._probe is None and self._waiting[0] == me:
                self._probe = self._waiting.popleft()
                return 0.0
            return POLL
