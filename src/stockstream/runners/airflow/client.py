"""The way to the Airflow of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import ConfigError
from stockstream.runners.airflow.api import AirflowApi, AirflowRefusedError, Connection, api_path

if TYPE_CHECKING:
    from stockstream.settings import AirflowSettings

__all__ = ["AirflowApi", "AirflowRefusedError", "Connection", "api_path", "connect"]


def connect(settings: AirflowSettings, region: str = "") -> AirflowApi:
    """The API of the Airflow of the settings; nothing is asked of it yet.

    Args:
        settings: say which: an environment of MWAA by its name, or any Airflow by its address.
        region: of the environment; without one that of ``AWS_REGION`` or of the AWS profile.

    Raises:
        ConfigError: they name none or two, or no region was chosen.
    """
    if settings.environment and settings.url:
        raise ConfigError(
            "airflow.environment names an Airflow on MWAA, and airflow.url another one: keep one "
            "of the two"
        )
    if settings.environment:
        from stockstream.runners.account import Account, chosen_region
        from stockstream.runners.airflow.mwaa_api import MwaaApi

        return MwaaApi(settings.environment, Account(chosen_region(region or None)))
    if settings.url:
        from stockstream.runners.airflow.token_api import TokenApi

        return TokenApi(settings.url, settings.username, settings.password, settings.token)
    raise ConfigError(
        "no Airflow was named: set airflow.url (STOCKSTREAM__AIRFLOW__URL) to the address of its "
        "API server, such as http://127.0.0.1:8080, or airflow.environment "
        "(STOCKSTREAM__AIRFLOW__ENVIRONMENT) to the name of an environment of MWAA"
    )
