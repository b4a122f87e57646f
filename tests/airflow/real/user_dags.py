"""DAGs as a user writes them: the nine combinations in each mode, with callbacks.

``@BUCKET@`` stands for the bucket with the lake. Jobs are looked at every eight seconds: one that
is over when its task has just begun to wait could be overtaken by Airflow's own bookkeeping.
"""

from __future__ import annotations

__all__ = ["USER_DAGS"]

USER_DAGS = '''
"""DAGs for Airflow, made with the factory of stockstream."""

import datetime as dt
import json
import os
from pathlib import Path

from stockstream.airflow import BacktestConfig, BacktestDAGFactory

TOLD = Path(os.environ["AIRFLOW_HOME"])
TABLE = {"table": "fundamentals"}
LOCAL = {"db_config": {"connection": "factors", **TABLE}}
BATCH = {"db_config": {"secret": "stockstream/factors", **TABLE}, "s3_bucket": "@BUCKET@"}


def told(context, what):
    """A file of a run that a callback leaves."""
    return TOLD / f"{context['dag_run'].dag_id}-{context['dag_run'].run_id}.{what}.json"


def before(**context):
    if context["dag_run"].conf.get("refuse"):
        raise RuntimeError("the user does not want this")
    told(context, "before").write_text(json.dumps(str(dt.datetime.now(dt.timezone.utc))))


def after(**context):
    run = context["dag_run"]
    found = context["ti"].get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])
    states = {k: str(v) for k, v in found[run.run_id].items() if "backtest" in k}
    told(context, "after").write_text(
        json.dumps({"states": states, "backtests": context["backtests"]})
    )


def nine(place):
    return BacktestConfig(
        strategy_class="TroubledLongShort",
        start_date="2019-01-02",
        end_date="2020-12-31",
        initial_capital=1_000_000.0,
        factors=["DebtToEquity"],
        rebalance_period=1,
        take_profit_pct=0.1,
        stop_loss_pct=0.05,
        cooldown_period=5,
        param_grid={"take_profit_pct": [0.05, 0.1, 0.15], "rebalance_period": [1, 7, 30]},
        **place,
    )


for mode in ("local", "batch_array", "batch_expand"):
    globals()[f"nine_{mode}"] = BacktestDAGFactory.create_dag(
        config=nine(LOCAL if mode == "local" else BATCH),
        dag_id=f"nine_{mode}",
        tags=["examples"],
        description="Nine combinations, two of them in trouble",
        before_backtest_callback=before,
        after_backtest_callback=after,
        mode=mode,
        retries=1,
        at_once=None if mode == "batch_expand" else 3,
        default_args={"retry_delay": dt.timedelta(seconds=1)}
        | ({} if mode == "local" else {"poll_interval": 8}),
    )
'''
