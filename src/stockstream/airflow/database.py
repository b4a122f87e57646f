"""How a job reaches the database of factors: by what Airflow keeps, never by what a DAG says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.airflow.settings import variable
from stockstream.airflow.signals import AirflowFailException, AirflowNotFoundException
from stockstream.runners.jobs.names import DB_PREFIX, DB_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["access"]

ENGINES: Final = {"postgres": "postgresql"}
"""Types of Airflow's connections that are called otherwise elsewhere."""

PARTS: Final = ("engine", "host", "port", "name", "user")


def access(database: Mapping[str, str], *, on_aws: bool) -> dict[str, str]:
    """The variables of a job that reads factors.

    Args:
        database: as :class:`stockstream.airflow.config.BacktestConfig` has it in ``db_config``.
        on_aws: the job runs on AWS Batch: a password never goes there.

    Raises:
        AirflowFailException: there is no such connection, or a password would be seen.
    """
    if secret := database.get("secret"):
        return {DB_SECRET: secret}
    if prefix := database.get("variables"):
        found = {name: variable(f"{prefix}{name}") for name in (*PARTS, "password", "secret")}
        where = f"the Airflow Variables {prefix}*"
    else:
        found = _connection(database["connection"])
        where = f"the Airflow connection {database['connection']}"
    if secret := found.pop("secret", ""):
        return {DB_SECRET: secret}
    if not (found["host"] or found["name"]):
        raise AirflowFailException(f"{where} names no database: give it a host and a name")
    if on_aws and found["password"]:
        raise AirflowFailException(
            f"{where} has a password, and everybody who may look at jobs of AWS Batch would see "
            'it. Put it into AWS Secrets Manager, and give db_config={"secret": "its name", ...}'
        )
    return {DB_PREFIX + name.upper(): value for name, value in found.items() if value}


def _connection(identity: str) -> dict[str, str]:
    from airflow.sdk import Connection

    try:
        kept = Connection.get(identity)
    except AirflowNotFoundException:
        raise AirflowFailException(
            f"there is no Airflow connection {identity}: make it (Admin, Connections), of the type "
            "postgres, or name another one in db_config"
        ) from None
    parts = {
        "engine": ENGINES.get(kept.conn_type or "", kept.conn_type),
        "host": kept.host,
        "port": kept.port,
        "name": kept.schema,
        "user": kept.login,
        "password": kept.password,
    }
    return {name: "" if value is None else str(value) for name, value in parts.items()}
