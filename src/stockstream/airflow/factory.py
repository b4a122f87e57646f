"""DAGs of backtests, made of configurations."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import DAG

from stockstream.airflow.flow import Options, demand_mode, template
from stockstream.airflow.names import DAG_ID, demand_group, quoted
from stockstream.airflow.watcher import demand_tolerated
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stockstream.airflow.config import BacktestConfig
    from stockstream.airflow.names import Mode

__all__ = ["BacktestDAGFactory"]

DELAY: Final = dt.timedelta(seconds=30)
"""Before a task is tried again."""


class BacktestDAGFactory:
    """Makes DAGs; give what it returns a name in the DAG file, and Airflow finds it.

    The words "airflow" and "dag" must stand in that file: Airflow reads no other.
    """

    @staticmethod
    def create_dag(
        config: BacktestConfig,
        dag_id: str,
        tags: Iterable[str] = (),
        description: str = "",
        before_backtest_callback: Callable[..., Any] | None = None,
        after_backtest_callback: Callable[..., Any] | None = None,
        *,
        mode: Mode = "batch_array",
        schedule: Any = None,
        retries: int = 2,
        tolerated_failures: float = 0,
        at_once: int | None = None,
        max_active_tasks: int = 16,
        default_args: Mapping[str, Any] | None = None,
    ) -> Any:
        """A DAG that runs the backtests of one strategy.

        Callbacks are called as ``callback(**context)``, with the context of Airflow. To count
        backtests, ask for the states of the tasks: a task has no way to Airflow's database::

            def after(**context):
                run = context["dag_run"]
                states = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])
                of_tasks = states[run.run_id]  # {"plan": "success", "backtest_0": "failed", ...}
                done = [s for task, s in of_tasks.items() if "backtest" in task]
                trials = context["backtests"]["trials"]  # combinations, whatever the tasks were

        ``context["ti"].get_ti_count(dag_id=..., run_ids=[...], task_ids=["backtest"],
        states=["success"])`` counts on the server.

        Args:
            config: the backtests.
            dag_id: letters, digits, ``_``, ``.`` and ``-``.
            tags: of the list of DAGs.
            description: a sentence.
            before_backtest_callback: runs before any backtest; what it raises stops the run.
            after_backtest_callback: runs when all are done, also if some failed; finds their
                summary in ``context["backtests"]``: ``trials``, ``done``, ``failed``,
                ``failed_trials``, ``best``, ``digest``, ``run``.
            mode: ``batch_array``, one array job of AWS Batch over chunks; ``batch_expand``, a job
                for each combination; ``local``, processes of the worker.
            schedule: as Airflow takes it.
            retries: of a task that failed.
            tolerated_failures: combinations that may fail without the run being a failure: a
                number of them if it is whole, a share of all if it is a fraction.
            at_once: workers; None is what the mode takes by itself.
            max_active_tasks: tasks of the DAG that run at the same time.
            default_args: for every task, such as ``{"poll_interval": 5}``.

        Raises:
            ConfigError: it cannot be run so; says why.
        """
        options = Options(demand_mode(mode), demand_tolerated(tolerated_failures), at_once)
        with _dag(
            dag_id,
            tags=tags,
            description=description,
            schedule=schedule,
            retries=retries,
            max_active_tasks=max_active_tasks,
            default_args=default_args,
        ) as dag:
            template(
                {"": config},
                options,
                before=before_backtest_callback,
                after=after_backtest_callback,
            )
        return dag

    @staticmethod
    def create_multi_strategy_dag(
        configs: Mapping[str, BacktestConfig] | Sequence[BacktestConfig],
        dag_id: str,
        tags: Iterable[str] = (),
        description: str = "",
        before_backtest_callback: Callable[..., Any] | None = None,
        after_backtest_callback: Callable[..., Any] | None = None,
        *,
        mode: Mode = "batch_array",
        schedule: Any = None,
        retries: int = 2,
        tolerated_failures: float = 0,
        at_once: int | None = None,
        max_active_tasks: int = 16,
        default_args: Mapping[str, Any] | None = None,
    ) -> Any:
        """A DAG that runs the backtests of several strategies, side by side.

        Each is a group of tasks. ``context["backtests"]`` of the after callback has a summary for
        each name, None for what could not be collected.

        Args:
            configs: by name, or in a row: then each has the name of its strategy.
            dag_id: see :meth:`create_dag`, as the others.
            tags: see there.
            description: see there.
            before_backtest_callback: runs once, before all of them.
            after_backtest_callback: runs once, after all of them.
            mode: see there.
            schedule: see there.
            retries: see there.
            tolerated_failures: of all strategies together.
            at_once: workers of each strategy.
            max_active_tasks: see there.
            default_args: see there.

        Raises:
            ConfigError: they cannot be run so; says why.
        """
        options = Options(demand_mode(mode), demand_tolerated(tolerated_failures), at_once)
        strategies = _named(configs)
        with _dag(
            dag_id,
            tags=tags,
            description=description,
            schedule=schedule,
            retries=retries,
            max_active_tasks=max_active_tasks,
            default_args=default_args,
        ) as dag:
            template(
                strategies,
                options,
                before=before_backtest_callback,
                after=after_backtest_callback,
            )
        return dag


def _dag(
    dag_id: str,
    *,
    tags: Iterable[str],
    schedule: Any,
    retries: int,
    default_args: Mapping[str, Any] | None,
    **options: Any,
) -> Any:
    if re.fullmatch(DAG_ID, dag_id) is None:
        raise ConfigError(
            f"dag_id {quoted(dag_id)}: use 1 to 200 letters, digits, _, . and -, as Airflow does"
        )
    if retries < 0:
        raise ConfigError(f"retries is {retries}; give 0 or more")
    given = {"retries": retries, "retry_delay": DELAY, **(default_args or {})}
    return DAG(
        dag_id,
        schedule=schedule,
        tags=list(tags),
        catchup=False,
        default_args=given,
        auto_register=False,  # a DAG whose tasks could not be made must not be found
        **options,
    )


def _named(
    configs: Mapping[str, BacktestConfig] | Sequence[BacktestConfig],
) -> dict[str, BacktestConfig]:
    """Configurations by names that groups of tasks can have."""
    if isinstance(configs, Mapping):
        named = dict(configs)
    else:
        named = {config.strategy_class: config for config in configs}
        if len(named) < len(configs):
            raise ConfigError(
                "two configurations have the same strategy: give them names, {name: config}"
            )
    if not named:
        raise ConfigError("there are no configurations: give at least one")
    for name in named:
        demand_group(name)
    return named
