"""What a service must offer so that studies can be run on it: starting, looking and stopping.

A service starts workers and nothing else. What is done is said by files alone, so a service that
forgets, lies or is down loses no result. :class:`stockstream.runners.cloud.CloudRunner` does all
that is alike for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from stockstream.settings import Settings
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["Begun", "Look", "Service", "attempt_name"]


class Look(NamedTuple):
    """What a service says of an attempt.

    Attributes:
        state: ``ended`` on its own, whatever it has done; ``failed`` for a reason; ``unknown`` if
            the service cannot be asked.
        error: the reason; of an attempt that runs, what it waits for, if that is somebody.
    """

    state: Literal["running", "ended", "cancelled", "failed", "unknown"]
    error: str = ""


class Begun(NamedTuple):
    """An attempt that was started.

    Attributes:
        id: what the service calls it; empty if nothing was missing.
        is_new: whether nobody had started it before.
    """

    id: str
    is_new: bool


class Service(Protocol):
    """Starts workers for the items of a plan, and knows whether they are still at it.

    All calls raise :class:`stockstream.errors.CloudError` if the service does not answer or
    refuses, and :class:`stockstream.errors.ConfigError` for settings that cannot be used.
    """

    @property
    def kind(self) -> str:
        """Name of the service, as ``--runner`` takes it."""

    @property
    def where(self) -> Mapping[str, str]:
        """Which one of its kind it is, without secrets; kept with each run, to find it again."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        runs: Path,
        at_once: int | None = None,
        where: Mapping[str, str] | None = None,
    ) -> Self:
        """The service of the settings, or the one that a run was started on. Asks nobody.

        Args:
            settings: which one it is, and how to get in.
            runs: the folder of runs on this machine.
            at_once: workers that a study is divided for; None takes that of the settings.
            where: what :attr:`where` was when a run was started; None takes that of the settings.

        Raises:
            ConfigError: the settings do not name one, or name no way in.
        """

    def ready(self, lake: str) -> None:
        """Find out whether studies on a lake can be started, before one is planned.

        Args:
            lake: folder or URL.

        Raises:
            ConfigError: it cannot reach this lake, or something is missing that it needs.
        """

    def find(self, store: BucketStore, attempt: int) -> str:
        """What the service calls an attempt that somebody has started, be it from elsewhere.

        Args:
            store: of the run, beside its lake.
            attempt: from 1.

        Returns:
            Its identity; empty if nobody started it, or if it was forgotten.
        """

    def start(self, store: BucketStore, attempt: int) -> Begun:
        """Plan an attempt at a run and start workers for it.

        It is called if :meth:`find` gives nothing; who comes second joins what the first started.

        Args:
            store: of the run, beside its lake.
            attempt: from 1; the plan is :func:`stockstream.study.runs.plans.make_plan`.
        """

    def look(self, identity: str) -> Look:
        """What is known of an attempt; of one that was forgotten, that it has ended.

        Args:
            identity: what :meth:`start` or :meth:`find` gave.
        """

    def stop(self, identity: str) -> None:
        """Stop an attempt; one that has ended is no error.

        The runner has written the stop file of the attempt before, so workers leave anyway.
        """

    def beside(self, run: str, attempt: int) -> Sequence[str]:
        """What an attempt leaves beside the run: beginnings of names in a folder of all runs."""


def attempt_name(run: str, attempt: int) -> str:
    """Name of an attempt with a service: of its execution, its job, its DAG run."""
    return f"{run}-{attempt}"
