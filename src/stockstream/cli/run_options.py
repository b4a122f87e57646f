"""What ``backtest`` and ``sweep`` ask for alike: everything that decides a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stockstream.cli import options, terms
from stockstream.cli.request import config_of
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.lake.store import Lake

__all__ = ["RunOptions"]

COSTS = (
    "commission_bps",
    "commission_per_share",
    "commission_fixed",
    "commission_minimum",
    "slippage_bps",
    "spread_bps",
    "impact",
    "borrow_bps",
    "financing_bps",
)
PLAIN = (
    "initial_capital",
    "fill",
    "size_at",
    "fractional",
    "benchmark",
    "periods_per_year",
    "risk_free",
    "seed",
)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of a run, as they were typed."""

    strategy: options.StrategyName
    strategies: options.StrategiesFile = None
    param: options.Parameters = None
    start_date: options.StartDate = None
    end_date: options.EndDate = None
    symbols: options.Symbols = None
    lake: options.LakePlace = None
    initial_capital: terms.Capital = 100_000.0
    fill: terms.Fill = "next_open"
    size_at: terms.SizeAt = "order"
    fractional: terms.Fractional = False
    leverage: terms.Leverage = 1.0
    maintenance_margin: terms.Maintenance = 0.25
    exchange: terms.Rules = "none"
    lot: terms.Lot = None
    minimum_parcel: terms.MinimumParcel = None
    tick: terms.Tick = None
    max_volume_share: terms.MaxVolumeShare = None
    commission_bps: terms.CommissionBps = 0.0
    commission_per_share: terms.CommissionPerShare = 0.0
    commission_fixed: terms.CommissionFixed = 0.0
    commission_minimum: terms.CommissionMinimum = 0.0
    commission_tiers: terms.CommissionTiers = None
    slippage_bps: terms.SlippageBps = 0.0
    spread_bps: terms.SpreadBps = 0.0
    impact: terms.Impact = 0.0
    borrow_bps: terms.BorrowBps = 0.0
    financing_bps: terms.FinancingBps = 0.0
    benchmark: terms.BenchmarkName = None
    periods_per_year: terms.PeriodsPerYear = 252
    risk_free: terms.RiskFree = 0.0
    seed: terms.Seed = 0

    def config(
        self, lake: "Lake", grid: Mapping[str, Sequence[Any]] | None = None
    ) -> "BacktestConfig":
        """The configuration that they ask for.

        Raises:
            ConfigError: a value that cannot be used.
            NoDataError: the lake is empty.
        """
        return config_of(
            lake,
            strategy=self.strategy,
            strategies=self.strategies,
            start_date=self.start_date,
            end_date=self.end_date,
            symbols=self.symbols,
            param=self.param,
            grid=grid,
            costs=self._costs(),
            margin={"leverage": self.leverage, "maintenance": self.maintenance_margin},
            market_rules=self._market_rules(),
            **{name: getattr(self, name) for name in PLAIN},
        )

    def _costs(self) -> dict[str, Any]:
        costs: dict[str, Any] = {name: getattr(self, name) for name in COSTS}
        if self.commission_tiers is not None:
            costs["commission_tiers"] = _tiers(self.commission_tiers)
        return costs

    def _market_rules(self) -> dict[str, Any]:
        from stockstream.backtest.config import MarketRules

        rules = MarketRules.asx() if self.exchange == "asx" else MarketRules()
        given = {
            "lot": self.lot,
            "minimum_parcel": self.minimum_parcel,
            "tick": None if self.tick is None else _tick(self.tick),
            "max_volume_share": self.max_volume_share,
        }
        changed = {name: value for name, value in given.items() if value is not None}
        return {**rules.model_dump(), **changed}


def _tiers(text: str) -> tuple[tuple[float, float], ...]:
    """``"0:10,10000:8"`` as pairs of a value and a rate."""
    try:
        pairs = [part.split(":") for part in text.split(",")]
        return tuple((float(start), float(rate)) for start, rate in pairs)
    except ValueError:
        raise ConfigError(
            f"--commission-tiers {text!r} is not FROM:BPS,FROM:BPS, such as 0:10,10000:8"
        ) from None


def _tick(text: str) -> float | str:
    if text.strip().casefold() == "asx":
        return "asx"
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"--tick {text!r} is neither asx nor an amount such as 0.01") from None
