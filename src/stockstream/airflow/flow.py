"""The tasks of a DAG of backtests.

::

    before_callback -> load_factors -> plan -> backtest -> collect -> after_callback -> watcher

``plan`` finds out what is missing, ``backtest`` runs it, ``collect`` reads the results from the
lake. From ``collect`` on tasks run whatever happened before, ``watcher`` decides what the run is.
Each strategy of several has ``plan``, ``backtest`` and ``collect`` in a group of its own. Only
tasks that run backtests have "backtest" in their ids.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from airflow.configuration import conf
from airflow.sdk import TaskGroup

from stockstream.airflow.names import MODES
from stockstream.airflow.operators.batch import BacktestBatchOperator, BatchJobOperator
from stockstream.airflow.operators.callbacks import (
    AfterOperator,
    CallOperator,
    SummaryOperator,
)
from stockstream.airflow.operators.local import LocalBacktestOperator, LocalJobOperator
from stockstream.airflow.operators.work import CollectWork, FactorsWork, PlanWork
from stockstream.airflow.watcher import WatcherOperator
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.airflow.config import BacktestConfig
    from stockstream.airflow.names import Mode
    from stockstream.airflow.operators.work import Work

__all__ = [
    "Options",
    "backtest_task",
    "demand_mode",
    "job_task",
    "most_mapped",
    "template",
]

FEW: Final = 32
"""Combinations up to which a local run has a task for each."""

TRIED_AGAIN: Final = 1_000
"""Combinations up to which one that failed makes its job fail, so that a retry runs it again; of
more than that, failed ones are results like others."""

MAPPED: Final = 1_024
"""What Airflow maps if nobody says."""

LABEL: Final = "{{ task.item['label'] }}"
"""What mapped tasks show in place of a number; values in it are never rendered again."""


class Options(NamedTuple):
    """What the tasks of a DAG have in common.

    Attributes:
        mode: where backtests run.
        tolerated_failures: combinations that may fail: a number of them if it is whole, a share of
            all if it is not.
        at_once: workers; None is what the mode takes by itself.
    """

    mode: Mode = "batch_array"
    tolerated_failures: float = 0
    at_once: int | None = None


class Strand(NamedTuple):
    """The tasks of one strategy.

    Attributes:
        name: of the strategy; empty if there is only one.
        first: the task before which others may come.
        planned_by: id of the task that plans.
        collected_by: id of the task that collects.
        last: that task.
    """

    name: str
    first: Any
    planned_by: str
    collected_by: str
    last: Any


def template(
    strategies: Mapping[str, BacktestConfig],
    options: Options,
    *,
    before: Callable[..., Any] | None = None,
    after: Callable[..., Any] | None = None,
) -> None:
    """Make all tasks of a DAG; call it within ``with DAG(...)``.

    Args:
        strategies: configurations by name; the one of a DAG with a single strategy is called "".
        options: for all of them.
        before: see :class:`stockstream.airflow.operators.callbacks.CallOperator`.
        after: see :class:`stockstream.airflow.operators.callbacks.AfterOperator`.

    Raises:
        ConfigError: they cannot be run in this mode.
    """
    first = []
    if before is not None:
        first.append(CallOperator(task_id="before_callback", callback=before, retries=0))
    strands = [_strand(config, options, name) for name, config in strategies.items()]
    for strand in strands:
        if first:
            first[-1] >> strand.first
    _end(strands, options, after=after)


def _strand(config: BacktestConfig, options: Options, name: str) -> Strand:
    """``load_factors``, ``plan``, ``backtest`` and ``collect`` of a strategy, in a group if named.

    Raises:
        ConfigError: it cannot be run in this mode.
    """
    _demand_fitting(config, options.mode)
    with TaskGroup(name) if name else nullcontext():
        return _chain(config, options, name)


def _chain(config: BacktestConfig, options: Options, name: str) -> Strand:
    place = _place(config, options.mode)
    plan = job_task("plan", options.mode, _plan_work(config, options, name), **place)
    first = plan
    if config.db_config is not None:
        factors = tuple(config.parameters.get("factors") or ())
        work = FactorsWork(name=name, database=config.db_config, factors=factors)
        first = job_task("load_factors", options.mode, work, **place)
        first >> plan
    run = backtest_task(options.mode, plan, at_once=options.at_once, **place)
    work_after = CollectWork(name=name, planned_by=plan.task_id)
    last = job_task("collect", options.mode, work_after, trigger_rule="all_done", **place)
    plan >> run >> last
    plan >> last
    return Strand(name, first, plan.task_id, last.task_id, last)


def _end(strands: list[Strand], options: Options, *, after: Callable[..., Any] | None) -> None:
    """``after_callback`` and ``watcher``; for several strategies ``collect`` before them."""
    tasks = {strand.name: (strand.planned_by, strand.collected_by) for strand in strands}
    ends = [strand.last for strand in strands]
    if any(tasks):
        collect = SummaryOperator(task_id="collect", strands=tasks, trigger_rule="all_done")
        ends >> collect
        ends = [collect]
    watcher = WatcherOperator(
        task_id="watcher",
        strands=tasks,
        tolerated_failures=options.tolerated_failures,
        trigger_rule="all_done",
        retries=0,
    )
    ends >> watcher
    if after is not None:
        reported = AfterOperator(
            task_id="after_callback",
            callback=after,
            strands=tasks,
            trigger_rule="all_done",
            retries=0,
        )
        ends >> reported >> watcher


def job_task(task_id: str, mode: Mode, work: Work, **options: Any) -> Any:
    """A task that runs a job, where the mode says.

    Args:
        task_id: of the task.
        mode: of the DAG.
        work: what the job is told.
        options: ``s3_bucket``, for AWS Batch ``job_queue`` and ``job_definition``, and those of
            every operator.
    """
    operator = LocalJobOperator if mode == "local" else BatchJobOperator
    return operator(task_id=task_id, work=work, **options)


def backtest_task(
    mode: Mode,
    items: Any,
    *,
    planned_by: str | None = "",
    at_once: int | None = None,
    task_id: str = "backtest",
    **options: Any,
) -> Any:
    """The task that runs backtests, mapped over the items unless the mode is ``batch_array``.

    Args:
        mode: of the DAG.
        items: the task that plans; for a DAG without one, a task that returns what
            :func:`stockstream.airflow.planned.mapped_items` gives (ignored by ``batch_array``).
        planned_by: id of the task that planned; "" is that of ``items``, None reads ``run``,
            ``attempt`` and ``items`` from the params of the run.
        at_once: mapped tasks that run at the same time; None is any.
        task_id: of the task.
        options: see :func:`job_task`.
    """
    by = items.task_id if planned_by == "" else planned_by
    if mode == "batch_array":
        return BacktestBatchOperator(task_id=task_id, planned_by=by, **options)
    operator = LocalBacktestOperator if mode == "local" else BacktestBatchOperator
    return operator.partial(
        task_id=task_id,
        planned_by=by,
        map_index_template=LABEL,
        max_active_tis_per_dagrun=at_once,
        **options,
    ).expand(item=items.output)


def most_mapped() -> int:
    """Tasks that this Airflow maps at most."""
    return int(conf.getint("core", "max_map_length", fallback=MAPPED))


def demand_mode(mode: str) -> Mode:
    """The mode, if it is one.

    Raises:
        UnknownNameError: it is none.
    """
    for known in MODES:
        if mode == known:
            return known
    raise UnknownNameError("mode", str(mode), MODES)


def _plan_work(config: BacktestConfig, options: Options, name: str) -> PlanWork:
    trials = config.trials
    each = options.mode == "batch_expand" or (
        options.mode == "local" and trials is not None and trials <= FEW
    )
    return PlanWork(
        name=name,
        config=config,
        each=each,
        again=each or (trials is not None and trials <= TRIED_AGAIN),
        at_once=options.at_once,
        most_mapped=0 if options.mode == "batch_array" else most_mapped(),
        may_group=options.mode == "local",
    )


def _place(config: BacktestConfig, mode: Mode) -> dict[str, Any]:
    if mode == "local":
        return {"s3_bucket": config.s3_bucket}
    return {
        "s3_bucket": config.s3_bucket,
        "job_queue": config.batch_job_queue,
        "job_definition": config.batch_job_definition,
    }


def _demand_fitting(config: BacktestConfig, mode: Mode) -> None:
    """Refuse what cannot be run in a mode, as far as that is known without the engine.

    Raises:
        ConfigError: it cannot.
    """
    if mode == "local":
        return
    config.request(at_once=MAPPED, each=True)
    if config.db_config and "connection" in config.db_config:
        raise ConfigError(
            "db_config has a connection, and everybody who may look at jobs of AWS Batch would see "
            'its password: put it into AWS Secrets Manager and give {"secret": "its name"}, or '
            "run with mode='local'"
        )
    trials, most = config.trials, most_mapped()
    if mode == "batch_expand" and trials is not None and trials > most:
        raise ConfigError(
            f"{trials:,} combinations are more than the {most:,} tasks that Airflow maps "
            "(core.max_map_length): take mode='batch_array', which has no limit"
        )
