"""Backtests on Airflow 3: MWAA, or any other.

::

    from stockstream.airflow import BacktestConfig, BacktestDAGFactory

    dag = BacktestDAGFactory.create_dag(config=BacktestConfig(...), dag_id="long_short")

``config`` says what is run, ``factory`` makes a DAG of it, ``flow`` and ``operators`` are its
tasks, ``watcher`` decides whether a run failed, ``answers`` and ``settings`` are how tasks learn
what their jobs found and where they run. ``document`` and ``loader`` make DAGs of JSON files.

Airflow's own processes never import the engine: only the standard library, pydantic and Airflow
are imported here, and of this package what needs no more (an import contract).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stockstream.airflow.config import BacktestConfig
    from stockstream.airflow.factory import BacktestDAGFactory

__all__ = ["BacktestConfig", "BacktestDAGFactory"]

_HOME = {"BacktestConfig": "config", "BacktestDAGFactory": "factory"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
