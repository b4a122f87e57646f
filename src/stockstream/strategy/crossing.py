"""When one series crosses another. Kernel code: see ``stockstream.jit``.

The state is the side on which ``a`` was last seen: -1 below ``b``, 1 above it, 0 not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.jit import compiled, kernel, pays_to_compile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["crossings", "side"]


@kernel
def side(before: int, a: float, b: float) -> int:
    """The side after a bar: ties keep the side before, a NaN forgets it."""
    if a > b:
        return 1
    if a < b:
        return -1
    if a == b:
        return before
    return 0


@kernel
def crossings_array(a: Any, b: Any, offsets: Any, out: Any) -> None:
    """Write 1 into ``out`` where ``a`` crosses above ``b``, -1 where below, 0 elsewhere."""
    for segment in range(len(offsets) - 1):
        now = 0
        for t in range(offsets[segment], offsets[segment + 1]):
            before = now
            now = side(before, a[t], b[t])
            out[t] = now if before * now < 0 else 0


def crossings(
    a: NDArray[np.float64], b: NDArray[np.float64], offsets: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Where ``a`` crosses above ``b`` (1) and below it (-1).

    Args:
        a: ``[N]``, the series of all symbols one after the other, contiguous.
        b: ``[N]``, contiguous.
        offsets: ``[S + 1]``, where each symbol begins.
    """
    if pays_to_compile(len(a)):
        out = np.empty(len(a), np.int8)
        compiled(crossings_array)(a, b, offsets, out)
        return out
    hits = [0] * len(a)
    crossings_array(a.tolist(), b.tolist(), offsets.tolist(), hits)
    return np.array(hits, np.int8)
