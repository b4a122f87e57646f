"""What the lake has, as forms need it: small, and read once for each version of the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockstream.lake.factor_panel import factor_rows
from stockstream.lake.symbols import resolve

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from stockstream.lake.store import Lake

__all__ = ["Market"]


@dataclass(frozen=True)
class Market:
    """What can be traded, and when.

    Attributes:
        lake: its address.
        symbols: sorted.
        first, last: days with bars.
        version: of the data.
        calendar: of the exchange.
        simulated: the market is made up.
        factors: names in the table of factors.
    """

    lake: str
    symbols: tuple[str, ...]
    first: dt.date
    last: dt.date
    version: str
    calendar: str
    simulated: bool = False
    factors: tuple[str, ...] = ()

    @classmethod
    def of(cls, lake: Lake) -> Market:
        """What a lake has.

        Raises:
            NoDataError: it is empty.
            LakeError: it cannot be read.
        """
        last = lake.last_session()
        # of the bars alone: another table that is damaged does not matter here
        first = lake.published.read(None).bars.bounds("date")[0]
        return cls(
            lake=str(lake.location),
            symbols=tuple(lake.symbols()),
            first=first,
            last=last,
            version=lake.version(),
            calendar=lake.calendar,
            simulated=lake.simulated,
            factors=tuple(factor_rows(lake)["name"].unique().sort().to_list()),
        )

    def resolve(self, names: Sequence[str]) -> tuple[str, ...]:
        """The symbols that names mean; see :func:`stockstream.lake.symbols.resolve`.

        Raises:
            UnknownNameError: a name means none of them.
            ConfigError: a name means several, or two names mean one.
        """
        return tuple(resolve(names, self.symbols, "the lake"))
