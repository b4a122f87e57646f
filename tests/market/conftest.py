"""What the tests of bars may ask for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.market.actions import conform_actions, empty_actions
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MONDAY = dt.date(2024, 3, 4)


@pytest.fixture
def make_bars() -> Callable[..., pl.DataFrame]:
    """Bars of one symbol on consecutive weekdays, flat at each close; any column can be given."""

    def make(
        closes: Sequence[float | None],
        symbol: str = "BHP.AX",
        start: dt.date = MONDAY,
        basis: str = "raw",
        **columns: Sequence[Any],
    ) -> pl.DataFrame:
        days = pl.date_range(start, start + dt.timedelta(days=2 * len(closes) + 4), eager=True)
        weekdays = days.filter(days.dt.weekday() < 6).head(len(closes))
        close = pl.Series(closes, dtype=pl.Float64, strict=False)
        given = {"date": weekdays, "open": close, "high": close, "low": close, "close": close}
        return conform(
            pl.DataFrame({**given, "volume": [1000] * len(closes), **columns}).with_columns(
                symbol=pl.lit(symbol), provider=pl.lit("test"), basis=pl.lit(basis)
            )
        )

    return make


@pytest.fixture
def make_actions() -> Callable[..., pl.DataFrame]:
    """Actions of one symbol from (ISO date, kind, value)."""

    def make(*events: tuple[str, str, float], symbol: str = "BHP.AX") -> pl.DataFrame:
        if not events:
            return empty_actions()
        rows = [(symbol, dt.date.fromisoformat(day), kind, value) for day, kind, value in events]
        names = ["symbol", "date", "kind", "value"]
        return conform_actions(pl.DataFrame(rows, names, orient="row"), provider="test")

    return make
