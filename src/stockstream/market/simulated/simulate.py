"""The simulated market as frames: bars, actions and listings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from stockstream.errors import ConfigError
from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.market.bars import PRICES, conform
from stockstream.market.calendars import get_calendar
from stockstream.market.simulated.company import CODES, code_of, draw_company
from stockstream.market.simulated.factors import SECTORS, draw_factors
from stockstream.market.simulated.prices import draw_history
from stockstream.market.ticks import TICKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stockstream.market.simulated.company import Company
    from stockstream.market.simulated.prices import History

    Days = NDArray[np.datetime64]

__all__ = ["LISTING_SCHEMA", "SimulatedMarket", "simulate_market"]

LISTING_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "name": pl.String(),
        "sector": pl.String(),
        "listing_date": pl.Date(),
        "delisting_date": pl.Date(),
    }
)
"""One row for each company, by symbol; ``delisting_date`` is null while it trades."""

PROVIDER: Final = "simulated"
SUFFIX: Final = {"XASX": ".AX"}
FEWEST_SESSIONS: Final = 2


@dataclass(frozen=True, eq=False)
class SimulatedMarket:
    """A simulated market.

    Attributes:
        bars: frame of :data:`~stockstream.market.bars.BAR_SCHEMA`, basis ``raw``: splits jump.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`.
        listings: frame of :data:`LISTING_SCHEMA`.
    """

    bars: pl.DataFrame
    actions: pl.DataFrame
    listings: pl.DataFrame


class Life(NamedTuple):
    """One company with everything that happened to it."""

    symbol: str
    number: int
    company: Company
    history: History


def simulate_market(
    symbols: int = 200,
    start: dt.date = dt.date(2015, 1, 1),
    end: dt.date = dt.date(2024, 12, 31),
    seed: int = 7,
    calendar: str = "XASX",
) -> SimulatedMarket:
    """Simulate a market of daily bars with what makes real ones hard.

    A market and eleven sector factors with switching volatility, fat tails, gaps over night, price
    steps of the exchange, quiet days, halts and suspensions (no bar), splits and consolidations
    (as-traded prices jump), half-yearly dividends (prices drop at the ex-date), new listings,
    takeovers and failures. Events may fall on days without a bar, as they do.

    The same arguments give the same bytes with the same NumPy. Each company has a generator of its
    own: a market of more symbols has the companies of a smaller one, bar for bar, and others.

    Args:
        symbols: how many companies, 1 to 17,576.
        start: first day.
        end: last day.
        seed: of NumPy's PCG64; 0 or more.
        calendar: the exchange whose sessions and price steps are used.

    Raises:
        UnknownNameError: there is no such calendar.
        ConfigError: a number is out of its range, or the days hold fewer than two sessions.
    """
    sessions = get_calendar(calendar).sessions(start, end)
    _demand_possible(symbols, seed, sessions)
    factors = draw_factors(_generator(seed, 0), len(sessions))
    suffix = SUFFIX.get(calendar, "")
    lives = []
    for index in sorted(range(symbols), key=code_of):
        rng = _generator(seed, 1, index)
        company = draw_company(rng, len(sessions))
        history = draw_history(rng, company, factors, TICKS[calendar])
        lives.append(Life(code_of(index) + suffix, index + 1, company, history))
    return SimulatedMarket(
        _bars(lives, sessions), _actions(lives, sessions), _listings(lives, sessions)
    )


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def _bars(lives: list[Life], sessions: Days) -> pl.DataFrame:
    counts = [len(life.history.session) for life in lives]
    columns = {
        name: np.concatenate([getattr(life.history, name) for life in lives])
        for name in ("session", *PRICES, "volume")
    }
    symbol = pl.Series([life.symbol for life in lives])
    keys = {
        "symbol": symbol.gather(np.repeat(np.arange(len(lives)), counts)),
        "date": sessions[columns.pop("session")],
    }
    return conform(pl.DataFrame({**keys, **columns}), provider=PROVIDER, basis="raw")


def _actions(lives: list[Life], sessions: Days) -> pl.DataFrame:
    rows = [
        (life.symbol, sessions[session].item(), kind, value)
        for life in lives
        for kind, session, value in _events(life, len(sessions))
    ]
    columns = ("symbol", "date", "kind", "value")
    schema = {name: ACTION_SCHEMA[name] for name in columns}
    return conform_actions(pl.DataFrame(rows, schema, orient="row"), provider=PROVIDER)


def _events(life: Life, sessions: int) -> Iterator[tuple[str, int, float]]:
    """Kind, session and value of everything that befell one company."""
    first, stop = life.company.first, life.company.stop
    for event in life.history.dividends:
        yield "dividend", first + event.session, event.value
    for event in life.history.splits:
        yield "split", first + event.session, event.value
    if stop < sessions:
        yield "delisting", stop, float(life.history.close[-1])


def _listings(lives: list[Life], sessions: Days) -> pl.DataFrame:
    names = list(SECTORS)
    rows = [
        (
            life.symbol,
            f"Simulated {names[life.company.sector]} {life.number}",
            names[life.company.sector],
            np.busday_offset(sessions[life.company.first], -life.company.age, "forward").item(),
            sessions[life.company.stop].item() if life.company.stop < len(sessions) else None,
        )
        for life in lives
    ]
    return pl.DataFrame(rows, LISTING_SCHEMA, orient="row")


def _demand_possible(symbols: int, seed: int, sessions: Days) -> None:
    if not 1 <= symbols <= CODES:
        raise ConfigError(f"symbols must be 1 to {CODES:,}, not {symbols:,}")
    if seed < 0:
        raise ConfigError(f"seed must be 0 or more, not {seed}")
    if len(sessions) < FEWEST_SESSIONS:
        raise ConfigError(
            f"a market needs {FEWEST_SESSIONS} sessions or more, and these days hold "
            f"{len(sessions)}; choose an earlier start or a later end"
        )
