"""Reading the settings: the environment wins over the file, and the file over the defaults.

``rate = 5`` below ``[fetch]`` in ``stockstream.toml`` is ``STOCKSTREAM__FETCH__RATE=5`` in the
environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.settings.sections import Settings

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["ENVIRONMENT_PREFIX", "SETTINGS_FILE", "load_settings"]

SETTINGS_FILE = Path("stockstream.toml")
ENVIRONMENT_PREFIX = "STOCKSTREAM__"
SEPARATOR = "__"

PLAIN_VARIABLES: Final = {
    "lake": "S3_BUCKET_NAME",
    "log_level": "LOG_LEVEL",
    "aws.region": "AWS_REGION",
    "airflow.environment": "MWAA_ENVIRONMENT_NAME",
    "airflow.url": "AIRFLOW_WEBSERVER_URL",
    "airflow.dags": "S3_DAGS_BUCKET",
}
"""Names that the cloud functions and the page are also given; each counts where nothing else sets
the same."""

BUCKETS: Final[Mapping[str, str]] = {"lake": "s3://{}", "airflow.dags": "s3://{}/dags"}
"""What becomes of the name of a bucket."""


def load_settings(file: Path = SETTINGS_FILE) -> Settings:
    """Read the settings.

    Args:
        file: the TOML file; it may be absent.

    Raises:
        ConfigError: the file is not TOML, or a value has the wrong type or is out of range.
        UnknownNameError: the file or the environment sets a name that does not exist.
    """
    given: dict[str, Any] = {}
    _place(_written(file), given, Settings(), str(file))
    for variable, value in os.environ.items():
        if variable.upper().startswith(ENVIRONMENT_PREFIX):
            names = variable[len(ENVIRONMENT_PREFIX) :].lower().split(SEPARATOR)
            _place(_tree(names, value), given, Settings(), f"environment variable {variable}")
    _fill(given)
    if isinstance(level := given.get("log_level"), str):
        given["log_level"] = level.upper()
    return _validated(given, file) if given else Settings()


def _fill(given: dict[str, Any]) -> None:
    """Set from the plain variables what nothing else has set."""
    section = given.get("airflow", {})
    named = bool(section.get("environment") or section.get("url"))
    for full, variable in PLAIN_VARIABLES.items():
        value = os.environ.get(variable)
        # an environment of MWAA has an address too: both are set, and the name is the way in
        other_airflow = full in {"airflow.environment", "airflow.url"} and named
        if not value or other_airflow:
            continue
        above, _, name = full.rpartition(".")
        place = given.setdefault(above, {}) if above else given
        place.setdefault(name, BUCKETS.get(full, "{}").format(value))
        named = named or above == "airflow"


def _written(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    import tomllib  # for those who have a file

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error


def _tree(names: list[str], value: str) -> dict[str, Any]:
    """``["fetch", "rate"], "5"`` is ``{"fetch": {"rate": "5"}}``."""
    tree: Any = value
    for name in reversed(names):
        tree = {name: tree}
    return dict(tree)


def _place(
    tree: Mapping[str, Any], given: dict[str, Any], defaults: Any, where: str, above: str = ""
) -> None:
    """Copy the values of a tree into the same places of ``given``, if there are such settings.

    Args:
        tree: values by name, those of a section below its name.
        given: what has been set so far; changed.
        defaults: the settings, or the section of them, whose names the tree uses.
        where: what has set these values, for messages.
        above: name of the section with a dot, or nothing.
    """
    known = [one.name for one in fields(defaults)]
    for name, value in tree.items():
        full, default = above + name, getattr(defaults, name, None)
        if name not in known or (isinstance(value, Mapping) and not is_dataclass(default)):
            raise UnknownNameError(
                *("setting", full, [above + other for other in known]),
                hint=f"it comes from {where}",
            )
        if not is_dataclass(default):
            words = isinstance(default, tuple) and isinstance(value, str)
            given[name] = value.split() if words else value
        elif isinstance(value, Mapping):
            _place(value, given.setdefault(name, {}), default, where, f"{full}.")
        else:
            inner = ", ".join(f"{full}.{one.name}" for one in fields(default))
            raise ConfigError(f"{full!r} is a section and has no value; set one of: {inner}")


@cache
def _adapter() -> TypeAdapter[Settings]:
    """What validates; 10 ms to make, and a page asks for the settings many times a second."""
    from pydantic import TypeAdapter  # not needed while nothing is set

    return TypeAdapter(Settings)


def _validated(given: dict[str, Any], file: Path) -> Settings:
    from pydantic import ValidationError

    try:
        return _adapter().validate_python(given)
    except ValidationError as error:
        # None: the error of pydantic repeats the value, which may be a secret.
        raise _explained(error, file) from None


def _explained(error: ValidationError, file: Path) -> ConfigError:
    first = error.errors()[0]
    names = [part for part in first["loc"] if isinstance(part, str)]
    beyond = first.get("ctx", {}).get("error")
    if isinstance(beyond, ConfigError):  # of a section: the name of its setting, and why not
        name, _, reason = str(beyond).partition(" ")
        names.append(name)
    else:
        shown = repr(first["input"])
        if _is_secret(names) or "://" in shown:  # an address may hold a password
            shown = "what is given"
        reason = f"cannot be {shown}: {first['msg']}"
    full, variable = ".".join(names), ENVIRONMENT_PREFIX + SEPARATOR.join(names).upper()
    variables = " or ".join([variable, *filter(None, [PLAIN_VARIABLES.get(full)])])
    return ConfigError(f"setting {full!r} {reason}; set it in {file} or as {variables}")


def _is_secret(names: list[str]) -> bool:
    here: Any = Settings()
    for name in names:
        if not next(one.repr for one in fields(here) if one.name == name):
            return True
        here = getattr(here, name)
    return False
