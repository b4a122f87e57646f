"""The daily run as a DAG: the steps of the state machine ``stock-data-pipeline``, on Airflow.

``symbols`` makes the list of a session, ``fetch`` is mapped over its batches, ``compact`` merges
what came into the tables, ``aggregate`` says what became of the run and fails if nothing worked,
``new_bars`` tells Airflow of new bars, if there are any: that starts every DAG whose schedule is
:func:`new_bars`. A batch that fails stops no other, and the next run asks for it again.

The steps are jobs of the worker's machine (``mode="local"``) or the functions of one's own stack in
AWS (``mode="lambda"``). What one has done is a file or a commit of the lake, so each may be called
again.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import DAG, Asset, Param
from airflow.timetables.trigger import CronTriggerTimetable

from stockstream.airflow.names import PIPELINE
from stockstream.airflow.operators.callbacks import CallOperator
from stockstream.airflow.operators.steps import SUMMARY, StepOperator
from stockstream.airflow.signals import AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockstream.airflow.operators.steps import Mode

__all__ = ["BARS", "create_pipeline_dag", "new_bars"]

BARS: Final = "stockstream-bars"
"""Name of the asset."""

EVENING: Final = "30 18 * * 1-5"
SYDNEY: Final = "Australia/Sydney"
BATCHES_AT_ONCE: Final = 10
LONGEST: Final = dt.timedelta(hours=12)
"""A run that still hangs then ends before that of the next day."""

DAY: Final = Param(
    None,
    type=["null", "string"],
    pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    description="A session such as 2025-12-26; empty is the newest one.",
)


class _Bars(Asset):  # type: ignore[misc]  # Airflow has no types for us
    """An asset that is hashed fast: Airflow goes by JSON, and does it a dozen times for a DAG."""

    def __hash__(self) -> int:
        return hash((self.name, self.uri))


def new_bars() -> Asset:
    """What new bars in the lake are called in Airflow: a schedule for DAGs that wait for them.

    Where the lake is stands in a Variable, which no DAG file reads; its events say it.
    """
    return _Bars(name=BARS, uri="x-stockstream://lake/bars")


def create_pipeline_dag(
    dag_id: str = PIPELINE,
    mode: Mode | None = None,
    *,
    schedule: str | None = EVENING,
    timezone: str = SYDNEY,
    tags: Sequence[str] = ("stockstream",),
    after_run_callback: Callable[..., Any] | None = None,
    default_args: Mapping[str, Any] | None = None,
) -> DAG:
    """The DAG of the daily run.

    Args:
        dag_id: its name in Airflow.
        mode: where the steps run; None is what the Airflow Variable ``stockstream_pipeline_mode``
            says when a step starts, and ``local`` without one.
        schedule: cron text; None is by hand. The run is about the newest session that is final.
        timezone: of the schedule.
        tags: of the list of DAGs.
        after_run_callback: ``def f(**context)``, called when all is done, however it went;
            ``context["summary"]`` is what ``aggregate`` said, None if it did not get that far.
        default_args: of all tasks, such as ``{"on_failure_callback": ...}``; ``retries`` and
            ``retry_delay`` win over those of each step.
    """
    given = dict(default_args or {})

    def again(retries: int, seconds: int) -> dict[str, Any]:
        """How often a step is tried again, and after what time first, unless somebody says."""
        return {"retries": retries, "retry_delay": dt.timedelta(seconds=seconds), **given}

    timetable = None if schedule is None else CronTriggerTimetable(schedule, timezone=timezone)
    with DAG(
        dag_id,
        description="The daily run: symbols, batches of prices, tables, summary",
        schedule=timetable,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=LONGEST,
        params={"date": DAY},
        tags=list(tags),
        default_args={"retry_exponential_backoff": True, **given},
    ) as dag:
        symbols = StepOperator(task_id="symbols", step="symbols", mode=mode, **again(3, 60))
        fetch = StepOperator.partial(
            task_id="fetch",
            step="fetch",
            mode=mode,
            max_active_tis_per_dagrun=BATCHES_AT_ONCE,
            map_index_template="batch {{ task.batch['batchNumber'] }}",
            **again(2, 30),
        ).expand(batch=symbols.output)
        compact = StepOperator(
            task_id="compact",
            step="compact",
            mode=mode,
            trigger_rule="all_done",
            **again(2, 30),
        )
        aggregate = StepOperator(task_id="aggregate", step="aggregate", mode=mode, **again(3, 5))
        bars = [new_bars()]
        publish = CallOperator(
            task_id="new_bars", callback=_publish, inlets=bars, outlets=bars, retries=2
        )
        [symbols, fetch] >> compact >> aggregate >> publish
        if after_run_callback is not None:
            aggregate >> CallOperator(
                task_id="after_callback",
                callback=_after(after_run_callback),
                trigger_rule="all_done",
            )
    return dag


def _publish(**context: Any) -> dict[str, Any]:
    """Tell those who wait for new bars, or skip the task."""
    bars = new_bars()
    summary = context["ti"].xcom_pull(task_ids="aggregate", key=SUMMARY)
    news = _news(summary, _told_version(context["inlet_events"][bars]))
    context["outlet_events"][bars].extra.update(news)
    return news


def _news(summary: Mapping[str, Any], told: str | None) -> dict[str, Any]:
    """What the event says.

    Args:
        summary: of the run.
        told: data version of the lake at the last event.

    Raises:
        AirflowSkipException: no bar is new since then.
    """
    names = ("date", "added", "updated", "version_after", "lake")
    news = {name: summary.get(name) for name in names}
    if not (news["added"] or news["updated"]):
        raise AirflowSkipException("no bar is new or was corrected: nobody is told")
    if news["version_after"] == told:
        raise AirflowSkipException(f"version {told} of the lake was told of before")
    return news


def _told_version(events: Any) -> str | None:
    """The data version that the last event named."""
    return str(events[-1].extra.get("version_after")) if len(events) else None


def _after(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback of the user with the summary in its context."""

    def after(**context: Any) -> Any:
        summary = context["ti"].xcom_pull(task_ids="aggregate", key=SUMMARY)
        return callback(**{**context, "summary": summary})

    return after
