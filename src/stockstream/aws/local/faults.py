"""What goes wrong on purpose, drawn from a seed."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass, replace
from typing import Any

from stockstream.errors import ConfigError

__all__ = ["NO_FAULTS", "Faults", "Misfortune"]

LATEST_KILL = 0.3
"""Seconds after which a function that is to be lost is killed at the latest."""

LATEST_DELIVERY = 0.5
"""Seconds by which a late delivery comes after the one that was answered."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Faults that the emulation injects.

    Attributes:
        seed: of every draw.
        s3_errors: share of the S3 requests that are answered with 503 SlowDown.
        s3_delay: seconds by which an S3 request is late, at most.
        deliveries: how often each call of a function is delivered, at least and at most: one after
            another, overlapping, or once more when it has been answered. The last answer counts.
        shuffle: a Map takes its items in random order.
        kill_workers: share of the calls of functions whose process is lost in the middle, or when
            it has finished and nobody knows.
        kill_jobs: share of the attempts of Batch jobs that are lost in the middle.
    """

    seed: int = 0
    s3_errors: float = 0.0
    s3_delay: float = 0.0
    deliveries: tuple[int, int] = (1, 1)
    shuffle: bool = False
    kill_workers: float = 0.0
    kill_jobs: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name in ("s3_errors", "kill_workers", "kill_jobs"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is a share: a number from 0 to 1")
        fewest, most = self.deliveries
        if not 1 <= fewest <= most:
            raise ConfigError("deliveries are at least one: write them as (1, 5)")
        if self.s3_delay < 0:
            raise ConfigError("s3_delay is a number of seconds from 0 on")

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Faults:
        """What ``document`` gave."""
        faults = cls(**document)
        fewest, most = faults.deliveries
        return replace(faults, deliveries=(fewest, most))


NO_FAULTS = Faults()


class Misfortune:
    """Draws faults, for any number of threads.

    Attributes:
        faults: what may be drawn.
        injected: how often each fault was, since they were set.
    """

    def __init__(self, faults: Faults = NO_FAULTS) -> None:
        self._lock = threading.Lock()
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Draw from these from now on."""
        with self._lock:
            self.faults = faults
            self._random = random.Random(faults.seed)  # noqa: S311 - chance is to be repeatable
            self.injected = {"s3_errors": 0, "deliveries": 0, "kill_workers": 0, "kill_jobs": 0}

    def fails_s3(self) -> bool:
        """Whether this S3 request is refused."""
        return self._hits("s3_errors")

    def s3_delay(self) -> float:
        """Seconds by which this S3 request is late."""
        with self._lock:
            return self._random.random() * self.faults.s3_delay

    def kill_worker(self) -> float | None:
        """Seconds after which the process of this call is lost, if it is."""
        with self._lock:
            after = self._random.random() * LATEST_KILL
        return after if self._hits("kill_workers") else None

    def kill_job(self) -> float | None:
        """Seconds after which this attempt of a job is lost, if it is."""
        with self._lock:
            after = self._random.random() * LATEST_KILL * 10  # a job starts a new process
        return after if self._hits("kill_jobs") else None

    def deliveries(self) -> list[str]:
        """How a call is delivered besides: ``before``, ``beside`` or ``late``, for each time."""
        with self._lock:
            times = self._random.randint(*self.faults.deliveries) - 1
            self.injected["deliveries"] += times
            return self._random.choices(("before", "beside", "late"), k=times)

    def late_by(self) -> float:
        """Seconds by which a late delivery is late."""
        with self._lock:
            return self._random.random() * LATEST_DELIVERY

    def shuffled(self, items: list[Any]) -> None:
        """Shuffle in place, if order is to be lost."""
        with self._lock:
            if self.faults.shuffle:
                self._random.shuffle(items)

    def _hits(self, name: str) -> bool:
        with self._lock:
            share: float = getattr(self.faults, name)
            hit = self._random.random() < share
            self.injected[name] += hit
        return hit
