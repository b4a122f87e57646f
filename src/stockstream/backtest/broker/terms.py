"""What a run's configuration means for the kernels: rates, rules and limits as plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from stockstream.backtest.broker.records import (
    AT_FILL,
    AT_ORDER,
    NEXT_CLOSE,
    NEXT_OPEN,
    SAME_CLOSE,
)

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig

__all__ = ["Carry", "Fees", "Limits", "Pricing", "Step", "Terms"]

FILLS: Final = {"next_open": NEXT_OPEN, "next_close": NEXT_CLOSE, "same_close": SAME_CLOSE}


class Step(NamedTuple):
    """A value that holds from a level on, up to the level of the next step."""

    level: float
    value: float


class Fees(NamedTuple):
    """Commission of a fill."""

    rate: float  # of its value; where there are tiers, they say it
    per_share: float
    fixed: float
    minimum: float
    tiers: list[Step]  # rate by the value of the fill


class Pricing(NamedTuple):
    """How far from the market's price a fill is."""

    slippage: float  # of the price, half the spread included
    impact: float  # of the price, times the square of the share of the bar's volume
    grid: list[Step]  # prices a unit of money (1 / tick) by price; empty for any price


class Carry(NamedTuple):
    """What holding costs, a session."""

    borrow: float  # of the short value
    financing: float  # of the money owed


class Limits(NamedTuple):
    """How much may be held and traded."""

    leverage: float
    maintenance: float
    parcel: float
    volume: float  # share of a bar's volume; 0 is no limit


class Terms(NamedTuple):
    """What trading costs and how orders work."""

    fees: Fees
    pricing: Pricing
    carry: Carry
    limits: Limits
    lot: float  # smallest number of shares; 0.0 for fractional shares
    fill: int  # NEXT_OPEN, NEXT_CLOSE or SAME_CLOSE
    size_at: int  # AT_ORDER or AT_FILL

    @classmethod
    def of(cls, config: BacktestConfig) -> Terms:
        """The terms that a configuration asks for."""
        costs, margin, rules = config.costs, config.margin, config.market_rules
        return cls(
            Fees(
                rate=costs.commission_bps / 1e4,
                per_share=costs.commission_per_share,
                fixed=costs.commission_fixed,
                minimum=costs.commission_minimum,
                tiers=[Step(level, bps / 1e4) for level, bps in costs.commission_tiers],
            ),
            Pricing(
                slippage=costs.slippage_bps / 1e4 + costs.spread_bps / 2e4,
                impact=costs.impact,
                grid=_grid(rules.tick),
            ),
            Carry(
                borrow=costs.borrow_bps / 1e4 / config.periods_per_year,
                financing=costs.financing_bps / 1e4 / config.periods_per_year,
            ),
            Limits(
                leverage=margin.leverage,
                maintenance=margin.maintenance,
                parcel=rules.minimum_parcel,
                volume=rules.max_volume_share,
            ),
            lot=0.0 if config.fractional else float(rules.lot),
            fill=FILLS[config.fill],
            size_at=AT_FILL if config.size_at == "fill" else AT_ORDER,
        )

    @property
    def needs_volume(self) -> bool:
        """Whether a fill has to know the volume of its bar."""
        return self.limits.volume > 0.0 or self.pricing.impact > 0.0

    def as_arrays(self) -> Terms:
        """The same terms with their steps as arrays, for compiled code."""
        fees = self.fees._replace(tiers=_array(self.fees.tiers))
        pricing = self.pricing._replace(grid=_array(self.pricing.grid))
        return self._replace(fees=fees, pricing=pricing)


def _array(steps: list[Step]) -> Any:
    return np.array(steps, np.dtype([("level", "f8"), ("value", "f8")]))


def _grid(tick: Literal["asx"] | float | None) -> list[Step]:
    """Prices per unit of money by price. Those of real exchanges are whole numbers: exact."""
    if tick is None:
        return []
    if tick != "asx":
        return [_fineness(0.0, float(tick))]
    from stockstream.market.ticks import ASX_TICKS

    return [_fineness(*step) for step in zip(ASX_TICKS.levels, ASX_TICKS.sizes, strict=True)]


def _fineness(level: float, size: float) -> Step:
    per_unit = 1.0 / size
    whole = round(per_unit)
    return Step(level, float(whole) if abs(per_unit - whole) < 1e-9 * per_unit else per_unit)
