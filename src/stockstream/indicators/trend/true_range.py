"""How far price went in a bar, the gap from the close before included."""

from __future__ import annotations

from stockstream.jit import kernel

__all__ = ["true_range"]


@kernel
def true_range(high: float, low: float, before: float) -> float:
    """The largest of high - low, |high - close before| and |low - close before| (Wilder, 1978)."""
    widest = high - low
    widest = max(widest, abs(high - before))
    return max(widest, abs(low - before))
