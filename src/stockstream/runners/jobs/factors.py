"""The job ``factors``: factors from a database into the lake."""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Final

from stockstream.errors import ConfigError
from stockstream.ingest.factors import Database, SqlSource, import_factors
from stockstream.ingest.factors.database import KEYS
from stockstream.lake.store import Lake
from stockstream.runners.account import Account, asking, chosen_region
from stockstream.runners.jobs import environment, names
from stockstream.runners.jobs.answers import Answers
from stockstream.runners.stack import code_of
from stockstream.settings import load_settings

__all__ = ["database", "run"]

REFUSED: Final = {
    "ResourceNotFoundException": "there is no such secret in this account and region",
    "AccessDeniedException": (
        "the job may not read it: the Terraform variable factors_secret_arn names the one it may"
    ),
    "ValidationException": "that is no name of a secret",
    "InvalidRequestException": "it is about to be deleted",
}
"""What trying again does not change, by the code of the service."""

ARN_PARTS: Final = 7

_log = logging.getLogger("stockstream.jobs")


def run() -> int:
    """Import the factors that the environment names, and leave what came in.

    What the lake has already is not written again, so that its version stays and a study of it
    keeps its name.

    Returns:
        An exit code of :mod:`stockstream.runners.jobs.names`.

    Raises:
        ConfigError: the environment or the secret cannot be used, or a driver is not installed.
        DataError: the database cannot be reached or read, or no value could be taken.
        LakeError: there is no lake, or it cannot be written.
        CloudError: Secrets Manager did not answer.
    """
    key, place = environment.demanded_key(), load_settings().lake
    known_at, lag = environment.chosen(names.FACTORS_KNOWN_AT), _known_lag()
    if known_at is not None and lag is not None:
        raise ConfigError(
            f"{names.FACTORS_KNOWN_AT} and {names.FACTORS_KNOWN_LAG} exclude each other: set one"
        )
    wanted, source = _wanted(), _source()
    lake = Lake.open(place)
    summary = import_factors([source], lake, known_at=known_at, known_lag=lag, names=wanted)
    version = Lake.open(place).version()
    Answers(place).write(key, {**summary.as_dict(), "version": version})
    _log.info(
        "%s: %d values, %d new, %d rejected; the lake is at %s",
        *(source.name, summary.values, summary.added, sum(summary.rejected.values()), version),
    )
    return names.DONE


def database() -> Database:
    """The database that the environment and the secret name; the environment wins.

    Raises:
        ConfigError: they do not say which one it is, or the secret cannot be used.
        UnknownNameError: it is one of another kind.
        CloudError: Secrets Manager did not answer.
    """
    secret = environment.chosen(names.DB_SECRET)
    if secret is None:
        return Database.from_environment(names.DB_PREFIX)
    told = {name: os.environ.get(f"{names.DB_PREFIX}{name}".upper()) for name in KEYS}
    return Database.from_config(_secret(secret) | {n: value for n, value in told.items() if value})


def _source() -> SqlSource:
    table, query = (environment.chosen(name) for name in (names.FACTORS_TABLE, names.FACTORS_QUERY))
    if (table is None) == (query is None):
        raise ConfigError(
            f"the database needs to know what to read: set {names.FACTORS_TABLE} or "
            f"{names.FACTORS_QUERY}, one of them"
        )
    return SqlSource.of(database(), query=query, table=table)


def _known_lag() -> int | None:
    if environment.chosen(names.FACTORS_KNOWN_LAG) is None:
        return None
    return environment.number(names.FACTORS_KNOWN_LAG)


def _wanted() -> list[str] | None:
    """The factors that are named, as a JSON list or with commas; None is all of them."""
    text = environment.chosen(names.FACTORS)
    if text is None:
        return None
    if not text.lstrip().startswith("["):
        return [name.strip() for name in text.split(",") if name.strip()]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{names.FACTORS} is no JSON ({error}): {text[:60]!r}") from None
    if not all(isinstance(name, str) and name for name in found):
        raise ConfigError(f"{names.FACTORS} is {text[:60]!r}: give a list of names")
    return list(found)


def _secret(name: str) -> dict[str, Any]:
    """What a secret says of a database; what it says of other things is left out."""
    from botocore.exceptions import ClientError

    parts = name.split(":")
    region = parts[3] if name.startswith("arn:") and len(parts) >= ARN_PARTS else None
    client = Account(chosen_region(region)).client("secretsmanager")
    with asking("Secrets Manager"):
        try:
            found = client.get_secret_value(SecretId=name)
        except ClientError as error:
            if (why := REFUSED.get(code_of(error))) is None:
                raise
            raise ConfigError(f"the secret {name} cannot be read: {why}") from None
    try:
        told = json.loads(found["SecretString"])
        return {key: value for key, value in told.items() if key.lower() in KEYS}
    except (KeyError, ValueError, AttributeError):
        raise ConfigError(  # its own text may show what is secret
            f"the secret {name} is no JSON object like the one that RDS writes: username, "
            "password, host, port, dbname, engine"
        ) from None
