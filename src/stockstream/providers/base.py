"""What every provider of bars offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import polars as pl

    from stockstream.errors import FailureKind

__all__ = ["Failure", "FetchResult", "Pace", "Provider"]


class Failure(NamedTuple):
    """A symbol or file that gave nothing, and why.

    Attributes:
        name: the symbol or the file.
        reason: what happened, for people.
        kind: what happened, for programs. No kind means that the symbol is delisted.
        retry_after: seconds after which the source wants to be asked again; 0 if it did not say.
    """

    name: str
    reason: str
    kind: FailureKind = "malformed"
    retry_after: float = 0.0

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Pace:
    """How fast a source may be asked.

    Attributes:
        symbols_per_request: how many symbols one request asks for; None means any number at once.
        per_second: most requests in a second that the source bears; None means no limit.
    """

    symbols_per_request: int | None
    per_second: float | None


@dataclass(frozen=True, eq=False)
class FetchResult:
    """What a provider sent, unchecked.

    Attributes:
        bars: frame of :data:`stockstream.market.bars.BAR_SCHEMA`, in any order; prices may be null
            or wrong, and no row lies outside the days asked for. It may have three more columns:
            ``is_final`` Boolean, false while a day is still traded or its prices are missing (a
            frame without it has final bars only); ``source``, the file that a row came from; and
            ``utc_offset``, the offset that its date was written with, such as ``"+11:00"``.
        actions: frame of :data:`stockstream.market.actions.ACTION_SCHEMA`.
        failures: what was asked for and did not come, and what was left out of what came; so a
            symbol may stand here beside its own rows.
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
        pace: how fast the source may be asked; the caller keeps to it.
    """

    @property
    def name(self) -> str: ...

    @property
    def pace(self) -> Pace: ...

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Get the bars and events of some symbols from ``start`` to ``end``, both included.

        A symbol that gives nothing is a failure in the result and never a reason to raise. Calls
        from several threads at once are fine.

        Raises:
            DataError: the source as a whole gave nothing that can be read.
            ConfigError: the source needs an option or a key that it was not given.
        """
        ...
