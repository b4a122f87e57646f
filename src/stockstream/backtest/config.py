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

__all__ = ["BacktestConfig", "Costs"]

Basis = Annotated[float, Field(ge=0.0, le=10_000.0, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Costs(BaseModel):
    """What trading costs.

    Attributes:
        commission_bps: of the value of a fill; 10 is 0.1 %.
        commission_per_share: money for each share.
        commission_minimum: the least commission of a fill, in money.
        slippage_bps: of the price, always against you.
        borrow_bps: of the value sold short, a year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    commission_bps: Basis = 0.0
    commission_per_share: Money = 0.0
    commission_minimum: Money = 0.0
    slippage_bps: Basis = 0.0
    borrow_bps: Basis = 0.0

    @property
    def free(self) -> bool:
        """Whether trading costs nothing at all."""
        return not any(self.model_dump().values())


class BacktestConfig(BaseModel):
    """A backtest, complete and immutable.

    Keywords that are no field are parameters of the strategy:
    ``BacktestConfig(strategy_class="MovingAverageCrossover", ..., fast_period=10)``.

    Attributes:
        strategy_class: registered name of the strategy, or ``path.py:Class``.
        start_date, end_date: first and last day of the trading window, both included.
        initial_capital: cash at the start, above zero.
        universe: symbols in their order; None is every symbol of the lake.
        parameters: values for the strategy's parameters; the others keep their defaults.
        param_grid: several values for some parameters; overrides ``parameters``.
        costs: what trading costs.
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy_class: str = Field(min_length=1)
    start_date: dt.date
    end_date: dt.date
    initial_capital: float = Field(default=100_000.0, gt=0.0, allow_inf_nan=False)
    universe: tuple[str, ...] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    param_grid: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    costs: Costs = Costs()
    fill: Literal["next_open", "next_close", "same_close"] = "next_open"
    size_at: Literal["order", "fill"] = "order"
    fractional: bool = False
    periods_per_year: int = Field(default=252, gt=0)
    risk_free: float = Field(default=0.0, gt=-1.0, allow_inf_nan=False)
    seed: int = 0

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_explained(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _gather_parameters(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Keywords that are no field are parameters of the strategy."""
        known = {name: value for name, value in values.items() if name in cls.model_fields}
        direct = {name: value for name, value in values.items() if name not in cls.model_fields}
        known["parameters"] = {**known.get("parameters", {}), **direct}
        return known

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        if self.end_date < self.start_date:
            raise ValueError(
                f"end date {self.end_date} lies before start date {self.start_date}: swap them?"
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
        return type(self)(**{**self.model_dump(), **values})


def _explained(error: ValidationError) -> str:
    """What pydantic found, a line each, in words."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        what = problem["msg"].removeprefix("Value error, ")
        given = (
            "" if problem["type"] in {"missing", "value_error"} else f" (got {problem['input']!r})"
        )
        lines.append(f"{where}: {what}{given}" if where else what)
    return "; ".join(lines)
