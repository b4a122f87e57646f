"""An Airflow DAG: three strategies side by side, each with a grid of its own.

Each strategy is a group of tasks; the callbacks run once, before and after all of them. One
combination in twenty may fail without the run being a failure.
"""

from __future__ import annotations

import logging
from typing import Any

from stockstream.airflow import BacktestConfig, BacktestDAGFactory

log = logging.getLogger(__name__)

YEAR = {"start_date": "2022-01-01", "end_date": "2022-12-31", "initial_capital": 1_000_000.0}

configs = {
    "long_short": BacktestConfig(
        strategy_class="LongShortEquityStrategy",
        factors=["DebtToEquity"],
        param_grid={"rebalance_period": [7, 14, 28], "take_profit_pct": [0.1, 0.15, 0.2]},
        **YEAR,
    ),
    "mean_reversion": BacktestConfig(
        strategy_class="MeanReversionStrategy",
        param_grid={"lookback_period": [20, 30, 40], "entry_threshold": [2.0, 2.5, 3.0]},
        **YEAR,
    ),
    "momentum": BacktestConfig(
        strategy_class="MomentumStrategy",
        param_grid={"momentum_period": [10, 20, 30], "signal_threshold": [0.05, 0.1]},
        **YEAR,
    ),
}


def before_backtest(**context: Any) -> None:
    """Say what is about to run; to stop the run, raise an error here."""
    total = sum(len(config.combinations()) for config in configs.values())
    log.info("%s begins: %d backtests of %d strategies", context["run_id"], total, len(configs))


def after_backtest(**context: Any) -> dict[str, Any]:
    """Compare the strategies by their best combinations; runs also if some failed."""
    found: dict[str, Any] = {}
    for name, summary in context["backtests"].items():
        if summary is None:
            log.warning("%s: nothing was collected", name)
            continue
        found[name] = summary["best"]
        log.info("%s: %d of %d failed", name, summary["failed"], summary["trials"])
    return found


dag = BacktestDAGFactory.create_multi_strategy_dag(
    configs=configs,
    dag_id="framework_backtest_multi_example",
    description="Three strategies over a year",
    tags=["backtest", "example"],
    before_backtest_callback=before_backtest,
    after_backtest_callback=after_backtest,
    tolerated_failures=0.05,
)
