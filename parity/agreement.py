"""How far two lists of results are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from parity.cases import CAPITAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from parity.ours import OurResult
    from parity.setups import Setup

    Fill: TypeAlias = tuple[int, int, float, float]

__all__ = ["Agreement", "compare", "real_fills"]

SLIVER = 1e-9 * CAPITAL
"""Value of a fill that is none."""


class Result(Protocol):
    """What one side did with a case."""

    @property
    def equity(self) -> float:
        """Cash and positions at the last close."""

    @property
    def fills(self) -> Sequence[Fill]:
        """(bar, symbol, signed shares, price) of each fill."""

    @property
    def trades(self) -> int:
        """Round trips, open ones included."""

    @property
    def refused(self) -> int:
        """Orders that the peer did not carry out."""


@dataclass(frozen=True)
class Agreement:
    """One set-up over one group of cases.

    Attributes:
        cases: how many were run.
        equal: how many agree: equity and every fill within the tolerance of an exact set-up.
        fills: of the peer, over all cases.
        equity: the largest relative difference of the equity at the end.
        quantity, price: the largest difference of a fill, where both sides have the same fills in
            every case; else None.
        trades: the largest difference of the number of round trips.
        refused: orders that the peer refused.
    """

    cases: int
    equal: int
    fills: int
    equity: float
    quantity: float | None
    price: float | None
    trades: int
    refused: int

    def keeps(self, setup: Setup) -> bool:
        """Whether the differences are within what the set-up allows."""
        return setup.tolerance is None or self.equal >= setup.at_least * self.cases


def compare(theirs: Sequence[Result], ours: Sequence[OurResult], tolerance: float) -> Agreement:
    """Hold our results against a peer's, case by case."""
    pairs = list(zip(theirs, ours, strict=True))
    apart = [_apart(their, our) for their, our in pairs]
    equity = [abs(our.equity / their.equity - 1.0) for their, our in pairs]
    matched = [pair for pair in apart if pair is not None]
    complete = len(matched) == len(pairs)
    return Agreement(
        cases=len(pairs),
        equal=sum(
            found is not None and max(difference, *found) <= tolerance and t.trades == o.trades
            for (t, o), difference, found in zip(pairs, equity, apart, strict=True)
        ),
        fills=sum(len(real_fills(their.fills)) for their in theirs),
        equity=max(equity, default=0.0),
        quantity=max((pair[0] for pair in matched), default=0.0) if complete else None,
        price=max((pair[1] for pair in matched), default=0.0) if complete else None,
        trades=max((abs(their.trades - our.trades) for their, our in pairs), default=0),
        refused=sum(their.refused for their in theirs),
    )


def real_fills(fills: Iterable[Fill]) -> list[Fill]:
    """Fills by bar and symbol, without slivers: what rounding leaves when weights are set anew."""
    return sorted(fill for fill in fills if abs(fill[2]) * fill[3] > SLIVER)


def _apart(their: Result, our: OurResult) -> tuple[float, float] | None:
    """Largest difference of shares and of price; None if the fills are not the same.

    Prices are compared as fractions of themselves, shares too, or by their value as a fraction of
    the capital: a fill that is the small difference of two large positions has few digits.
    """
    one, other = real_fills(their.fills), real_fills(our.fills)
    if [fill[:2] for fill in one] != [fill[:2] for fill in other]:
        return None
    pairs = list(zip(one, other, strict=True))
    quantity = max(
        (abs(b[2] - a[2]) * min(1.0 / abs(a[2]), a[3] / CAPITAL) for a, b in pairs), default=0.0
    )
    return quantity, max((abs(b[3] / a[3] - 1.0) for a, b in pairs), default=0.0)
