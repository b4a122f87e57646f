"""What an engine hands over when a run is done: plain records, nothing interpreted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["Outcome"]


class Outcome(NamedTuple):
    """A run as the broker wrote it down.

    Attributes:
        days: structured ``[T]``, the trading window: equity, cash, invested at each close.
        fills: structured: bar, symbol, reason, quantity, price, commission, slippage.
        trades: structured: round trips; those still open come last, with reason -1.
        account: the account's totals and counters at the end.
    """

    days: NDArray[Any]
    fills: NDArray[Any]
    trades: NDArray[Any]
    account: dict[str, float]
