"""Daily market data in, trustworthy backtests out.

The names below are loaded when they are first used: ``import stockstream`` itself loads no heavy
library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig, Costs, Margin, MarketRules, Sleeve
    from stockstream.backtest.reproduction import reproduce
    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.run import run_backtest
    from stockstream.backtest.sensitivity import cost_sensitivity
    from stockstream.backtest.verify import verify
    from stockstream.indicators.base import Indicator
    from stockstream.ingest.fetch import fetch
    from stockstream.ingest.importer import import_files
    from stockstream.lake.aggregator import DataAggregator
    from stockstream.lake.store import Lake
    from stockstream.report.tearsheet import write_tear_sheet
    from stockstream.strategy.orders import Action, Bracket
    from stockstream.strategy.parameters import Choice, Percent, Range
    from stockstream.strategy.portfolio import Portfolio
    from stockstream.strategy.rule import RuleStrategy
    from stockstream.strategy.signals import Signals, Weights
    from stockstream.strategy.strategy import Strategy
    from stockstream.study.result import StudyResult
    from stockstream.study.sweep import run_sweep

__version__ = "0.1.0"

__all__ = [
    "Action",
    "BacktestConfig",
    "BacktestResult",
    "Bracket",
    "Choice",
    "Costs",
    "DataAggregator",
    "Indicator",
    "Lake",
    "Margin",
    "MarketRules",
    "Percent",
    "Portfolio",
    "Range",
    "RuleStrategy",
    "Signals",
    "Sleeve",
    "Strategy",
    "StudyResult",
    "Weights",
    "cost_sensitivity",
    "fetch",
    "import_files",
    "reproduce",
    "run_backtest",
    "run_sweep",
    "verify",
    "write_tear_sheet",
]

_HOMES = {
    "backtest.config": ("BacktestConfig", "Costs", "Margin", "MarketRules", "Sleeve"),
    "backtest.reproduction": ("reproduce",),
    "backtest.result": ("BacktestResult",),
    "backtest.run": ("run_backtest",),
    "backtest.sensitivity": ("cost_sensitivity",),
    "backtest.verify": ("verify",),
    "indicators.base": ("Indicator",),
    "ingest.fetch": ("fetch",),
    "ingest.importer": ("import_files",),
    "lake.aggregator": ("DataAggregator",),
    "lake.store": ("Lake",),
    "report.tearsheet": ("write_tear_sheet",),
    "strategy.orders": ("Action", "Bracket"),
    "strategy.parameters": ("Choice", "Percent", "Range"),
    "strategy.portfolio": ("Portfolio",),
    "strategy.rule": ("RuleStrategy",),
    "strategy.signals": ("Signals", "Weights"),
    "strategy.strategy": ("Strategy",),
    "study.result": ("StudyResult",),
    "study.sweep": ("run_sweep",),
}
_HOME = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
