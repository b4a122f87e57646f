"""A DAG as a JSON document: what the loader reads in place of code.

::

    {
        "dag_id": "long_short_equity",
        "schedule": "30 18 * * 1-5",
        "mode": "batch_array",
        "config": {
            "strategy_class": "LongShortEquityStrategy",
            "start_date": "2022-01-01",
            "end_date": "2022-12-31",
            "param_grid": {"take_profit_pct": [5, 10, 15], "rebalance_period": [1, 7, 30]},
        },
    }

``backtests``, ``{name: config}``, stands in place of ``config`` for several strategies in one DAG.
Strategies are named as they are registered: a document cannot name a file of code. Whatever stands
in it stays text: nothing of it is a template, a path or the name of something to import.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from stockstream.airflow.config import BacktestConfig
from stockstream.airflow.cron import demand_schedule
from stockstream.airflow.names import DAG_ID, GROUP, OWN_DAGS, SHOWN, Mode, demand_group, quoted
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.grid import check_values

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_BYTES", "DagDocument", "read_document"]

MOST_BYTES: Final = 200_000
"""Of a document."""
MOST_CONFIG_BYTES: Final = 8_192
"""Of one configuration: more than AWS takes for the environment of a job."""
MOST_BACKTESTS: Final = 50
DEEPEST: Final = 8
"""Lists and objects within each other."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

Name: TypeAlias = Annotated[str, Field(pattern=f"^{GROUP}$")]
Tag: TypeAlias = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\n\t]*$")]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
Share: TypeAlias = Annotated[float, Field(strict=True, ge=0.0, le=1.0, allow_inf_nan=False)]


class DagDocument(BaseModel):
    """A DAG of backtests, read and checked.

    Attributes:
        dag_id: its name in Airflow: letters, digits, ``_``, ``.`` and ``-``.
        description: a sentence about it.
        tags: of the list of DAGs.
        schedule: a cron text, a preset such as ``@daily``, ``new-bars`` for "when the daily
            pipeline has brought new bars", or null.
        mode: where the backtests run, as ``BacktestDAGFactory.create_dag`` has it.
        retries: how often a task is tried again, 0 to 10.
        tolerated_failures: combinations that may fail without the run being a failure: a number of
            them if it is whole, a share of all if it is a fraction.
        at_once: workers; None is what the mode takes by itself.
        max_active_tasks: tasks of the DAG that run at the same time.
        config: of the one strategy, or
        backtests: configurations by name, for several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dag_id: str = Field(pattern=f"^{DAG_ID}$")
    description: str = Field(default="", max_length=2_000)
    tags: tuple[Tag, ...] = Field(default=(), max_length=20)
    schedule: str | None = None
    mode: Mode = "batch_array"
    retries: int = Field(default=2, strict=True, ge=0, le=10)
    tolerated_failures: Count | Share = 0
    at_once: int | None = Field(default=None, strict=True, ge=1, le=10_000)
    max_active_tasks: int = Field(default=16, strict=True, ge=1, le=1_024)
    config: BacktestConfig | None = None
    backtests: dict[Name, BacktestConfig] = Field(default_factory=dict, max_length=MOST_BACKTESTS)

    @field_validator("dag_id")
    @classmethod
    def _check_id(cls, dag_id: str) -> str:
        if dag_id in OWN_DAGS:
            raise ValueError(f"{dag_id} is a DAG of this package: give another name")
        if not dag_id.strip("."):
            raise ValueError(f"{dag_id!r} are dots alone: give a name with letters")
        return dag_id

    @field_validator("tags")
    @classmethod
    def _check_tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(tags)) < len(tags) or not all(tag.strip() for tag in tags):
            raise ValueError("tags are blank or given twice: give each once")
        return tags

    @field_validator("schedule")
    @classmethod
    def _check_schedule(cls, schedule: str | None) -> str | None:
        return None if schedule is None else demand_schedule(schedule)

    @model_validator(mode="after")
    def _check_backtests(self) -> Self:
        if (self.config is None) == (not self.backtests):
            raise ValueError(
                "give either config, for one strategy, or backtests, several of them by name"
            )
        for name in self.backtests:
            demand_group(name)
        return self


def read_document(text: str) -> DagDocument:
    """Read the document of a DAG.

    Args:
        text: JSON, as it stands in a file.

    Raises:
        ConfigError: it is no document, or one that cannot be used; says which field and what would
            do. A :class:`GridError` says where in the text of a grid.
        UnknownNameError: it has a field that does not exist.
    """
    parsed = _parsed(text)
    _demand_plain(parsed, "", 0)
    values = _object(parsed, "the document")
    for name in values:
        if name not in DagDocument.model_fields:
            raise UnknownNameError("field of a DAG document", name, DagDocument.model_fields)
    if values.get("config") is not None:
        values["config"] = _config(values["config"], "config")
    if values.get("backtests") is not None:
        several = _object(values["backtests"], "backtests")
        if len(several) > MOST_BACKTESTS:
            raise ConfigError(
                f"{len(several)} backtests are more than {MOST_BACKTESTS} in a DAG: make several"
            )
        values["backtests"] = {
            name: _config(one, f"backtests.{_inner(name)}") for name, one in several.items()
        }
    try:
        return DagDocument.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explained(error)) from None


def _parsed(text: str) -> Any:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise ConfigError(f"it has {size:,} bytes, more than the {MOST_BYTES:,} of a document")
    try:
        return json.loads(text, object_pairs_hook=_single, parse_constant=_no_constant)
    except RecursionError:
        raise ConfigError("the document holds lists in lists without end") from None
    except ConfigError:
        raise
    except ValueError as error:  # of JSON, or of a number with thousands of digits
        raise ConfigError(f"the document is no JSON: {error}") from None


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are each there once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"{quoted(doubled)} is given twice in one object: give it once")
    return values


def _no_constant(word: str) -> Any:
    raise ConfigError(f"{word} is no JSON: give a finite number")


def _demand_plain(value: Any, where: str, depth: int) -> None:
    """Refuse what cannot be kept, shown or handed on: by Airflow, a database or an environment."""
    if depth > DEEPEST:
        raise ConfigError(f"{where}: more than {DEEPEST} lists and objects within each other")
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise ConfigError(f"{where} has the sign {found[0]!r}, which is no text: leave it out")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} is too large for a number: give one that fits")
    if isinstance(value, dict):
        for name, one in value.items():
            _demand_plain(name, f"a name in {where or 'the document'}", depth)
            _demand_plain(one, f"{where}.{_inner(name)}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for i, one in enumerate(value):
            _demand_plain(one, f"{where}[{i}]", depth + 1)


def _config(value: Any, where: str) -> BacktestConfig:
    """The configuration of a strategy.

    Raises:
        ConfigError: it cannot be used.
    """
    fields = _object(value, where)
    size = len(json.dumps(fields, ensure_ascii=False).encode())
    if size > MOST_CONFIG_BYTES:
        raise ConfigError(
            f"{where} has {size:,} bytes, more than the {MOST_CONFIG_BYTES:,} that a job is "
            'handed: give grids as ranges, such as "5:44:40", and universes by the lake'
        )
    try:
        _demand_names(fields)
        _demand_days(fields)
        _demand_registered(fields)
        _demand_table(fields.get("db_config"))
        return BacktestConfig(**fields)
    except UnknownNameError:
        raise
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _demand_names(fields: Mapping[str, Any]) -> None:
    """Parameters have names as in Python, and values that can be tried."""
    parameters = {
        name: value for name, value in fields.items() if name not in BacktestConfig.model_fields
    }
    inner = _object(fields.get("parameters", {}), "parameters")
    for name, value in {**inner, **parameters}.items():
        if name == "self" or not _WORD.fullmatch(name):
            raise ConfigError(
                f"{quoted(name)} is no name of a parameter: use letters, digits and _"
            )
        check_values(name, (value,))
    for name in _object(fields.get("param_grid", {}), "param_grid"):
        if not _WORD.fullmatch(name):
            raise ConfigError(f"param_grid: {quoted(name)} is no name of a parameter")


def _demand_days(fields: Mapping[str, Any]) -> None:
    """Days are written in one way: pydantic would take the seconds since 1970, too."""
    for name in ("start_date", "end_date", "warmup_start"):
        day = fields.get(name)
        if day is not None and not (isinstance(day, str) and _DAY.fullmatch(day)):
            raise ConfigError(f"{name} is {_shown(day)}: write a day such as 2022-01-31")


def _demand_table(db_config: Any) -> None:
    """Factors come from a table or a view: a query is code, and a document has none."""
    if not isinstance(db_config, dict):
        return
    if "query" in db_config:
        raise ConfigError(
            "db_config.query: a document cannot hold a query. Make a view of it in the database "
            'and give its name: {"table": ...}'
        )
    table = db_config.get("table")
    if isinstance(table, str) and table and not _TABLE.fullmatch(table):
        raise ConfigError(f"db_config.table {quoted(table)} is no name of a table")


def _demand_registered(fields: Mapping[str, Any]) -> None:
    """Strategies are named as they are registered: a document names no file of code."""
    sleeves = fields.get("sleeves", [])
    named = sleeves if isinstance(sleeves, list) else []
    for one in (fields, *(sleeve for sleeve in named if isinstance(sleeve, dict))):
        name = one.get("strategy_class", "")
        if isinstance(name, str) and name and not _WORD.fullmatch(name):
            raise ConfigError(
                f"strategy_class {quoted(name)} is no registered name: a document names a strategy "
                "of the package or of a plug-in, such as MovingAverageCrossover, and no file"
            )


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{what} is {_shown(value)}; give names and values: {{...}}")
    return value


def _explained(error: ValidationError) -> str:
    """What pydantic found first, in words."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(_inner(str(part)) for part in problem["loc"] if part != "[key]")
    what = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{where} is missing: a document needs it"
    if problem["type"] == "value_error":
        return f"{where}: {what}" if where else what
    return f"{where}: {what} (got {_shown(problem['input'])})"


def _inner(text: str) -> str:
    """A text within a longer name: one line, short, without quotes."""
    return quoted(text)[1:-1]


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
