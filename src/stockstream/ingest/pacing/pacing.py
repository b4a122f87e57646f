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
    def of(
        cls, per_second: float | None, clock: Clock | None = None, *, patience: float = 600.0
    ) -> Pacing:
        """Pacing at a rate.

        Args:
            per_second: most requests a second; None means no limit.
            clock: what to wait by.
            patience: seconds after which a source that does not work is given up.
        """
        clock = clock or Clock()
        breaker = Breaker(patience=patience, clock=clock)
        return cls(RateBudget(per_second, clock=clock), breaker, clock)
