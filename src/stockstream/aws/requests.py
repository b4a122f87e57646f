"""What the workflow ``backtest-workflow`` is asked for, read and checked before anything starts.

Three kinds of input::

    {"startYear": 2000, "endYear": 2010, "additionalParams": {...}}      a backtest for each year
    {"tickers": ["BHP.AX", "CBA.AX"], "additionalParams": {...}}         one for each ticker
    {"config": {...}, "split": "year"}  or  {"run": "s-0123456789ab"}    a grid, as a sweep

``additionalParams`` says what to run. Its names are

- the fields of :class:`stockstream.backtest.config.BacktestConfig`: ``strategy_class``,
  ``initial_capital``, ``universe``, ``costs``, ``margin``, ``fill`` and so on;
- ``strategy`` for ``strategy_class`` and ``symbols`` for ``universe``;
- the parameters of the strategy, beside the others or together under ``parameters``;
- each of them in camelCase too: ``initialCapital``, ``fastPeriod``.

By year, the years say when, so there is no ``start_date``; by ticker, the tickers are the universe,
and without ``start_date`` and ``end_date`` it is all days of the lake. Nothing here reads a lake or
loads numpy: whether there are bars is found out by the pieces, and a grid is read by
:mod:`stockstream.runners.jobs.requests`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "TICKER_BYTES",
    "YEAR_BYTES",
    "Kind",
    "Params",
    "any_days",
    "check_input",
    "params_of",
    "ticker_config",
    "ticker_of",
    "tickers_of",
    "year_config",
    "year_of",
    "years_of",
]

Kind: TypeAlias = Literal["years", "tickers", "grid"]
Params: TypeAlias = dict[str, Any]
Days: TypeAlias = tuple[dt.date, dt.date]

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100

STATE_BYTES: Final = 262_144 - 8_192
"""What Step Functions carries from state to state, less what stands in it once."""

YEAR_BYTES: Final = 3_400
"""The result of a year at most: 17 metrics and 50 statistics."""

TICKER_BYTES: Final = 800
"""The result of a ticker at most: 17 metrics."""

EXAMPLES: Final = (
    '{"startYear": 2000, "endYear": 2010, "additionalParams": {...}}, '
    '{"tickers": ["BHP.AX"], "additionalParams": {...}} or {"config": {...}, "split": "year"}'
)

_NAMES: Final[dict[Kind, tuple[str, ...]]] = {
    "years": ("startYear", "endYear"),
    "tickers": ("tickers",),
    "grid": ("config", "run"),
}
_BESIDE: Final = ("additionalParams", "Comment")
_ALIASES: Final = {"strategy": "strategy_class", "symbols": "universe"}
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SYMBOL: Final = re.compile(r"[A-Za-z0-9^][A-Za-z0-9.&=^_-]{0,31}")

_USE_A_GRID: Final = (
    "several values are a grid: start the workflow with "
    '{"config": {"strategy_class": ..., "param_grid": {...}}, "split": "year"} instead'
)
_NOWHERE: Final = {
    "param_grid": _USE_A_GRID,
    "sleeves": "a book of several strategies runs as one backtest, `stockstream backtest`; name "
    "one strategy_class here",
}
_NOT_BY_YEAR: Final = {
    **dict.fromkeys(("start_date", "end_date"), "startYear and endYear say when; leave it out"),
    "warmup_start": "each year warms up on as many days before it as the strategy looks back; "
    "leave it out",
}
_NOT_BY_TICKER: Final = {"universe": "the tickers are the universe; leave it out"}


def check_input(document: object) -> Kind:
    """What kind of work an input asks for; by year or by ticker, if all of it can be used.

    Raises:
        ConfigError: a value cannot be used, or there is too much for one execution.
        UnknownNameError: a name that does not exist, of the input, the strategy or a parameter.
    """
    given = _mapping(document, "the input")
    kind = _kind(given)
    if kind == "grid":  # stockstream.runners.jobs.requests reads it
        return kind
    for name in given:
        if name not in {*_NAMES[kind], *_BESIDE}:
            raise UnknownNameError("name in the input", str(name), [*_NAMES[kind], *_BESIDE])
    params = params_of(given)
    if kind == "years":
        years = years_of(given)
        year_config(years[0], params)
        _demand_room("years", [str(year) for year in years], YEAR_BYTES, params)
    else:
        tickers = tickers_of(given)
        ticker_config(tickers, params)
        _demand_room("tickers", tickers, TICKER_BYTES, params)
    return kind


def years_of(document: Mapping[str, Any]) -> list[int]:
    """Every year from ``startYear`` to ``endYear``.

    Raises:
        ConfigError: one is missing or no year, or they are in the wrong order.
    """
    first, last = year_of(document, "startYear"), year_of(document, "endYear")
    if last < first:
        raise ConfigError(f"endYear {last} lies before startYear {first}: swap them?")
    return list(range(first, last + 1))


def year_of(document: Mapping[str, Any], name: str = "year") -> int:
    """The year of that name.

    Raises:
        ConfigError: it is missing, or no whole year from 1900 to 2100.
    """
    year = document.get(name)
    if isinstance(year, bool) or not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
        given = f"is {_shown(year)}" if name in document else "is missing"
        raise ConfigError(
            f"{name} {given}; give a whole year from {FIRST_YEAR} to {LAST_YEAR}, such as 2000"
        )
    return year


def tickers_of(document: Mapping[str, Any]) -> list[str]:
    """The tickers, as they are given.

    Raises:
        ConfigError: there are none, one is no symbol, or one is given twice.
    """
    tickers = document.get("tickers")
    if not isinstance(tickers, list) or not tickers:
        raise ConfigError(
            f'tickers is {_shown(tickers)}; give a list of symbols, such as ["BHP.AX", "CBA.AX"]'
        )
    seen: dict[str, str] = {}
    for ticker in tickers:
        folded = _symbol(ticker).upper()
        if folded in seen:
            raise ConfigError(f"ticker {ticker} is given twice; give each once")
        seen[folded] = ticker
    codes = {folded.partition(".")[0]: ticker for folded, ticker in seen.items() if "." in folded}
    plain = next((folded for folded in seen if folded in codes), None)
    if plain is not None:
        one, other = seen[plain], codes[plain]
        raise ConfigError(f"tickers {one} and {other} may be the same; give both in full")
    return list(tickers)


def ticker_of(document: Mapping[str, Any]) -> str:
    """The ticker of a piece.

    Raises:
        ConfigError: it is missing, or no symbol.
    """
    return _symbol(document.get("ticker"))


def params_of(document: Mapping[str, Any]) -> Params:
    """``additionalParams``; empty if there are none.

    Raises:
        ConfigError: it holds something else than names and values.
    """
    return dict(_mapping(document.get("additionalParams") or {}, "additionalParams"))


def any_days() -> Days:
    """Stands for all days of a lake that is not at hand."""
    return dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31)


def year_config(year: int, params: Params) -> BacktestConfig:
    """The backtest of one year.

    Raises:
        ConfigError: ``params`` say when, are no backtest, or do not fit the strategy.
        UnknownNameError: a strategy or a name that does not exist.
    """
    when = {"start_date": dt.date(year, 1, 1), "end_date": dt.date(year, 12, 31)}
    return _config(params, when, _NOT_BY_YEAR)


def ticker_config(
    tickers: list[str], params: Params, all_days: Callable[[], Days] = any_days
) -> BacktestConfig:
    """The backtest of some tickers.

    Args:
        tickers: what it trades.
        params: ``additionalParams``.
        all_days: gives the first and the last day, asked where ``params`` lack one.

    Raises:
        ConfigError: ``params`` say which symbols, are no backtest, or do not fit the strategy.
        UnknownNameError: a strategy or a name that does not exist.
    """
    given = {_name(key) for key in params}
    missing = [name for name in ("start_date", "end_date") if name not in given]
    days = dict(zip(("start_date", "end_date"), all_days(), strict=True)) if missing else {}
    ours = {name: days[name] for name in missing}
    return _config(params, {**ours, "universe": tuple(tickers)}, _NOT_BY_TICKER)


def _config(params: Params, ours: Params, refused: Mapping[str, str]) -> BacktestConfig:
    given: Params = {}
    for key, value in params.items():
        name = _name(key)
        if name in given:
            raise ConfigError(
                f"additionalParams gives {name} twice (as {key!r} too): leave one out"
            )
        if reason := {**_NOWHERE, **refused}.get(name):
            raise ConfigError(f"additionalParams has {key!r}, and {reason}")
        given[name] = value
    if not given.get("strategy_class"):
        raise ConfigError(
            "additionalParams names no strategy: add strategy_class, such as "
            '{"strategy_class": "MovingAverageCrossover", "fast_period": 10}'
        )
    if isinstance(given.get("universe"), str):
        given["universe"] = [name.strip() for name in given["universe"].split(",") if name.strip()]
    together = _mapping(given.pop("parameters", {}), "additionalParams.parameters")
    doubled = [name for name in map(_name, together) if name in given]
    if doubled:
        raise ConfigError(
            f"additionalParams gives {doubled[0]} beside parameters and in them: leave one out"
        )
    inner = {_name(name): value for name, value in together.items()}
    own = {name: given.pop(name) for name in list(given) if name not in BacktestConfig.model_fields}
    config = BacktestConfig(**given, **ours, parameters={**inner, **own})
    _demand_strategy(config)
    return config


def _demand_strategy(config: BacktestConfig) -> None:
    """Refuse what the strategy will refuse, and say names of the configuration too."""
    from stockstream.strategy.parameters import parameters_of
    from stockstream.strategy.registry import get_strategy

    strategy_class = get_strategy(config.strategy_class)
    known = [parameter.name for parameter in parameters_of(strategy_class)]
    for name in config.parameters:
        if name not in known:
            fields = [*BacktestConfig.model_fields, *_ALIASES]
            raise UnknownNameError(
                "name in additionalParams",
                name,
                [*known, *fields],
                hint=f"parameters of {config.strategy_class}: {', '.join(known) or 'none'}",
            )
    strategy_class(**config.parameters)


def _kind(given: Mapping[str, Any]) -> Kind:
    found = [kind for kind, names in _NAMES.items() if any(name in given for name in names)]
    if len(found) != 1:
        said = f"both {' and '.join(found)}" if found else "neither years, tickers nor a grid"
        raise ConfigError(f"the input gives {said}; give one of {EXAMPLES}")
    return found[0]


def _demand_room(what: str, labels: list[str], size: int, params: Params) -> None:
    """Refuse what would not fit into the data of a state, in which each result stands twice."""
    beside = len(json.dumps(params, default=str)) if what == "tickers" else 0
    each = 2 * size + beside + 64
    if len(labels) * each > STATE_BYTES:
        raise ConfigError(
            f"{len(labels):,} {what} are too many for one execution: Step Functions carries 256 KB "
            f"from state to state, and that is {STATE_BYTES // each} {what}; start several, or a "
            f'sweep, which has no such limit: {{"config": {{...}}, "split": "{what[:-1]}"}}'
        )


def _name(key: object) -> str:
    """A name as we write it: ``initialCapital`` is ``initial_capital``."""
    name = _HUMP.sub("_", str(key)).lower() if str(key) != str(key).lower() else str(key)
    return _ALIASES.get(name, name)


def _symbol(value: object) -> str:
    if not isinstance(value, str) or not _SYMBOL.fullmatch(value):
        raise ConfigError(f"ticker {_shown(value)} is no symbol; one looks like BHP.AX or BRK-B")
    return value


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what} is {_shown(value)}; give names and values: {{...}}")
    return value


def _shown(value: object) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
