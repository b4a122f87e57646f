"""Where jobs run and where the lake is: Airflow Variables, read when a task runs, never before.

========================== ========================================================================
``stockstream_lake``       folder or URL of the lake; wins over the bucket
``trading_strategies_bucket``  bucket with the lake
``batch_job_queue``        queue of AWS Batch
``batch_job_definition``   definition of its jobs
``stockstream_region``     region of both; without it what the connection or the environment says
``stockstream_python``     interpreter that has the engine, for ``mode="local"``
``stockstream_pipeline_mode``  ``local`` or ``lambda``: where the steps of the daily run are done
``stockstream_prefix``     of the names of a stack's functions, for ``lambda``
``db_*``                   see :class:`stockstream.airflow.config.BacktestConfig`
========================== ========================================================================

What a configuration names itself wins over its Variable. The connection ``aws_default`` is used if
there is one, else what the environment and the role of the worker allow.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from typing import Final

from airflow.sdk import Variable

from stockstream.airflow.signals import AirflowFailException

__all__ = ["CONNECTION", "batch_names", "engine_python", "lake_of", "region", "variable"]

CONNECTION: Final = "aws_default"

ENGINE: Final = ("stockstream.runners.jobs.__main__", "polars", "deltalake")
"""What an interpreter needs to run jobs; the bundle in the folder of DAGs has not all of it."""


def variable(name: str) -> str:
    """An Airflow Variable; empty if there is none."""
    return str(Variable.get(name, default=None) or "").strip()


def lake_of(bucket: str | None = None) -> str:
    """Folder or URL of the lake.

    Args:
        bucket: that the configuration names.

    Raises:
        AirflowFailException: nothing says where it is.
    """
    if bucket:
        return f"s3://{bucket}"
    lake = variable("stockstream_lake")
    if lake:
        return lake.rstrip("/") or "/"
    bucket = variable("trading_strategies_bucket")
    if bucket:
        return f"s3://{bucket}"
    raise AirflowFailException(
        "nobody says where the lake is: set the Airflow Variable stockstream_lake (a folder or "
        "s3://...) or trading_strategies_bucket, or give s3_bucket in the configuration"
    )


def batch_names(queue: str | None, definition: str | None) -> tuple[str, str]:
    """Queue and job definition of AWS Batch.

    Args:
        queue: that the configuration names.
        definition: that it names.

    Raises:
        AirflowFailException: one of them is named nowhere.
    """
    names = {"batch_job_queue": queue, "batch_job_definition": definition}
    found = {name: given or variable(name) for name, given in names.items()}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise AirflowFailException(
            f"{' and '.join(missing)}: nobody says which; set Airflow Variables of these names, or "
            "give them in the configuration"
        )
    return found["batch_job_queue"], found["batch_job_definition"]


def region() -> str | None:
    """Region of AWS; None is what the connection or the environment says."""
    return variable("stockstream_region") or None


def engine_python() -> str:
    """The interpreter that has the engine.

    Raises:
        AirflowFailException: there is none, or it is no program.
    """
    named = variable("stockstream_python")
    if named:
        found = shutil.which(os.path.expanduser(named))  # noqa: PTH111 - it may be a bare name
        if found is None:
            raise AirflowFailException(
                f"the Airflow Variable stockstream_python is {named}, and no program is there: "
                "give the interpreter of an environment with `pip install stockstream`"
            )
        return found
    if all(_is_there(name) for name in ENGINE):
        return sys.executable
    raise AirflowFailException(
        "the Python of this Airflow has no engine, and MWAA's cannot have one beside its own "
        "packages. Install stockstream in an environment of its own and name its interpreter in "
        'the Airflow Variable stockstream_python, or run with mode="batch_array"'
    )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
