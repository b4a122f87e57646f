"""An Airflow DAG: nine backtests of one strategy, with callbacks.

Copy it into the folder of DAGs beside the bundle (``stockstream deploy airflow --examples`` does),
set the Airflow Variables that it asks for, unpause it and trigger it. It runs on AWS Batch; with
``mode="local"`` in the call below it runs in the Airflow worker, without AWS.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from stockstream.airflow import BacktestConfig, BacktestDAGFactory

log = logging.getLogger(__name__)

config = BacktestConfig(
    strategy_class="LongShortEquityStrategy",
    start_date="2022-01-01",
    end_date="2022-12-31",
    initial_capital=1_000_000.0,
    factors=["DebtToEquity"],
    universe=None,  # every symbol of the lake
    stop_loss_pct=5.0,
    cooldown_period=5,
    param_grid={"take_profit_pct": [5.0, 10.0, 15.0], "rebalance_period": [1, 7, 30]},
)


def before_backtest(**context: Any) -> None:
    """Say what is about to run; to stop the run, raise an error here."""
    log.info("%s begins: %d backtests", context["run_id"], len(config.combinations()))


def after_backtest(**context: Any) -> dict[str, Any]:
    """Say what came of it; runs also if some failed."""
    summary, run = context["backtests"], context["dag_run"]
    states = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])[run.run_id]
    tasks = Counter(str(state) for task, state in states.items() if "backtest" in task)
    log.info("tasks with backtests: %s", dict(tasks))
    if summary is None:
        return {"tasks": dict(tasks)}
    log.info("%d of %d backtests failed", summary["failed"], summary["trials"])
    best = summary["best"]
    if best:
        log.info("the one that can be believed most: %s", best["parameters"])
    return {"tasks": dict(tasks), "run": summary["run"], "best": best}


dag = BacktestDAGFactory.create_dag(
    config=config,
    dag_id="framework_backtest_simple_example",
    description="LongShortEquity over nine combinations",
    tags=["backtest", "example"],
    before_backtest_callback=before_backtest,
    after_backtest_callback=after_backtest,
)
