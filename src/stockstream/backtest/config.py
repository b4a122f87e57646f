"""What a backtest is: everything that decides its numbers, and nothing else.

Only the standard library and pydantic are imported here, so that a scheduler can read a
configuration without the engine (an import contract).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stockstream.errors import ConfigError

__all__ = ["BacktestConfig", "Costs", "Margin", "MarketRules", "Sleeve"]

Basis = Annotated[float, Field(ge=0.0, le=10_000.0, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    """Settings: checked, immutable, nothing unknown in them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_explained(error)) from None


class Costs(_Frozen):
    """What trading costs.

    Attributes:
        commission_bps: of the value of a fill; 10 is 0.1 %.
        commission_per_share: money for each share.
        commission_fixed: money for each fill.
        commission_minimum: the least commission of a fill, in money.
        commission_tiers: ``((from_value, bps), ...)``, the first from 0, ascending: the rate of the
            whole fill goes by its value. In place of ``commission_bps``.
        slippage_bps: of the price, always against you.
        spread_bps: between bid and ask, of the price; every fill pays half of it.
        impact: a fill of the whole volume of its bar moves the price by this fraction, one of a
            part by the square of that part of it (zipline's ``VolumeShareSlippage``).
        borrow_bps: of the value sold short, a year.
        financing_bps: of money owed (cash below zero), a year.

    Raises:
        ConfigError: a value that cannot be used.
    """

    commission_bps: Basis = 0.0
    commission_per_share: Money = 0.0
    commission_fixed: Money = 0.0
    commission_minimum: Money = 0.0
    commission_tiers: tuple[tuple[Money, Basis], ...] = ()
    slippage_bps: Basis = 0.0
    spread_bps: Basis = 0.0
    impact: Money = 0.0
    borrow_bps: Basis = 0.0
    financing_bps: Basis = 0.0

    @model_validator(mode="after")
    def _check_tiers(self) -> Self:
        levels = [level for level, _ in self.commission_tiers]
        if levels and (levels[0] != 0.0 or sorted(set(levels)) != levels):
            raise ValueError(
                f"commission_tiers start from the values {levels}: the first must be 0 and each "
                "above the one before, such as ((0, 20), (10_000, 10))"
            )
        if levels and self.commission_bps:
            raise ValueError("commission_bps and commission_tiers both give a rate: leave one out")
        return self

    @property
    def free(self) -> bool:
        """Whether trading costs nothing at all."""
        amounts = (value for name, value in self if name != "commission_tiers")
        return not any(amounts) and not any(bps for _, bps in self.commission_tiers)

    def scaled(self, factor: float) -> Costs:
        """All costs times a factor; at which values tiers begin stays."""
        tiers = tuple((level, bps * factor) for level, bps in self.commission_tiers)
        amounts = self.model_dump(exclude={"commission_tiers"})
        scaled = {name: amount * factor for name, amount in amounts.items()}
        return Costs(**scaled, commission_tiers=tiers)


class Margin(_Frozen):
    """How much more than one owns may be held.

    Attributes:
        leverage: value of all positions, long and short, over equity, that an opening fill may
            reach; it is cut to that. 1 is no borrowing.
        maintenance: equity over the value of all positions below which the broker cuts them back.

    Raises:
        ConfigError: a value that cannot be used.
    """

    leverage: float = Field(default=1.0, gt=0.0, le=100.0, allow_inf_nan=False)
    maintenance: float = Field(default=0.25, ge=0.0, lt=1.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_line(self) -> Self:
        if self.leverage > 1.0 and self.maintenance * self.leverage >= 1.0:
            raise ValueError(
                f"maintenance={self.maintenance} would cut a position opened with "
                f"leverage={self.leverage} at once: it must be below {1.0 / self.leverage:.4g}"
            )
        return self


class MarketRules(_Frozen):
    """What an exchange allows.

    Attributes:
        lot: shares that are traded together; orders are cut to whole lots.
        minimum_parcel: money that an order which starts a position must be worth; a smaller one is
            dropped and counted.
        tick: the step of prices: ``"asx"``, a number, or None for any price.
        max_volume_share: fraction of the volume of a bar that the run may fill; 0 is no limit.

    Raises:
        ConfigError: a value that cannot be used.
    """

    lot: int = Field(default=1, ge=1)
    minimum_parcel: Money = 0.0
    tick: Literal["asx"] | Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    max_volume_share: float = Field(default=0.0, ge=0.0, le=1.0)

    @classmethod
    def asx(cls, max_volume_share: float = 0.0) -> MarketRules:
        """The Australian exchange: a first parcel of at least 500 dollars, its price steps."""
        return cls(minimum_parcel=500.0, tick="asx", max_volume_share=max_volume_share)


class Sleeve(_Frozen):
    """One of several strategies that share a book.

    Attributes:
        strategy_class: registered name of the strategy, or ``path.py:Class``.
        parameters: values for its parameters; the others keep their defaults.
        weight: share of the account's equity that its weights are shares of.
        name: what results call it; the strategy's name unless it is given.

    Raises:
        ConfigError: a value that cannot be used.
    """

    strategy_class: str = Field(min_length=1)
    parameters: dict[str, Any] = Field(default_factory=dict)
    weight: float = Field(gt=0.0, allow_inf_nan=False)
    name: str = ""

    @property
    def title(self) -> str:
        """Its name, or that of its strategy."""
        return self.name or self.strategy_class


class BacktestConfig(_Frozen):
    """A backtest, complete and immutable.

    Keywords that are no field are parameters of the strategy:
    ``BacktestConfig(strategy_class="MovingAverageCrossover", ..., fast_period=10)``.

    Attributes:
        strategy_class: registered name of the strategy, or ``path.py:Class``; empty where
            ``sleeves`` are given.
        start_date, end_date: first and last day of the trading window, both included.
        warmup_start: bars from this day on warm indicators up before the first day of trading;
            None is as many sessions as the strategy looks back.
        initial_capital: cash at the start, above zero.
        universe: symbols in their order; None is every symbol of the lake.
        parameters: values for the strategy's parameters; the others keep their defaults.
        param_grid: several values for some parameters, as they are or as text in the grammar of
            ``stockstream.study.grid`` (``"5:44:40"``); overrides ``parameters``.
        costs: what trading costs.
        margin: how much more than the equity may be held.
        market_rules: lots, price steps, parcels and volume, as the exchange has them.
        sleeves: several strategies in one book, in place of ``strategy_class``.
        benchmark: what the run is held against: ``buy_and_hold`` (also None) or ``equal_weight`` of
            its symbols, a symbol, or ``none``.
        fill: when market orders fill; ``next_open`` is the honest default.
        size_at: ``order``: shares are fixed from the close when the order is placed; ``fill``: from
            the price at which it fills.
        fractional: trade fractions of shares.
        periods_per_year: sessions in a year, for annualised metrics.
        risk_free: yearly risk-free rate, a fraction.
        seed: of anything random in the run (the shipped engines have nothing).

    Raises:
        ConfigError: a value that cannot be used; says which, and what would do.
    """

    strategy_class: str = ""
    start_date: dt.date
    end_date: dt.date
    warmup_start: dt.date | None = None
    initial_capital: float = Field(default=100_000.0, gt=0.0, allow_inf_nan=False)
    universe: tuple[str, ...] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    param_grid: dict[str, tuple[Any, ...] | str] = Field(default_factory=dict)
    costs: Costs = Costs()
    margin: Margin = Margin()
    market_rules: MarketRules = MarketRules()
    sleeves: tuple[Sleeve, ...] = ()
    benchmark: str | None = None
    fill: Literal["next_open", "next_close", "same_close"] = "next_open"
    size_at: Literal["order", "fill"] = "order"
    fractional: bool = False
    periods_per_year: int = Field(default=252, gt=0)
    risk_free: float = Field(default=0.0, gt=-1.0, allow_inf_nan=False)
    seed: int = 0

    def __init__(self, **values: Any) -> None:
        """Written out for type checkers: any keyword may be a parameter of the strategy."""
        super().__init__(**values)

    @model_validator(mode="before")
    @classmethod
    def _gather_parameters(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Keywords that are no field are parameters of the strategy."""
        known = {name: value for name, value in values.items() if name in cls.model_fields}
        direct = {name: value for name, value in values.items() if name not in cls.model_fields}
        known["parameters"] = {**known.get("parameters", {}), **direct}
        return known

    @model_validator(mode="after")
    def _check_strategies(self) -> Self:
        if bool(self.strategy_class) == bool(self.sleeves):
            raise ValueError("give either strategy_class or sleeves: one strategy, or several")
        if self.sleeves and (self.parameters or self.param_grid):
            given = ", ".join({**self.parameters, **self.param_grid})
            raise ValueError(f"parameters {given}: with sleeves each sleeve has its own")
        titles = [sleeve.title for sleeve in self.sleeves]
        if len(set(titles)) < len(titles):
            raise ValueError(f"sleeves have the names {titles}: give each a name of its own")
        total = sum(sleeve.weight for sleeve in self.sleeves)
        if total > self.margin.leverage * (1.0 + 1e-9):
            raise ValueError(
                f"the weights of the sleeves add up to {total:.6g}, more than the leverage of "
                f"{self.margin.leverage:g}: lower them, or raise margin.leverage"
            )
        return self

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        if self.end_date < self.start_date:
            raise ValueError(
                f"end date {self.end_date} lies before start date {self.start_date}: swap them?"
            )
        if self.warmup_start is not None and self.warmup_start > self.start_date:
            raise ValueError(
                f"warmup_start {self.warmup_start} lies after start_date {self.start_date}: "
                "give an earlier day, or leave it out"
            )
        if self.universe is not None:
            doubled = {symbol for symbol in self.universe if self.universe.count(symbol) > 1}
            if doubled:
                raise ValueError(f"symbols given twice: {', '.join(sorted(doubled))}")
            if not self.universe:
                raise ValueError("universe is empty: name at least one symbol, or None for all")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the configuration as canonical JSON: equal settings, equal digest."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def changed(self, **values: Any) -> Self:
        """This configuration with some fields replaced, checked again."""
        return type(self)(**{**dict(self), **values})  # costs and the like are frozen themselves


def _explained(error: ValidationError) -> str:
    """What pydantic found, a line each, in words."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        what = problem["msg"].removeprefix("Value error, ")
        given = (
            "" if problem["type"] in {"missing", "value_error"} else f" (got {problem['input']!r})"
        )
        nested = isinstance(problem.get("ctx", {}).get("error"), ConfigError)
        joint = "." if nested else ": "
        lines.append(f"{where}{joint}{what}{given}" if where else what)
    return "; ".join(lines)
