"""What a user or a machine sets once: ``stockstream.toml``, overridden by the environment."""

from stockstream.settings.load import ENVIRONMENT_PREFIX, SETTINGS_FILE, load_settings
from stockstream.settings.sections import (
    AirflowMode,
    AirflowSettings,
    AppSettings,
    AwsSettings,
    ClusterSettings,
    EodhdSettings,
    FetchSettings,
    ListSettings,
    LogLevel,
    Market,
    NotifySettings,
    QualitySettings,
    Settings,
    YahooSettings,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SETTINGS_FILE",
    "AirflowMode",
    "AirflowSettings",
    "AppSettings",
    "AwsSettings",
    "ClusterSettings",
    "EodhdSettings",
    "FetchSettings",
    "ListSettings",
    "LogLevel",
    "Market",
    "NotifySettings",
    "QualitySettings",
    "Settings",
    "YahooSettings",
    "load_settings",
]
