"""How the chunks of an attempt are dealt to workers: much at first, little at the end.

What a worker takes at once is a share of what is left. So there are few parts, and the last ones
are single chunks: all workers end within about one chunk of each other, however unlike they are.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Parts"]

SHARE: Final = 4
"""A part is about this fraction of what would be an equal share of the rest for each worker."""

MOST_CHUNKS: Final = 60
"""Chunks of a part at most, about half a minute of work: what is planned for a lost worker."""


class Parts:
    """Chunks that wait for a worker.

    Args:
        chunks: their numbers, in the order in which they are dealt.
    """

    def __init__(self, chunks: Iterable[int]) -> None:
        self._rest = deque(chunks)
        self._again: deque[tuple[int, ...]] = deque()

    def __bool__(self) -> bool:
        return bool(self._rest or self._again)

    def take(self, workers: float) -> tuple[int, ...]:
        """The next part, for one of so many workers; what was brought back comes first."""
        if self._again:
            return self._again.popleft()
        size = int(len(self._rest) / (SHARE * max(workers, 1.0)))
        size = min(max(size, 1), MOST_CHUNKS, len(self._rest))
        return tuple(self._rest.popleft() for _ in range(size))

    def bring_back(self, part: tuple[int, ...]) -> None:
        """Have a part dealt again."""
        self._again.append(part)
