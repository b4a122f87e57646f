"""The configuration of backtests as a DAG file gives it: what is run, and where."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, field_validator, model_validator

from stockstream.backtest.config import BacktestConfig as EngineConfig
from stockstream.errors import ConfigError
from stockstream.study.grid import combinations, demand_few_points, expand, read_values

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_REQUEST_BYTES", "BacktestConfig", "variable_of"]

MOST_REQUEST_BYTES: Final = 7_000
"""Of a request: AWS takes 8,192 for all that a job is told, and the other variables need some."""

STUDY_FIELDS: Final = ("split", "where", "sample", "blocks", "keep_equity")
PLACE_FIELDS: Final = ("batch_job_queue", "batch_job_definition", "s3_bucket", "db_config")

DB_SOURCES: Final = ("connection", "secret", "variables")
DB_OPTIONS: Final = ("table", "query", "known_at", "known_lag")

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_OWN = frozenset(
    {
        *("RUN", "ATTEMPT", "ITEM", "KEY", "REQUEST", "STEP", "EVENT"),
        *("FACTORS_TABLE", "FACTORS_QUERY", "FACTORS_KNOWN_AT", "FACTORS_KNOWN_LAG"),
        *("FAILED_TRIALS", "LEAVE_AT_EOF"),
        *("HOME", "PATH", "USER", "SHELL", "LANG", "TZ", "TMPDIR", "ENV", "IFS"),
    }
)
_OWN_PREFIXES = (
    *("AWS_", "DB_", "S3_", "ECS_", "PYTHON", "STOCKSTREAM", "AIRFLOW", "NUMBA_", "POLARS_"),
    *("LD_", "LC_", "GLIBC_", "GCONV_", "MALLOC_", "BASH", "SSL_", "OPENSSL_", "RAY_"),
)
_OWN_ENDINGS = ("_PROXY", "_CA_BUNDLE")
"""Names that lead a process to other code, other data or other servers."""


class BacktestConfig(EngineConfig):
    """Backtests for Airflow: those of :class:`stockstream.BacktestConfig`, and where they run.

    Keywords that are no field are parameters of the strategy. ``param_grid`` has several values for
    some of them and wins over the direct ones, the other direct ones hold for every combination;
    without a grid it is exactly one backtest.

    Attributes:
        batch_job_queue: queue of AWS Batch; None is the Airflow Variable of this name.
        batch_job_definition: of its jobs; None is the Variable of this name.
        s3_bucket: bucket with the lake; None is the Variable ``stockstream_lake``, or
            ``trading_strategies_bucket``.
        db_config: where factors come from before the backtests: exactly one of ``{"connection":
            id of an Airflow connection}``, ``{"secret": name in AWS Secrets Manager}`` and
            ``{"variables": "db_"}``, the Airflow Variables that begin so; with ``table`` or
            ``query``, and ``known_at`` or ``known_lag``. A secret itself never stands in it.
        split: pieces that the data is cut into, as ``--split`` has it.
        where: constraints that a combination must meet.
        sample: ``{"method": "sobol", "size": 1000, "seed": 1}`` in place of every combination.
        blocks: of the walk that judges the best combination; None is the default of the engine.
        keep_equity: best combinations whose equity curve is kept; None is the engine's default.

    Raises:
        ConfigError: a value that cannot be used; says which, and what would do.
    """

    batch_job_queue: str | None = Field(default=None, min_length=1)
    batch_job_definition: str | None = Field(default=None, min_length=1)
    s3_bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    db_config: dict[str, str] | None = None
    split: str | None = None
    where: tuple[str, ...] = ()
    sample: dict[str, Any] | None = None
    blocks: int | None = Field(default=None, ge=0)
    keep_equity: int | None = Field(default=None, ge=0)

    def __init__(self, **values: Any) -> None:
        """Written out for type checkers: any keyword may be a parameter of the strategy."""
        super().__init__(**values)

    @field_validator("db_config", mode="before")
    @classmethod
    def _check_db(cls, given: Any) -> Any:
        return given if given is None else _db_checked(given)

    @model_validator(mode="after")
    def _check_grid(self) -> Self:
        demand_few_points(self._grid)
        return self

    @property
    def trials(self) -> int | None:
        """How many backtests it is, if that is known without the engine and the lake."""
        if self.split or self.where or self.sample:
            return None
        return combinations(self._grid)

    def combinations(self) -> list[dict[str, Any]]:
        """The parameters of every backtest, before ``where`` and ``sample``.

        The last parameter of the grid changes fastest. Without a grid it is exactly one.

        Raises:
            GridError: there are too many for a list.
        """
        return [{**self.parameters, **point} for point in expand(self._grid)]

    def environment(self, combination: Mapping[str, Any]) -> dict[str, str]:
        """A backtest as environment variables, for a container: ``TAKE_PROFIT_PCT=10.0``.

        Lists are JSON. A parameter whose name is no name of a variable, or that of one which means
        something to the system or to a job (``PATH``, ``RUN``), is left out: the plan has it.

        Args:
            combination: one of :meth:`combinations`.
        """
        told = {
            "STRATEGY_CLASS": self.strategy_class,
            "START_DATE": self.start_date.isoformat(),
            "END_DATE": self.end_date.isoformat(),
            "INITIAL_CAPITAL": repr(self.initial_capital),
        }
        if self.universe is not None:
            told["UNIVERSE"] = _text(self.universe)
        for name, value in combination.items():
            variable = variable_of(name)
            if variable is not None:
                told.setdefault(variable, _text(value))
        return told

    def engine_config(self) -> dict[str, Any]:
        """The fields of :class:`stockstream.BacktestConfig` as JSON values, defaults left out."""
        own = {*STUDY_FIELDS, *PLACE_FIELDS}
        fields: dict[str, Any] = self.model_dump(mode="json", exclude=own, exclude_defaults=True)
        return fields

    def request(
        self, *, most_bytes: int | None = MOST_REQUEST_BYTES, **more: Any
    ) -> dict[str, Any]:
        """What the job ``plan`` is asked for.

        Args:
            most_bytes: as JSON; None is any.
            more: ``each``, ``at_once``, ``attempt``; what is None is left out.

        Raises:
            ConfigError: it is longer.
        """
        study = {name: getattr(self, name) for name in STUDY_FIELDS}
        study["where"] = list(self.where) or None
        asked = {"config": self.engine_config(), **study, **more}
        request = {name: value for name, value in asked.items() if value is not None}
        size = len(json.dumps(request, separators=(",", ":")).encode())
        if most_bytes is not None and size > most_bytes:
            raise ConfigError(
                f"the configuration has {size:,} bytes, more than {most_bytes:,}: AWS Batch takes "
                "8,192 for all that a job is told. Write grids as ranges (5:44:40), leave the "
                "universe to the lake, or make several DAGs"
            )
        return request

    @cached_property
    def _grid(self) -> dict[str, tuple[Any, ...]]:
        return {name: read_values(name, values) for name, values in self.param_grid.items()}


def variable_of(parameter: str) -> str | None:
    """The environment variable of a parameter; None if there can be none."""
    name = parameter.upper()
    if not parameter.isascii() or _NAME.fullmatch(name) is None:
        return None
    is_own = name in _OWN or name.startswith(_OWN_PREFIXES) or name.endswith(_OWN_ENDINGS)
    return None if is_own else name


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _db_checked(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004 - pydantic takes no other
            'is a text; give {"connection": "the id of an Airflow connection", "table": ...}'
        )
    unknown = [str(name) for name in given if name not in {*DB_SOURCES, *DB_OPTIONS}]
    if unknown:
        raise ValueError(
            f"has {', '.join(unknown)}: host, user and password are no part of a DAG, whose code "
            "everybody can read. Keep them in an Airflow connection and give its id as "
            '{"connection": ...}, or use {"secret": ...} or {"variables": "db_"}; beside it may '
            f"stand {', '.join(DB_OPTIONS)}"
        )
    sources = [name for name in DB_SOURCES if given.get(name)]
    if len(sources) != 1:
        raise ValueError(f"needs exactly one of {', '.join(DB_SOURCES)}, and has {len(sources)}")
    if bool(given.get("table")) == bool(given.get("query")):
        raise ValueError("needs either a table or a query: where the factors are in the database")
    if given.get("known_at") and given.get("known_lag"):
        raise ValueError("known_at and known_lag both say when a figure was known: leave one out")
    if any("://" in str(given[name]) for name in sources):
        raise ValueError("has an address: it may hold a password. Give the name of a connection")
    return {str(name): str(value) for name, value in given.items() if value is not None}
