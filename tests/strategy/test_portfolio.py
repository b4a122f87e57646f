"""The account as a strategy sees it: live, and read-only."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import UnknownNameError
from stockstream.strategy import Fill, FillReason, Portfolio, Position
from stockstream.strategy.portfolio import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stockstream.strategy import Trade

DATES = [dt.date(2024, 1, 2), dt.date(2024, 1, 3), dt.date(2024, 1, 4)]


@dataclass
class Books:
    """A ledger one can write to."""

    cash: float = 1_000.0
    equity: float = 1_000.0
    shares: dict[int, float] = field(default_factory=dict)
    entered: dict[int, tuple[float, int]] = field(default_factory=dict)
    filled: list[Fill] = field(default_factory=list)
    closed: list[Trade] = field(default_factory=list)

    def held(self) -> Iterable[int]:
        return sorted(i for i, quantity in self.shares.items() if quantity)

    def quantity(self, symbol: int) -> float:
        return self.shares.get(symbol, 0.0)

    def entry_price(self, symbol: int) -> float:
        return self.entered[symbol][0]

    def entry_bar(self, symbol: int) -> int:
        return self.entered[symbol][1]

    def price(self, symbol: int) -> float:
        return 10.0 + symbol

    def fills(self) -> Sequence[Fill]:
        return self.filled

    def trades(self) -> Sequence[Trade]:
        return self.closed


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def portfolio(books: Books) -> Portfolio:
    return Portfolio(books, ("BHP.AX", "CBA.AX", "WES.AX"), DATES)


def test_it_is_made_once_and_reads_what_is_true_now(books: Books, portfolio: Portfolio) -> None:
    positions = portfolio.positions
    assert len(positions) == 0
    assert portfolio.position("CBA.AX") is None
    books.shares[1], books.entered[1] = -5.0, (11.5, 2)
    books.cash = 1_055.0
    expected = Position("CBA.AX", -5.0, 11.5, dt.date(2024, 1, 4))
    assert portfolio.position("CBA.AX") == expected
    assert dict(positions) == {"CBA.AX": expected}
    assert portfolio.cash == 1_055.0
    assert portfolio.quantity("CBA.AX") == -5.0


def test_positions_are_a_mapping(books: Books, portfolio: Portfolio) -> None:
    books.shares |= {2: 3.0, 0: 1.0, 1: 0.0}
    books.entered |= {2: (9.0, 0), 0: (8.0, 1)}
    assert list(portfolio.positions) == ["BHP.AX", "WES.AX"]
    assert "CBA.AX" not in portfolio.positions
    assert "nothing" not in portfolio.positions
    assert portfolio.positions.get("CBA.AX") is None
    with pytest.raises(KeyError):
        portfolio.positions["CBA.AX"]
    assert "WES.AX" in repr(portfolio)


def test_weight_is_a_share_of_equity(books: Books, portfolio: Portfolio) -> None:
    assert portfolio.weight("BHP.AX") == 0.0
    books.shares |= {0: 20.0, 1: -10.0}
    assert portfolio.weight("BHP.AX") == pytest.approx(0.2)
    assert portfolio.weight("CBA.AX") == pytest.approx(-0.11)
    books.equity = 0.0
    assert math.isnan(portfolio.weight("BHP.AX"))


def test_a_misspelt_symbol_is_not_an_empty_position(portfolio: Portfolio) -> None:
    for ask in (portfolio.position, portfolio.quantity, portfolio.weight):
        with pytest.raises(UnknownNameError, match=r"did you mean 'BHP\.AX'"):
            ask("BPH.AX")


def test_history_of_fills_and_trades(books: Books, portfolio: Portfolio) -> None:
    fill = Fill(DATES[0], "BHP.AX", 5.0, 10.0, 1.0, 0.1, FillReason.ORDER)
    books.filled.append(fill)
    assert list(portfolio.transactions) == [fill]
    assert list(portfolio.closed_positions) == []


def test_reasons_have_the_codes_of_the_kernel() -> None:
    assert [str(reason) for reason in REASONS] == [
        "order",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "time_exit",
        "delisted",
        "cash_in_lieu",
        "margin_call",
    ]
