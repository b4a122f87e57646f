"""What the batches of a run share, so that together they stay polite."""

from __future__ import annotations

from dataclasses import dataclass

from stockstream.ingest.pacing.breaker import Breaker
from stockstream.ingest.pacing.budget import RateBudget
from stockstream.ingest.pacing.clock import Clock

__all__ = ["Pacing"]


@dataclass(frozen=True)
class Pacing:
    """One budget, one breaker and one clock for everything that asks the same source.

    Attributes:
        budget: how many requests a second.
        breaker: whether the source works at all.
        clock: what both wait by.
    """

    budget: RateBudget
    breaker: Breaker
    clock: Clock

    @classmethod
    def of(cls, per_second: float | None, clock: Clock | None = None) -> Pacing:
        """Pacing at a rate; None means no limit."""
        clock = clock or Clock()
        return cls(RateBudget(per_second, clock=clock), Breaker(clock=clock), clock)
