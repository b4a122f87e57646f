"""The command line that makes a result again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.backtest.config import BacktestConfig

__all__ = ["command_line", "options"]

MARGIN = {"leverage": "leverage", "maintenance": "maintenance_margin"}
"""The option of each field of ``Margin``."""


def command_line(config: BacktestConfig) -> str:
    """``stockstream backtest`` with every option that is not the default, quoted for a shell.

    One option a line, joined by backslashes. Several strategies in one book have no options; for
    them it is Python.
    """
    if config.sleeves:
        return _in_python(config)
    quoted = [" ".join(shlex.quote(word) for word in words) for words in options(config)]
    return " \\\n  ".join(["stockstream backtest", *quoted])


def _in_python(config: BacktestConfig) -> str:
    settings = config.model_dump(mode="json", exclude_defaults=True)
    lines = "".join(f"    {name}={value!r},\n" for name, value in settings.items())
    return (
        "from stockstream import BacktestConfig, Lake, run_backtest\n\n"
        f"config = BacktestConfig(\n{lines})\n"
        'result = run_backtest(config, Lake("data/lake"))'
    )


def options(config: BacktestConfig) -> Iterator[tuple[str, ...]]:
    """Every option that is not the default, with its value, as words of a command line."""
    yield "--strategy", config.strategy_class
    yield "--start-date", str(config.start_date)
    yield "--end-date", str(config.end_date)
    if config.universe is not None:
        yield "--symbols", ",".join(config.universe)
    yield "--initial-capital", _number(config.initial_capital)
    for name, value in sorted(config.parameters.items()):
        yield "--param", f"{name}={_written(value)}"
    yield from _terms(config)
    plain = ("benchmark", "fill", "size_at", "fractional", "periods_per_year", "risk_free", "seed")
    for name, value in config.model_dump(include=set(plain), exclude_defaults=True).items():
        yield (_flag(name),) if value is True else (_flag(name), str(value))


def _terms(config: BacktestConfig) -> Iterator[tuple[str, ...]]:
    """Costs, margin and rules of the market that are not the plain ones."""
    for name, value in config.costs.model_dump(exclude_defaults=True).items():
        if name == "commission_tiers":
            yield _flag(name), ",".join(f"{_number(start)}:{_number(bps)}" for start, bps in value)
        else:
            yield _flag(name), _number(value)
    for name, value in config.margin.model_dump(exclude_defaults=True).items():
        yield _flag(MARGIN[name]), _number(value)
    for name, value in config.market_rules.model_dump(exclude_defaults=True).items():
        yield _flag(name), value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """Short where that is the same number, else every digit."""
    text = f"{value:.15g}"
    return text if float(text) == value else repr(value)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    return json.dumps(value)
