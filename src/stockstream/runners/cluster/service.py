"""The service ``cluster``: a driver for each attempt, as a process of the machine that submits."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from stockstream.errors import CloudError, ConfigError
from stockstream.lake.location import Location
from stockstream.runners.cluster.claim import Claim
from stockstream.runners.cluster.connection import demand_answer, demand_ray
from stockstream.runners.cluster.driver import MODULE
from stockstream.runners.cluster.head import remove_remains
from stockstream.runners.service import Begun, Look
from stockstream.study.runs.detached import start_process
from stockstream.study.runs.ledger.liveness import is_alive
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from stockstream.settings import Settings
    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.runs.ledger.liveness import Process

__all__ = ["ClusterService"]

ADDRESS: Final = "address"
LOG: Final = "driver.log"
"""What the drivers of a run had to say, in its folder on the machine that submitted it."""

GRACE: Final = 10.0
"""Seconds that a driver is given to leave before it is killed."""

LOOK: Final = 0.05
TAIL: Final = 4096
"""Bytes of a log in which its last line is looked for."""


class ClusterService:
    """Runs studies on a Ray cluster; see :class:`stockstream.runners.service.Service`.

    Args:
        runs: the folder of runs on this machine.
        address: ``host:port`` or ``auto`` of a cluster; empty starts one on this machine for each
            attempt.
        at_once: workers of a study at most; 0 takes all processors of the cluster.
    """

    kind = "cluster"

    def __init__(self, runs: Path, address: str = "", at_once: int = 0) -> None:
        self.runs, self.address, self.at_once = runs, address, at_once

    @classmethod
    def of(
        cls,
        settings: Settings,
        runs: Path,
        at_once: int | None = None,
        where: Mapping[str, str] | None = None,
    ) -> Self:
        """The cluster of the settings, or the one that a run was started on."""
        section = settings.cluster
        address = section.address if where is None else where.get(ADDRESS, "")
        return cls(runs, address, section.at_once if at_once is None else at_once)

    @property
    def where(self) -> Mapping[str, str]:
        """The address; empty for a cluster of this machine."""
        return {ADDRESS: self.address}

    def ready(self, lake: str) -> None:
        """Find out whether studies on a lake can be started; takes some seconds at most.

        Raises:
            ConfigError: Ray is missing, or the address is none.
            CloudError: the cluster does not answer.
        """
        del lake  # the driver asks every node whether it sees it
        demand_ray()
        demand_answer(self.address)

    def find(self, store: BucketStore, attempt: int) -> str:
        """The identity of an attempt that has a driver."""
        claim = Claim.on(store, attempt)
        return "" if claim.driver() is None else claim.identity

    def start(self, store: BucketStore, attempt: int) -> Begun:
        """Plan an attempt and start its driver, unless somebody has."""
        if not make_plan(store, str(attempt)).items:
            return Begun("", is_new=True)
        claim = Claim.on(store, attempt)
        driver = self._started(store, attempt)
        is_new = claim.take(driver)
        if not is_new:
            _end(driver, signal.SIGKILL)  # it has waited for the claim, and done nothing
        return Begun(claim.identity, is_new)

    def look(self, identity: str) -> Look:
        """What is known of an attempt: the driver's last word, or whether it lives."""
        claim = Claim.of(identity)
        driver = claim.driver()
        alive = driver is not None and is_alive(driver)
        said = claim.last_word()  # after the look at the process, which leaves it before it ends
        if said is not None:
            return said
        if driver is None:
            return Look("ended")
        if alive is None:
            return Look("unknown", _elsewhere(driver))
        return Look("running") if alive else Look("failed", self._last_line(claim, driver))

    def stop(self, identity: str) -> None:
        """Stop a driver of this machine, and with it its workers; others see the stop file.

        Raises:
            CloudError: it does not end.
        """
        claim = Claim.of(identity)
        driver = claim.driver()
        if driver is None or not is_alive(driver):
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            _end(driver, how)
            if _gone(driver):
                claim.leave(Look("cancelled"))
                remove_remains()
                return
        raise CloudError(f"the driver, process {driver.pid}, does not end: look at it with ps")

    def beside(self, run: str, attempt: int) -> Sequence[str]:
        """Nothing: all that an attempt leaves is in the folder of its run."""
        del run, attempt
        return ()

    def _started(self, store: BucketStore, attempt: int) -> Process:
        place, run = store.place.address.rpartition("/")[0], store.study.name
        lake = place.rpartition("/")[0]
        words = [sys.executable, "-P", "-m", MODULE, lake, run, str(attempt)]
        words += [self.address, str(self.at_once)]
        log = self.runs / run / LOG
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot write to {log.parent}: {error.strerror or error}") from error
        return start_process(words, log)

    def _last_line(self, claim: Claim, driver: Process) -> str:
        why = f"its driver, process {driver.pid}, ended without a word: it was killed, or crashed"
        run = claim.place.address.rpartition("/")[2]
        log = Location.of(self.runs / run)
        with suppress(OSError):
            lines = log.tail(LOG, TAIL).decode(errors="replace").strip().splitlines()
            why += f"; the last line of {log.path(LOG)}: {lines[-1]}" if lines else ""
        return f"{why}; `stockstream runs resume` goes on"


def _elsewhere(driver: Process) -> str:
    node = driver.machine.partition("/")[0] or "another machine"
    return f"its driver is a process of {node}, which cannot be seen from here: ask there"


def _end(driver: Process, how: signal.Signals) -> None:
    if is_alive(driver):
        with suppress(ProcessLookupError):
            os.kill(driver.pid, how)


def _gone(driver: Process) -> bool:
    until = time.monotonic() + GRACE
    while is_alive(driver):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK)
    return True
