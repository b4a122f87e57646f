"""What every provider of bars offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import polars as pl

__all__ = ["Failure", "FetchResult", "Provider"]


class Failure(NamedTuple):
    """A symbol or file that gave nothing, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class FetchResult:
    """What a provider sent, unchecked.

    Attributes:
        bars: frame of :data:`stockstream.market.bars.BAR_SCHEMA`, in any order; prices may be null
            or wrong. It may have two more columns: ``source``, the file that a row came from, and
            ``utc_offset``, the offset that its date was written with.
        actions: frame of :data:`stockstream.market.actions.ACTION_SCHEMA`.
        failures: what was asked for and did not come.
        basis_reason: why the bars are on the basis that they say.
        listings: who the symbols are (symbol, name, sector, listing_date, delisting_date), if the
            provider knows.
    """

    bars: pl.DataFrame
    actions: pl.DataFrame
    failures: tuple[Failure, ...] = ()
    basis_reason: str = ""
    listings: pl.DataFrame | None = None


@runtime_checkable
class Provider(Protocol):
    """A source of daily bars.

    Attributes:
        name: short and stable; it is stored with every bar.
    """

    @property
    def name(self) -> str: ...

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Get the bars and events of some symbols from ``start`` to ``end``, both included.

        A symbol that gives nothing is a failure in the result and never a reason to raise.

        Raises:
            DataError: the source as a whole gave nothing that can be read.
        """
        ...
