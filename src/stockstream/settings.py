"""What a user or a machine sets once: ``stockstream.toml``, overridden by the environment.

``STOCKSTREAM__LAKE=/data/lake`` wins over ``lake = "..."`` in the file of the current folder, which
wins over the default.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_settings import PydanticBaseSettingsSource

__all__ = ["ENVIRONMENT_PREFIX", "SETTINGS_FILE", "LogLevel", "Settings", "load_settings"]

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

SETTINGS_FILE = Path("stockstream.toml")
ENVIRONMENT_PREFIX = "STOCKSTREAM__"


@dataclass(frozen=True)
class Settings:
    """What a user or a machine sets once.

    Attributes:
        lake: folder or URL of the lake that commands use unless ``--lake`` names another.
        runs: folder in which backtests and sweeps leave their results.
        log_level: least severe log record to show.
    """

    lake: str = "data/lake"
    runs: str = "data/runs"
    log_level: LogLevel = "WARNING"


def load_settings(file: Path = SETTINGS_FILE) -> Settings:
    """Read the settings.

    Args:
        file: the TOML file; it may be absent.

    Raises:
        ConfigError: the file is not TOML, or a value has the wrong type.
        UnknownNameError: the file or the environment sets a name that does not exist.
    """
    in_environment = [name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX)]
    if not in_environment and not file.is_file():
        return Settings()  # nothing to read: save the import of pydantic
    for name in in_environment:
        _demand_known(name[len(ENVIRONMENT_PREFIX) :].lower(), f"environment variable {name}")
    return _read(file)


def _read(file: Path) -> Settings:
    from tomllib import TOMLDecodeError

    from pydantic import ValidationError
    from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource

    class Reader(BaseSettings):
        model_config = SettingsConfigDict(extra="forbid", env_prefix=ENVIRONMENT_PREFIX)
        lake: str = Settings.lake
        runs: str = Settings.runs
        log_level: LogLevel = Settings.log_level

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    try:
        return Settings(**Reader().model_dump())
    except (TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise _explained(error, file) from error


def _explained(error: ValidationError, file: Path) -> ConfigError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    try:
        _demand_known(name, str(file))
    except UnknownNameError as unknown:
        return unknown
    return ConfigError(
        f"setting {name!r} cannot be {first['input']!r}: {first['msg']}; "
        f"set it in {file} or as {ENVIRONMENT_PREFIX}{name.upper()}"
    )


def _demand_known(name: str, where: str) -> None:
    known = [field.name for field in fields(Settings)]
    if name not in known:
        raise UnknownNameError("setting", name, known, hint=f"it comes from {where}")
