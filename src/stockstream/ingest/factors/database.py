"""A database to read factors from: PostgreSQL or SQLite, by URL, by mapping, by environment.

PostgreSQL is read through ADBC (extra ``[sql]``). SQLite is read through Python's own module: the
ADBC driver takes a column's type from its first 1,024 rows, so that it fails where those are null,
and it writes numbers that stand beside text with seven digits.

What is secret in an address shows in no message, no ``repr`` and no source of the lake.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import polars as pl

from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.providers.http import redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    Engine = Literal["postgresql", "sqlite"]

__all__ = ["ENGINES", "KEYS", "Database", "quote_table"]

ENGINES: Final[Mapping[str, Engine]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
}
"""What an engine is called in URLs and configurations."""

KEYS: Final[Mapping[str, str]] = {
    "engine": "engine",
    "host": "host",
    "port": "port",
    "user": "user",
    "username": "user",
    "password": "password",
    "database": "database",
    "dbname": "database",
    "name": "database",
}
"""What a configuration may say, and the one name it has here."""

CONNECT_SECONDS: Final = 15
MOST_PARTS: Final = 3
"""A table is ``table``, ``schema.table`` or ``database.schema.table``."""

_UNREADABLE = (
    "the database URL cannot be read; write it as postgresql://USER@HOST:5432/DATABASE or "
    "sqlite:///path/to/file.db; signs such as @ / ? # in a password are written %40 %2F %3F %23"
)


@dataclass(frozen=True)
class Database:
    """Where a database is and how to get in.

    Attributes:
        engine: which kind.
        place: the address without user, password and options: what may be shown.
        url: the whole address; for SQLite the path of the file. Secret.
        secrets: texts that no message may show.
    """

    engine: Engine
    place: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_url(cls, url: str) -> Database:
        """From ``postgresql://user:password@host:port/database`` or ``sqlite:///path``.

        Driver names, as in ``postgresql+psycopg2://``, are passed over. An absolute path of SQLite
        has four slashes.

        Raises:
            ConfigError: it is no such address.
            UnknownNameError: it is the address of another kind of database.
        """
        scheme, sign, rest = url.partition(":")
        if not sign or not rest.startswith("/"):
            raise ConfigError(_UNREADABLE)
        engine = _engine(scheme)
        if engine == "sqlite":
            return cls._sqlite(unquote(rest.partition("?")[0].removeprefix("//").removeprefix("/")))
        return cls._postgresql(f"{engine}:{rest}")

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Database:
        """From host, port, user, password, database and engine (PostgreSQL if it is not said).

        ``username``, ``dbname`` and ``name`` are understood too, in upper and lower case. For
        SQLite the database is the path of the file. A host that begins with ``/`` is the folder of
        a socket.

        Raises:
            ConfigError: it does not say which database.
            UnknownNameError: it says something that is not known.
        """
        said: dict[str, str] = {}
        for key, value in config.items():
            if key.lower() not in KEYS:
                raise UnknownNameError("key of a database configuration", key, KEYS)
            if value is not None and value != "":
                said[KEYS[key.lower()]] = str(value)
        engine = _engine(said.get("engine", "postgresql"))
        if "database" not in said:
            raise ConfigError("the configuration of the database does not name it; give 'database'")
        if engine == "sqlite":
            return cls._sqlite(said["database"])
        user, host = quote(said.get("user", ""), safe=""), said.get("host", "localhost")
        if "password" in said:
            user += ":" + quote(said["password"], safe="")
        socket = urlencode({"host": host}) if host.startswith("/") else ""
        server = "" if socket else f"[{host}]" if ":" in host else host
        if "port" in said:
            server += f":{said['port']}"
        name = quote(said["database"], safe="")
        return cls._postgresql(
            f"{engine}://{user and user + '@'}{server}/{name}{socket and '?' + socket}"
        )

    @classmethod
    def from_environment(cls, prefix: str = "DB_") -> Database:
        """From ``DB_HOST``, ``DB_PORT``, ``DB_USER``, ``DB_PASSWORD``, ``DB_NAME``, ``DB_ENGINE``.

        Raises:
            ConfigError: no such variable is set, or they do not say which database.
        """
        names = {f"{prefix}{key}".upper(): key for key in KEYS}
        config = {
            names[name.upper()]: value
            for name, value in os.environ.items()
            if name.upper() in names
        }
        if not config:
            wanted = ", ".join(f"{prefix}{key}".upper() for key in ("host", "user", "database"))
            raise ConfigError(f"no environment variable {wanted}, ... is set; set them")
        return cls.from_config(config)

    @classmethod
    def from_variable(cls, name: str) -> Database:
        """From an environment variable that holds the URL.

        Raises:
            ConfigError: it is not set, or holds no such address.
        """
        url = os.environ.get(name)
        if not url:
            raise ConfigError(f"the environment variable {name} is not set; put the URL into it")
        return cls.from_url(url)

    def read(self, statement: str) -> pl.DataFrame:
        """What a query gives; numbers of any precision come as text or as float64.

        Raises:
            ConfigError: the driver is not installed, or there is no such file.
            DataError: the database cannot be reached, or refuses the query.
        """
        frame = self._read_sqlite(statement) if self.engine == "sqlite" else self._read(statement)
        if not frame.width:
            raise DataError(f"{self.place}: the query gives no columns; write a SELECT")
        return frame

    @classmethod
    def _sqlite(cls, path: str) -> Database:
        if not Path(path).is_file():
            raise ConfigError(f"there is no file {path!r}; a SQLite URL is sqlite:///path/to/file")
        return cls("sqlite", f"sqlite:///{path}", path)

    @classmethod
    def _postgresql(cls, url: str) -> Database:
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise ConfigError(_UNREADABLE) from None  # its own text may show a password
        # A password with a bare / ? or # in it would show up in what follows the server's name.
        if parts.fragment or "@" in parts.path + parts.query:
            raise ConfigError(_UNREADABLE)
        options, query = dict(parse_qsl(parts.query)), parts.query
        if "connect_timeout" not in options:
            query += f"{query and '&'}connect_timeout={CONNECT_SECONDS}"
        host = parts.hostname or options.get("host", "localhost")
        place = f"postgresql://{host}{port}{parts.path}"
        whole = f"postgresql://{parts.netloc}{parts.path}?{query}"
        return cls("postgresql", place, whole, _secrets(parts, options))

    def _read(self, statement: str) -> pl.DataFrame:
        try:
            from adbc_driver_manager import Error

            import_module("adbc_driver_postgresql")
        except ImportError as error:
            raise ConfigError(
                "reading from PostgreSQL needs the extra [sql]: pip install 'stockstream[sql]'"
            ) from error
        try:
            frame = pl.read_database_uri(statement, self.url, engine="adbc")
        except (Error, pl.exceptions.PolarsError) as error:
            raise DataError(self._explained(error)) from None  # its own text may show the URL
        return frame.with_columns(
            column.ext.storage() for column in frame if column.dtype.is_extension()
        )

    def _read_sqlite(self, statement: str) -> pl.DataFrame:
        address = f"file:{quote(self.url)}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as connection:
                cursor = connection.execute(statement)
                names = [column[0] for column in cursor.description or ()]
                rows = cursor.fetchall()
            columns = zip(*rows, strict=True) if rows else ((),) * len(names)
            return pl.DataFrame(list(map(_column, names, columns)))
        except (sqlite3.Error, sqlite3.Warning, pl.exceptions.PolarsError) as error:
            raise DataError(self._explained(error)) from error

    def _explained(self, error: Exception) -> str:
        """What the driver says, on one line, without what is secret."""
        said = redact(str(error), (self.url, *self.secrets)).partition("\n")[0].rstrip()
        return f"{self.place}: {said}"


def quote_table(name: str) -> str:
    """``schema.table`` as an SQL identifier, whatever signs are in it.

    Raises:
        ConfigError: a part is empty, or there are more than three.
    """
    parts = name.split(".")
    if not all(part.strip() for part in parts) or len(parts) > MOST_PARTS or "\0" in name:
        raise ConfigError(f"{name!r} is not a table; write TABLE or SCHEMA.TABLE, or give --query")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def _engine(name: str) -> Engine:
    """``postgresql+psycopg2``, ``django.db.backends.postgresql`` -> ``postgresql``."""
    plain = name.lower().partition("+")[0].rpartition(".")[2]
    if plain not in ENGINES:
        raise UnknownNameError("kind of database", plain, ENGINES)
    return ENGINES[plain]


def _secrets(parts: SplitResult, options: Mapping[str, str]) -> tuple[str, ...]:
    found = [value for key, value in options.items() if "pass" in key]
    if parts.password:
        found += [parts.password, unquote(parts.password)]
    return tuple(found)


def _column(name: str, values: tuple[Any, ...]) -> pl.Series:
    """Numbers as float64, anything else as text: SQLite mixes both in one column."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return pl.Series(name, values, pl.Float64)
    texts = [value if value is None else str(value) for value in values]
    return pl.Series(name, texts, pl.String)
