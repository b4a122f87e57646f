"""What the jobs of a DAG are told, and what becomes of their answers: the same wherever they run.

None of it is ever a template: what a configuration says stays text.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stockstream.airflow.config import MOST_REQUEST_BYTES
from stockstream.airflow.planned import PLANNED, Planned, answer_key, mapped_items
from stockstream.airflow.signals import AirflowFailException, AirflowSkipException
from stockstream.errors import ConfigError
from stockstream.runners.jobs.names import (
    ATTEMPT,
    ERROR,
    EVENT,
    FACTORS,
    FACTORS_KNOWN_AT,
    FACTORS_KNOWN_LAG,
    FACTORS_QUERY,
    FACTORS_TABLE,
    FAILED_TRIALS,
    KEY,
    REQUEST,
    RUN,
    STEP,
    plan_file,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.airflow.answers import Files
    from stockstream.airflow.config import BacktestConfig
    from stockstream.runners.jobs.names import Action

__all__ = ["CollectWork", "FactorsWork", "PlanWork", "StepWork", "Work", "last_attempt"]

MOST_LOCAL_BYTES: Final = 100_000
"""Of a request in a local job: Linux takes 131,072 for one variable."""


@dataclass(frozen=True)
class Work:
    """A job that leaves an answer.

    Attributes:
        action: which job.
        name: of the strategy, where a DAG has several.
    """

    action: Action
    name: str = ""

    def key(self, context: Mapping[str, Any]) -> str:
        """What names its answer."""
        return answer_key(context, self.action, self.name)

    def told(self, context: Mapping[str, Any], files: Files, *, on_aws: bool) -> dict[str, str]:
        """Its environment, without the lake.

        Args:
            context: of the task.
            files: beside the lake.
            on_aws: it runs on AWS Batch, where whoever may look at jobs sees it.
        """
        return {KEY: self.key(context)}

    def finish(self, context: Mapping[str, Any], answer: dict[str, Any]) -> Any:
        """What the task returns of the answer."""
        return answer


@dataclass(frozen=True)
class PlanWork(Work):
    """Plan what is missing of a study.

    Attributes:
        config: the backtests.
        each: one item for each trial.
        again: trials that fail make their job fail, so that they are tried again.
        at_once: workers; None is one for each processor of the worker that plans.
        most_mapped: tasks that may be mapped over the items; 0 if none are.
        may_group: a task may have several items.
    """

    action: Action = "plan"
    config: BacktestConfig = field(kw_only=True)
    each: bool = field(kw_only=True)
    again: bool = field(kw_only=True)
    at_once: int | None = field(kw_only=True)
    most_mapped: int = field(kw_only=True)
    may_group: bool = field(kw_only=True)

    def told(self, context: Mapping[str, Any], files: Files, *, on_aws: bool) -> dict[str, str]:
        """The request."""
        workers = self.at_once or (None if on_aws else os.cpu_count())
        try:
            request = self.config.request(
                most_bytes=MOST_REQUEST_BYTES if on_aws else MOST_LOCAL_BYTES,
                at_once=workers,
                each=self.each or None,
            )
        except ConfigError as error:
            raise AirflowFailException(str(error)) from None
        text = json.dumps(request, separators=(",", ":"))
        again = {FAILED_TRIALS: ERROR} if self.again else {}
        return {**super().told(context, files, on_aws=on_aws), **again, REQUEST: text}

    def finish(self, context: Mapping[str, Any], answer: dict[str, Any]) -> Any:
        """The items for mapped tasks; what was planned is an XCom of its own."""
        planned = Planned.checked({**answer, "again": self.again})
        context["ti"].xcom_push(key=PLANNED, value=planned._asdict())
        if not self.most_mapped:
            return None
        if planned.items > self.most_mapped and not self.may_group:
            raise AirflowFailException(
                f"{planned.items:,} backtests are more than the {self.most_mapped:,} tasks that "
                "Airflow maps (core.max_map_length): take mode='batch_array', which has no limit"
            )
        told = [self.config.environment(one) for one in answer.get("parameters") or ()]
        return mapped_items(planned.items, self.most_mapped, answer.get("labels") or (), told)


@dataclass(frozen=True)
class CollectWork(Work):
    """Say what came of a study.

    Attributes:
        planned_by: id of the task that planned it; None reads the params of the run.
    """

    action: Action = "collect"
    planned_by: str | None = field(default="plan", kw_only=True)

    def told(self, context: Mapping[str, Any], files: Files, *, on_aws: bool) -> dict[str, str]:
        """Run and attempt.

        Raises:
            AirflowSkipException: nothing was planned.
        """
        planned = Planned.of(context, self.planned_by)
        if planned is None:
            raise AirflowSkipException(f"there is nothing to collect: {self.planned_by} failed")
        attempt = last_attempt(files, planned)
        own = {RUN: planned.run, ATTEMPT: str(attempt)}
        return {**super().told(context, files, on_aws=on_aws), **own}


@dataclass(frozen=True)
class FactorsWork(Work):
    """Import factors from a database.

    Attributes:
        database: as :class:`BacktestConfig` has it in ``db_config``.
        factors: names; none is every column that has numbers.
    """

    action: Action = "factors"
    database: Mapping[str, str] = field(kw_only=True)
    factors: tuple[str, ...] = field(default=(), kw_only=True)

    def told(self, context: Mapping[str, Any], files: Files, *, on_aws: bool) -> dict[str, str]:
        """How to reach the database, and what to read."""
        from stockstream.airflow.database import access

        given = {
            FACTORS_TABLE: self.database.get("table"),
            FACTORS_QUERY: self.database.get("query"),
            FACTORS_KNOWN_AT: self.database.get("known_at"),
            FACTORS_KNOWN_LAG: self.database.get("known_lag"),
            FACTORS: json.dumps(self.factors) if self.factors else None,
        }
        source = {name: value for name, value in given.items() if value}
        key = super().told(context, files, on_aws=on_aws)
        return {**key, **source, **access(self.database, on_aws=on_aws)}


@dataclass(frozen=True)
class StepWork(Work):
    """A step of the daily run.

    Attributes:
        step: which one.
        event: what it is told; JSON values.
    """

    action: Action = "step"
    step: str = field(kw_only=True)
    event: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def told(self, context: Mapping[str, Any], files: Files, *, on_aws: bool) -> dict[str, str]:
        """Step and event."""
        own = {STEP: self.step, EVENT: json.dumps(dict(self.event), separators=(",", ":"))}
        return {**super().told(context, files, on_aws=on_aws), **own}


def last_attempt(files: Files, planned: Planned) -> int:
    """The last attempt that was planned: a retry of an array job plans another one."""
    names = files.names(plan_file(planned.run, planned.attempt).rpartition("/")[0])
    numbers = (name.removesuffix(".json") for name in names if name.endswith(".json"))
    found = [int(number) for number in numbers if number.isdecimal()]
    return max([int(planned.attempt), *found])
