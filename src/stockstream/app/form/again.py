"""A draft of a configuration that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.app.form.check import check
from stockstream.app.form.draft import Draft
from stockstream.errors import ConfigError
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy
from stockstream.study.grid import write_values

if TYPE_CHECKING:
    from stockstream.app.form.market import Market
    from stockstream.backtest.config import BacktestConfig

__all__ = ["draft_of"]

LEFT: Final = {"warmup_start"}
"""What a study writes out and a backtest finds out by itself."""


def draft_of(config: BacktestConfig, market: Market) -> Draft:
    """The form that asks for a backtest with these settings.

    Args:
        config: of one backtest.
        market: what the lake has.

    Raises:
        ConfigError: the form has no field for one of its settings, or the lake no longer has what
            it needs; says which.
    """
    symbols = config.universe
    draft = Draft(
        strategy=config.strategy_class,
        values=_values(config),
        symbols="" if symbols is None or symbols == market.symbols else ", ".join(symbols),
        start_date=str(config.start_date),
        end_date=str(config.end_date),
        initial_capital=repr(config.initial_capital),
        commission_bps=repr(config.costs.commission_bps),
        slippage_bps=repr(config.costs.slippage_bps),
        borrow_bps=repr(config.costs.borrow_bps),
        benchmark=config.benchmark or "",
        fill=config.fill,
    )
    found = check(draft, market)
    if found.config is None:
        name, problem = next(iter(found.problems.items()))
        raise ConfigError(f"{name}: {problem.what}" if name else problem.what)
    _demand_same(config, found.config)
    return draft


def _values(config: BacktestConfig) -> dict[str, str]:
    """The parameters as text in the grammar of the form."""
    known = {one.name: one for one in parameters_of(get_strategy(config.strategy_class))}
    return {
        name: known[name].show(value)
        if name in known and known[name].many
        else write_values((value,))
        for name, value in config.parameters.items()
    }


def _demand_same(wanted: BacktestConfig, asked: BacktestConfig) -> None:
    """Refuse a form that asks for something else.

    Raises:
        ConfigError: it does; says in what.
    """
    own, other = (one.model_dump(mode="json") for one in (wanted, asked))
    everything = {"universe": own["universe"]} if other["universe"] is None else {}
    other = {**other, **everything}
    odd = [name for name in own if name not in LEFT and own[name] != other[name]]
    if odd:
        raise ConfigError(
            f"the form has no field for all of {', '.join(odd)} as the study has them; this "
            "command line gives the same"
        )
