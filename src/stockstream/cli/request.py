"""From options to a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockstream.cli.console import note
from stockstream.cli.options import lake_place, parse_assignments, split_names

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

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
    costs: Mapping[str, float] | None = None,
    **settings: Any,
) -> BacktestConfig:
    """The configuration that the options of a command ask for.

    Args:
        lake: gives the first and the last day where none was asked for.
        strategy: its name, or ``path.py:Class``.
        start_date: first day of trading.
        end_date: last day of trading.
        symbols: names, separated by commas.
        param: ``name=value`` of the strategy's parameters.
        grid: several values for some of them.
        costs: fields of :class:`stockstream.backtest.config.Costs`.
        settings: other fields of :class:`stockstream.backtest.config.BacktestConfig`.

    Raises:
        ConfigError: a value that cannot be used.
        NoDataError: the lake is empty.
    """
    from stockstream.backtest.config import BacktestConfig

    universe = split_names(symbols)
    parameters = parse_assignments(param, "--param")
    last = lake.last_session() if start_date is None or end_date is None else None
    config = BacktestConfig(
        strategy_class=strategy,
        start_date=lake.info().first if start_date is None else start_date,
        end_date=end_date or last,
        universe=universe and tuple(universe),
        parameters=parameters,
        param_grid=grid or {},
        costs=dict(costs or {}),
        **settings,
    )
    if universe is None:
        note("no --symbols: every symbol of the lake")
    return config
