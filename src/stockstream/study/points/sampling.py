"""Some points of a grid in place of all of them: at random, or spread evenly (Sobol).

A random sample is the beginning of a shuffled grid, and the shuffle is a formula: the number that
stands at any place is computed from the place and the seed alone. So a sample needs no memory, no
point comes twice, and a larger sample with the same seed begins with the smaller one.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from stockstream.errors import ConfigError, GridError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]

__all__ = ["LARGEST_GRID", "METHODS", "MOST_SOBOL", "Method", "Sample", "Shuffle", "sobol_points"]

Method: TypeAlias = Literal["random", "sobol"]

METHODS: tuple[Method, ...] = ("random", "sobol")

LARGEST_GRID = 2**62
"""Points of a grid that can be sampled."""

MOST_SOBOL = 1_000_000
"""Points of a Sobol sample, which are kept in memory."""

MOST_DRAWS = 2**24
DRAWN_AT_ONCE = 2**14
ROUNDS = 6
INSTALL = 'pip install "stockstream[optimize]"'


@dataclass(frozen=True)
class Sample:
    """Which points of a grid to try.

    Attributes:
        method: ``random``: each point as likely as any other; ``sobol``: spread evenly over the
            grid by a scrambled Sobol sequence (Owen 1998), which covers each parameter and each
            pair of them better than chance does.
        size: how many, all of them different.
        seed: the same seed, the same points.

    Raises:
        GridError: a size or a method that there is not.
    """

    method: Method
    size: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UnknownNameError("sampler", self.method, METHODS)
        if self.size < 1:
            raise GridError(f"a sample of {self.size:,} points", "ask for at least one")
        if self.method == "sobol" and self.size > MOST_SOBOL:
            what = f"a Sobol sample of {self.size:,} points, more than {MOST_SOBOL:,}"
            raise GridError(what, "sample at random")

    def as_dict(self) -> dict[str, Any]:
        """JSON values; the keywords of the class."""
        return asdict(self)

    def __str__(self) -> str:
        how = "at random" if self.method == "random" else "by Sobol"
        return f"{self.size:,} {how} (seed {self.seed})"


class Shuffle:
    """The numbers below ``size`` in a random order that is computed, not kept.

    A Feistel network (Luby and Rackoff 1988) over the least even number of bits that holds them,
    walked on where it leads beyond the last number (Black and Rogaway 2002).

    Args:
        size: how many numbers, at most 2^62.
        seed: of the order.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.half = max((max(size - 1, 1).bit_length() + 1) // 2, 1)
        digest = hashlib.blake2b(str(seed).encode(), digest_size=8 * ROUNDS).digest()
        self.keys = np.frombuffer(digest, dtype="<u8").astype(np.uint64)

    def at(self, places: Ints) -> Ints:
        """The numbers that stand at some places.

        Args:
            places: ``[n]``, each below ``size``.

        Returns:
            ``[n]`` numbers below ``size``, different for different places.
        """
        numbers = self._once(places.astype(np.uint64))
        beyond = np.flatnonzero(numbers >= self.size)
        while len(beyond):
            numbers[beyond] = self._once(numbers[beyond])
            beyond = beyond[numbers[beyond] >= self.size]
        return numbers.astype(np.int64)

    def _once(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """One pass through the network; the round function is half of splitmix64."""
        half, mask = np.uint64(self.half), np.uint64((1 << self.half) - 1)
        left, right = numbers >> half, numbers & mask
        for key in self.keys:
            mixed = (right + key) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0x94D049BB133111EB)
            mixed >>= np.uint64(64 - self.half)
            mixed ^= left
            left, right = right, mixed
        return (left << half) | right


def sobol_points(
    sizes: Sequence[int], sample: Sample, kept: Callable[[Ints], NDArray[np.bool_]]
) -> Ints:
    """The grid's points that are nearest to a Sobol sequence, each once.

    Args:
        sizes: the number of values of each parameter.
        sample: how many to find; the seed scrambles the sequence.
        kept: which of some points (numbers in the order of the grid) may be taken.

    Returns:
        ``[sample.size]`` numbers of points, in the order of the sequence.

    Raises:
        ConfigError: SciPy is not installed.
        GridError: the sequence does not find so many.
    """
    found: dict[int, None] = {}
    for drawn in _sobol(sizes, sample.seed):
        # order matters: the first of equal points is the one that counts
        found.update(dict.fromkeys(drawn[kept(drawn)].tolist()))
        if len(found) >= sample.size:
            return np.fromiter(found, np.int64, len(found))[: sample.size]
    raise GridError(
        f"a Sobol sequence of {MOST_DRAWS:,} points met {len(found):,} points of the grid that the "
        f"constraints keep, and {sample.size:,} were asked for",
        "ask for fewer, or sample at random",
    )


def _sobol(sizes: Sequence[int], seed: int) -> Iterator[Ints]:
    """Numbers of the grid's points along a scrambled Sobol sequence, some at a time."""
    try:
        from scipy.stats import qmc
    except ImportError as error:
        raise ConfigError(f"a Sobol sample needs SciPy: {INSTALL}, or sample at random") from error
    sequence = qmc.Sobol(max(len(sizes), 1), scramble=True, rng=np.random.default_rng(seed))
    for _ in range(MOST_DRAWS // DRAWN_AT_ONCE):
        digits = (sequence.random(DRAWN_AT_ONCE) * np.array([*sizes] or [1])).astype(np.int64)
        numbers = np.zeros(DRAWN_AT_ONCE, np.int64)
        for column, size in zip(digits.T, sizes, strict=False):
            numbers = numbers * size + column
        yield numbers
