"""Which request gets which fault."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.testing.source_server.plan import FaultPlan, draw

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.testing.source_server.plan import DirectoryFault, Poison

__all__ = ["DIRECTORY", "Fault", "Injector"]

DIRECTORY: Final = "directory"
"""Names the endpoint, and stands for the symbol, where the directory is asked for."""


class Fault(NamedTuple):
    """What goes wrong with one request.

    Attributes:
        kind: one of the plan's kinds.
        amount: seconds of a time-out or of Retry-After, or the share of rows that are missing.
    """

    kind: str
    amount: float | None = None


class Injector:
    """Decides for each request by one plan, and keeps a log of what it decided.

    Attributes:
        plan: the plan.
        log: for each fault its date, endpoint, symbol, attempt (0 in a burst) and kind.
    """

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self.plan = plan or FaultPlan()
        self.log: list[dict[str, Any]] = []
        self._requests: Counter[dt.date] = Counter()
        self._attempts: Counter[tuple[str, str, dt.date]] = Counter()

    def fault(self, endpoint: str, symbol: str, day: dt.date) -> Fault | None:
        """The fault of the next request for a symbol on a day, if it gets one."""
        self._requests[day] += 1
        attempt, fault = 0, self._burst(day)
        if fault is None:
            self._attempts[endpoint, symbol, day] += 1
            attempt = self._attempts[endpoint, symbol, day]
            if endpoint == DIRECTORY:
                fault = self._of_directory(day, attempt)
            else:
                fault = self._poison(symbol, day, attempt) or self._drawn(
                    endpoint, symbol, day, attempt
                )
        if fault is not None:
            entry = {"date": str(day), "endpoint": endpoint, "symbol": symbol}
            self.log.append({**entry, "attempt": attempt, "kind": fault.kind})
        return fault

    def _burst(self, day: dt.date) -> Fault | None:
        for burst in self.plan.bursts:
            within = 0 <= self._requests[day] - burst.first < burst.count
            if within and day in (burst.dates or (day,)):
                return Fault("rate_limited", burst.retry_after)
        return None

    def _of_directory(self, day: dt.date, attempt: int) -> Fault | None:
        for planned in self.plan.directory:
            if _strikes(planned, day, attempt):
                return self._of_kind(planned.kind, planned.share)
        return None

    def _poison(self, symbol: str, day: dt.date, attempt: int) -> Fault | None:
        for planned in self.plan.poison:
            if symbol in planned.symbols and _strikes(planned, day, attempt):
                return self._of_kind(planned.kind)
        return None

    def _drawn(self, endpoint: str, symbol: str, day: dt.date, attempt: int) -> Fault | None:
        if not any(share for _, share in self.plan.shares):
            return None
        left = draw(self.plan.seed, endpoint, symbol, day, attempt)
        for kind, share in self.plan.shares:
            left -= share
            if left < 0.0:
                return self._of_kind(kind)
        return None

    def _of_kind(self, kind: str, share: float | None = None) -> Fault:
        amounts = {"timeout": self.plan.timeout_seconds, "short": share}
        return Fault(kind, amounts.get(kind))


def _strikes(planned: Poison | DirectoryFault, day: dt.date, attempt: int) -> bool:
    return day in (planned.dates or (day,)) and (
        not planned.attempts or attempt <= planned.attempts
    )
