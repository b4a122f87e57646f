"""The DAG behind ``stockstream sweep --runner airflow``: an attempt that was planned elsewhere.

The runner writes the plan beside the lake and triggers a run of this DAG with the attempt in its
params; no task plans. ``mode`` says where the items run: as processes of the workers, or as one
array job of AWS Batch.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk import DAG, Param, TaskGroup

from stockstream.airflow.flow import backtest_task, job_task, most_mapped
from stockstream.airflow.names import SWEEP
from stockstream.airflow.operators.callbacks import CallOperator
from stockstream.airflow.operators.work import CollectWork
from stockstream.airflow.planned import Planned, mapped_items
from stockstream.airflow.watcher import WatcherOperator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["create_sweep_dag"]

PARAMS: Final = {
    "run": Param(type="string", pattern="^s-[0-9a-f]{12}$", description="Name of the run."),
    "attempt": Param(type="string", pattern="^[1-9][0-9]{0,5}$", description="Which attempt."),
    "items": Param(type="integer", minimum=0, maximum=10_000, description="Items of its plan."),
    "mode": Param(enum=["local", "batch"], description="Where they run."),
}
BRANCHES: Final[Mapping[str, tuple[str, str]]] = {
    "local": ("local.items", "local.collect"),
    "batch": ("batch.backtest", "batch.collect"),
}
"""The task that begins each mode, and the one that would run whatever became of others."""


class _ModeOperator(BaseBranchOperator):  # type: ignore[misc]  # Airflow has no types for us
    """Goes on with the tasks of the mode, and skips the others."""

    def choose_branch(self, context: Any) -> list[str]:
        """The tasks that follow."""
        Planned.checked(context["params"])
        return list(BRANCHES[context["params"]["mode"]])


class _SweepWatcher(WatcherOperator):
    """Looks at the mode that was taken."""

    def execute(self, context: Any) -> str:
        """See :class:`WatcherOperator`."""
        self.strands = {"": BRANCHES[context["params"]["mode"]]}
        return super().execute(context)


def create_sweep_dag(dag_id: str = SWEEP) -> DAG:
    """The DAG; runs of it are triggered with ``run``, ``attempt``, ``items`` and ``mode``.

    Args:
        dag_id: its name in Airflow.
    """
    with DAG(
        dag_id,
        description="Sweeps of `stockstream sweep --runner airflow`",
        schedule=None,
        catchup=False,
        params=PARAMS,
        render_template_as_native_obj=False,
        tags=["stockstream"],
        default_args={"retries": 2, "retry_delay": dt.timedelta(seconds=10)},
    ) as dag:
        mode = _ModeOperator(task_id="mode", retries=0)
        work = CollectWork(planned_by=None)
        with TaskGroup("local"):
            items = CallOperator(task_id="items", callback=_items)
            mapped = backtest_task("local", items, planned_by=None)
            local = job_task("collect", "local", work, trigger_rule="all_done")
        with TaskGroup("batch"):
            array = backtest_task("batch_array", None, planned_by=None)
            batch = job_task("collect", "batch_array", work, trigger_rule="all_done")
        mode >> [items, local, array, batch]
        mapped >> local
        array >> batch
        watcher = _SweepWatcher(task_id="watcher", strands={}, trigger_rule="all_done", retries=0)
        [local, batch] >> watcher
    return dag


def _items(**context: Any) -> list[dict[str, Any]]:
    """The items for mapped tasks; one has several where there are more than Airflow maps."""
    planned = Planned.checked(context["params"])
    return mapped_items(planned.items, most_mapped())
