"""The command line that makes a result again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.backtest.config import BacktestConfig

__all__ = ["command_line"]


def command_line(config: BacktestConfig) -> str:
    """``stockstream backtest`` with every option that is not the default, quoted for a shell.

    One option a line, joined by backslashes.
    """
    options = [" ".join(shlex.quote(word) for word in words) for words in _options(config)]
    return " \\\n  ".join(["stockstream backtest", *options])


def _options(config: BacktestConfig) -> Iterator[tuple[str, ...]]:
    yield "--strategy", config.strategy_class
    yield "--start-date", str(config.start_date)
    yield "--end-date", str(config.end_date)
    if config.universe is not None:
        yield "--symbols", ",".join(config.universe)
    yield "--initial-capital", f"{config.initial_capital:.15g}"
    for name, value in sorted(config.parameters.items()):
        yield "--param", f"{name}={_written(value)}"
    for name, value in config.costs.model_dump(exclude_defaults=True).items():
        yield f"--{name.replace('_', '-')}", f"{value:.15g}"
    plain = ("fill", "size_at", "fractional", "periods_per_year", "risk_free", "seed")
    for name, value in config.model_dump(include=set(plain), exclude_defaults=True).items():
        flag = f"--{name.replace('_', '-')}"
        yield (flag,) if value is True else (flag, str(value))


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    return json.dumps(value)
