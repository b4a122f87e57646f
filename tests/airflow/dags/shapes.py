"""Run by the Python of an Airflow: prints the shapes of DAGs in every mode as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

BEFORE = set(sys.modules)

CONFIG: dict[str, Any] = {
    "strategy_class": "LongShortEquityStrategy",
    "start_date": "2022-01-01",
    "end_date": "2022-12-31",
    "initial_capital": 1_000_000.0,
    "factors": ["DebtToEquity"],
    "stop_loss_pct": 5.0,
    "cooldown_period": 5,
    "param_grid": {"take_profit_pct": [5.0, 10.0, 15.0], "rebalance_period": [1, 7, 30]},
}
HOSTILE = "{{ var.value.db_password }}"


def callback(**context: Any) -> None:
    """Stands for a callback."""


def main() -> None:
    """Print the shapes."""
    from stockstream.airflow import BacktestConfig, BacktestDAGFactory

    config = BacktestConfig(**CONFIG)
    one, several = BacktestDAGFactory.create_dag, BacktestDAGFactory.create_multi_strategy_dag
    hooks: dict[str, Any] = {
        "before_backtest_callback": callback,
        "after_backtest_callback": callback,
    }
    secret = {"secret": "factors", "table": "figures"}
    named = {"db_config": secret, "batch_job_queue": "q", "batch_job_definition": "d"}
    hostile = {"strategy_class": HOSTILE, "fast_period": HOSTILE, "s3_bucket": "a-bucket"}
    dags = {
        "batch_array": one(config=config, dag_id="a", tags=["t"], description="d", **hooks),
        "batch_expand": one(config=config, dag_id="b", mode="batch_expand", at_once=4, retries=5),
        "local": one(config=config, dag_id="c", mode="local", schedule="@daily", **hooks),
        "database": one(config=BacktestConfig(**CONFIG, **named), dag_id="d"),
        "hostile": one(config=BacktestConfig(**{**CONFIG, **hostile}), dag_id="e"),
        "several": several(configs={"x": config, "y": config}, dag_id="f", **hooks),
        "row": several(configs=[config], dag_id="g", mode="local"),
    }
    refused = {
        "mode": _refused(one, config, mode="cloud"),
        "tolerated": _refused(one, config, tolerated_failures=1.5),
        "id": _refused(one, config, dag_id="a/b"),
        "twice": _refused(several, [config, config]),
        "name": _refused(several, {"my_backtest": config}),
        "most": _refused(one, _wide(BacktestConfig), mode="batch_expand"),
        "long": _refused(one, _long(BacktestConfig)),
        "connection": _refused(one, _connected(BacktestConfig)),
    }
    print(  # noqa: T201 - the test reads it
        "SHAPES"
        + json.dumps(
            {
                "dags": {name: _shape(dag) for name, dag in dags.items()},
                "refused": refused,
                "serialized": {name: _serialized(dag) for name, dag in dags.items()},
                "modules": sorted({name.partition(".")[0] for name in set(sys.modules) - BEFORE}),
                "own": sorted(name for name in sys.modules if name.startswith("stockstream")),
            }
        )
    )


def _wide(kind: Any) -> Any:
    return kind(**{**CONFIG, "param_grid": {"a": "1:33:33", "b": "1:32:32"}})


def _long(kind: Any) -> Any:
    return kind(**CONFIG, universe=tuple(f"COMPANY{i}" for i in range(700)))


def _connected(kind: Any) -> Any:
    return kind(**CONFIG, db_config={"connection": "factors", "table": "figures"})


def _refused(make: Any, configs: Any, dag_id: str = "r", **options: Any) -> list[str]:
    try:
        make(configs, dag_id, **options)
    except ValueError as error:
        return [type(error).__name__, str(error)]
    return ["nothing", ""]


def _shape(dag: Any) -> dict[str, Any]:
    return {
        "tags": sorted(dag.tags),
        "description": dag.description,
        "catchup": dag.catchup,
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _task(task: Any) -> dict[str, Any]:
    return {
        "kind": task.operator_name,
        "up": sorted(task.upstream_task_ids),
        "rule": str(task.trigger_rule.value),
        "retries": task.retries,
        "mapped": task.is_mapped,
        "label": task.map_index_template if task.is_mapped else None,
        "templates": list(task.template_fields),
    }


def _serialized(dag: Any) -> str:
    try:
        from airflow.serialization.serialized_objects import DagSerialization as Serialized
    except ImportError:
        from airflow.serialization.serialized_objects import SerializedDAG as Serialized

    kept = Serialized.serialize_dag(dag)
    Serialized.deserialize_dag(kept)
    return json.dumps(kept, sort_keys=True)


if __name__ == "__main__":
    main()
