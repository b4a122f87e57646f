"""Studies on an Airflow: a run of the DAG ``stockstream_sweep`` for each attempt.

Airflow starts the workers and says whether they are at it. People clear, mark and delete runs of
DAGs on its web pages, so what is done is taken from the files of the run alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from stockstream.errors import CloudError, ConfigError
from stockstream.lake.location import Location
from stockstream.runners.airflow.client import AirflowRefusedError, api_path, connect
from stockstream.runners.airflow.dags import dag_run, trigger
from stockstream.runners.airflow.mwaa_api import MwaaApi
from stockstream.runners.airflow.reasons import why_failed
from stockstream.runners.airflow.token_api import TokenApi
from stockstream.runners.jobs.names import ANSWERS, RUNS
from stockstream.runners.service import Begun, Look, attempt_name
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from stockstream.runners.airflow.client import AirflowApi
    from stockstream.settings import Settings
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["SWEEP", "AirflowService"]

SWEEP: Final = "stockstream_sweep"
"""The DAG that ``stockstream deploy airflow`` brings along."""

NEEDED: Final = {
    "local": ("metadatabase", "scheduler"),
    "batch": ("metadatabase", "scheduler", "triggerer"),
}
"""Parts of an Airflow without which nothing runs; the triggerer waits for jobs of AWS Batch."""

WELL: Final = "healthy"

LAKE, BUCKET = "stockstream_lake", "trading_strategies_bucket"
"""Airflow Variables that say where the lake is; the first one wins."""

WAITING: Final = frozenset({"queued", "running"})
GONE: Final = (
    "Airflow has no run {name} of the DAG stockstream_sweep any more: somebody has deleted it "
    "there, or it was cleaned up; `stockstream runs resume` goes on"
)
PAUSED: Final = (
    "the DAG stockstream_sweep is paused, so that nothing of it is started: `stockstream airflow "
    "unpause stockstream_sweep`"
)


class AirflowService:
    """Runs studies on an Airflow; see :class:`stockstream.runners.service.Service`.

    Args:
        settings: which Airflow, and how to get in.
        at_once: workers that a study is divided for; None takes the processors of this machine if
            the work is done in Airflow's own workers, else that of the settings.
        where: what :attr:`where` was when a run was started; None takes that of the settings.
    """

    kind = "airflow"

    def __init__(
        self,
        settings: Settings,
        at_once: int | None = None,
        where: Mapping[str, str] | None = None,
    ) -> None:
        self._settings, self._given, self.mode = settings, where, settings.airflow.mode
        usual = settings.aws.at_once if self.mode == "batch" else os.cpu_count() or 1
        self.at_once = at_once or usual

    @classmethod
    def of(
        cls,
        settings: Settings,
        _runs: Path,
        at_once: int | None = None,
        where: Mapping[str, str] | None = None,
    ) -> Self:
        """The Airflow of the settings, or the one that a run was started on."""
        return cls(settings, at_once, where)

    @cached_property
    def api(self) -> AirflowApi:
        """The way to the Airflow; nothing is asked of it yet.

        Raises:
            ConfigError: the settings name no Airflow, or not the one that a run was started on,
                whose password they do not have.
        """
        airflow, region = self._settings.airflow, self._settings.aws.region
        given = self._given
        if given and "environment" in given:  # the keys of the account open it
            airflow = replace(airflow, url="", environment=given["environment"])
            return connect(airflow, given.get("region", ""))
        found = connect(airflow, region)
        if given and given != _where(found):
            raise ConfigError(
                f"the run is with the Airflow at {given.get('url')}, and the settings lead to "
                f"{found.name}: set airflow.url (STOCKSTREAM__AIRFLOW__URL) to the one, with its "
                "login"
            )
        return found

    @property
    def where(self) -> Mapping[str, str]:
        """Address of the Airflow, or name and region of the environment of MWAA.

        Raises:
            ConfigError: the settings name none.
        """
        return _where(self.api) if self._given is None else self._given

    def ready(self, lake: str) -> None:
        """Test the connection, and what a study needs there.

        Raises:
            ConfigError: the DAG is not there or paused, or Airflow works on another lake.
            CloudError: Airflow does not answer, lets nobody in, is too old or does not work.
        """
        found = self.api.check()
        ill = [part for part in NEEDED[self.mode] if found.parts.get(part) != WELL]
        if ill:
            raise CloudError(
                f"{found.name} answers, and its {' and '.join(ill)} does not work: start it; "
                "without it no task runs"
            )
        self._demand_dag()
        self._demand_lake(lake)

    def find(self, store: BucketStore, attempt: int) -> str:
        """Id of the run of the DAG, if there is one."""
        name = attempt_name(store.study.name, attempt)
        return name if dag_run(self.api, SWEEP, name) is not None else ""

    def start(self, store: BucketStore, attempt: int) -> Begun:
        """Plan an attempt and trigger the DAG; its run is called like the attempt.

        So there is one run for an attempt, however many laptops submit the study.
        """
        name = attempt_name(store.study.name, attempt)
        items = len(make_plan(store, str(attempt), self.at_once).items)
        if not items:
            return Begun("", is_new=True)
        asked = {
            "run": store.study.name,
            "attempt": str(attempt),
            "items": items,
            "mode": self.mode,
        }
        try:
            return Begun(trigger(self.api, SWEEP, asked, name), is_new=True)
        except AirflowRefusedError as refusal:
            if refusal.status != 409:
                raise
            return Begun(name, is_new=False)

    def look(self, identity: str) -> Look:
        """What Airflow says of a run of the DAG, and why it failed or waits."""
        found = dag_run(self.api, SWEEP, identity)
        if found is None:
            return Look("failed", GONE.format(name=identity))
        state = str(found.get("state"))
        if state in WAITING:
            return Look("running", self._obstacle(state))
        if state == "success":
            return Look("ended")
        return Look("failed", why_failed(self.api, SWEEP, identity))

    def stop(self, identity: str) -> None:
        """Mark the run of the DAG as failed, which ends its tasks."""
        path = api_path("dags", SWEEP, "dagRuns", identity)
        try:
            self.api.call("PATCH", path, {"state": "failed"}, {"update_mask": "state"})
        except AirflowRefusedError as refusal:
            if refusal.status != 404:
                raise

    def beside(self, run: str, attempt: int) -> Sequence[str]:
        """What the jobs of the DAG's run have left for Airflow to read."""
        slug = SWEEP.replace("_", "-")
        folder = ANSWERS.removeprefix(f"{RUNS}/")
        return (f"{folder}/{slug}-{attempt_name(run, attempt)}-",)

    def _obstacle(self, state: str) -> str:
        """What a run of the DAG waits for, if it is somebody."""
        health = self.api.call("GET", "/monitor/health").get("scheduler") or {}
        if health.get("status") != WELL:
            return (
                f"the scheduler of {self.api.name} does not work, so no task is started: start it"
            )
        if state == "queued" and (self.api.find(api_path("dags", SWEEP)) or {}).get("is_paused"):
            return PAUSED
        return ""

    def _demand_dag(self) -> None:
        row = self.api.find(api_path("dags", SWEEP))
        if row is None or row.get("is_stale"):
            raise ConfigError(
                f"{self.api.name} has no DAG {SWEEP}: `stockstream deploy airflow` brings it there"
            )
        if row.get("has_import_errors"):
            raise ConfigError(
                f"{self.api.name} cannot read the file of the DAG {SWEEP} any more: `stockstream "
                "airflow status` says why; `stockstream deploy airflow` replaces it"
            )
        if row.get("is_paused"):
            raise ConfigError(PAUSED)

    def _demand_lake(self, lake: str) -> None:
        """Refuse a lake that is not Airflow's, as far as Airflow says which one it has.

        Its Variables may be in its environment, or hidden from this user.
        """
        if self.mode == "batch" and not lake.startswith("s3://"):
            raise ConfigError(
                f"jobs of AWS Batch read a lake in a bucket, and this one is {lake}: copy it with "
                "`stockstream lake copy s3://BUCKET`, then give --lake s3://BUCKET"
            )
        theirs = self._variable(LAKE)
        if not theirs and (bucket := self._variable(BUCKET)):
            theirs = f"s3://{bucket}"
        if theirs and str(Location.of(theirs)) != lake:
            raise ConfigError(
                f"{self.api.name} works on the lake {theirs}, and this one is {lake}: give --lake "
                f"{theirs}, or set the Airflow Variable {LAKE}"
            )

    def _variable(self, name: str) -> str:
        try:
            row = self.api.find(api_path("variables", name))
        except AirflowRefusedError as refusal:
            if refusal.status != 403:
                raise
            return ""
        return str((row or {}).get("value") or "").strip()


def _where(api: AirflowApi) -> dict[str, str]:
    if isinstance(api, MwaaApi):
        return {"environment": api.environment, "region": api.account.region}
    assert isinstance(api, TokenApi), "there are two ways to an Airflow"
    return {"url": api.url}
