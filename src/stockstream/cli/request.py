"""From options to a configuration."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stockstream.cli.console import note
from stockstream.cli.options import lake_place, parse_assignments, split_names
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stockstream.backtest.config import BacktestConfig
    from stockstream.lake.store import Lake

__all__ = ["config_of", "open_lake"]


def open_lake(given: str | None) -> Lake:
    """The lake of ``--lake``, else that of the settings.

    Raises:
        LakeError: there is none, or it cannot be read.
    """
    from stockstream.lake.store import Lake

    return Lake.open(lake_place(given))


def config_of(
    lake: Lake,
    *,
    strategy: str,
    start_date: dt.date | None,
    end_date: dt.date | None,
    symbols: str | None,
    param: list[str] | None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    strategies: Path | None = None,
    **settings: Any,
) -> BacktestConfig:
    """The configuration that the options of a command ask for.

    Args:
        lake: gives the first and the last day where none was asked for.
        strategy: its name, ``path.py:Class``, or a name of the file of strategies.
        start_date: first day of trading.
        end_date: last day of trading.
        symbols: names, separated by commas.
        param: ``name=value`` of the strategy's parameters.
        grid: several values for some of them.
        strategies: file of named strategies and books, ``config/strategies.yaml`` by default.
        settings: other fields of :class:`stockstream.backtest.config.BacktestConfig`.

    Raises:
        ConfigError: a value that cannot be used.
        NoDataError: the lake is empty.
    """
    from stockstream.backtest.config import BacktestConfig

    universe = split_names(symbols)
    given = {"--param": parse_assignments(param, "--param"), "--grid": grid or {}}
    chosen = _chosen(strategy, strategies, given)
    last = lake.last_session() if start_date is None or end_date is None else None
    config = BacktestConfig(
        **chosen,
        start_date=lake.info().first if start_date is None else start_date,
        end_date=end_date or last,
        universe=universe and tuple(universe),
        param_grid=grid or {},
        **settings,
    )
    if universe is None:
        note("no --symbols: every symbol of the lake")
    return config


def _chosen(
    name: str, file: Path | None, parameters: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The fields of a configuration that say which strategy, or strategies, to run."""
    from stockstream.strategy.catalogue import resolve

    choice = resolve(name, file)
    first = choice.parts[0]
    if not choice.is_book:
        given = {**first.parameters, **parameters["--param"]}
        return {"strategy_class": first.strategy_class, "parameters": given}
    for option, values in parameters.items():
        if values:
            raise ConfigError(
                f"{name} is a book of {len(choice.parts)} strategies: {option} cannot say whose "
                f"{', '.join(values)} is meant; set it in the file of strategies, or run one of "
                f"{', '.join(part.name for part in choice.parts)} alone"
            )
    return {"sleeves": tuple(asdict(part) for part in choice.parts)}
