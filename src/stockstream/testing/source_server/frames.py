"""A market as frames: read from a folder, written to one, and what was true of it on a day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from stockstream.errors import ConfigError, DataError
from stockstream.market.actions import conform_actions, empty_actions
from stockstream.market.adjust import adjust
from stockstream.market.bars import KEY, PRICES, conform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["MarketFrames", "Truth", "as_traded", "read_market", "truth_of", "write_market"]

PROVIDER: Final = "rehearsal"
BARS, ACTIONS, LISTS = "bars.parquet", "actions.parquet", "lists"


class MarketFrames(NamedTuple):
    """A market that never changes; the server shows as much of it as its clock allows.

    Attributes:
        bars: frame of :data:`~stockstream.market.bars.BAR_SCHEMA`; basis ``split`` means split-
            adjusted as of the symbol's last bar. Prices may be null.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA` on the basis of the
            bars. From the day of its delisting on, a symbol is not known.
        lists: bodies of the exchange's directory by the day from which each is served. Without
            any, the directory names the symbols that have had a bar and are not delisted.
    """

    bars: pl.DataFrame
    actions: pl.DataFrame
    lists: Mapping[dt.date, bytes]


class Truth(NamedTuple):
    """What a lake must hold that was fed without a fault.

    Attributes:
        bars: symbol, date, open, high, low, close, volume; split-adjusted.
        actions: symbol, date, kind, value; splits and dividends, split-adjusted likewise.
    """

    bars: pl.DataFrame
    actions: pl.DataFrame


def market_frames(
    bars: pl.DataFrame,
    actions: pl.DataFrame | None = None,
    lists: Mapping[dt.date, bytes] | None = None,
) -> MarketFrames:
    """Check the frames of a market.

    Args:
        bars: at least symbol, date, open, high, low, close and volume; without a basis, as traded.
        actions: at least symbol, date, kind and value.
        lists: see :class:`MarketFrames`.

    Raises:
        DataError: a column is missing or unreadable, a symbol has two bars on a day, an action is
            impossible.
    """
    basis: Final = None if "basis" in bars.columns else "raw"
    bars = conform(bars, provider=PROVIDER, basis=basis)
    twice = bars.filter(pl.struct(KEY).is_duplicated())
    if len(twice):
        raise DataError(
            f"{len(twice):,} bars share their symbol and date with another, such as "
            f"{twice['symbol'][0]} on {twice['date'][0]}; keep one of each"
        )
    known = empty_actions() if actions is None else conform_actions(actions, provider=PROVIDER)
    return MarketFrames(bars, known, dict(lists or {}))


def read_market(folder: Path) -> MarketFrames:
    """Read ``bars.parquet``, and ``actions.parquet`` and ``lists/YYYY-MM-DD.csv`` if there are any.

    Raises:
        ConfigError: the folder holds no bars, or a list is not named by its day.
        DataError: a file cannot be read, or see :func:`market_frames`.
    """
    if not (folder / BARS).is_file():
        raise ConfigError(f"{folder} holds no {BARS}; name the folder of a market")
    actions = _read(folder / ACTIONS) if (folder / ACTIONS).is_file() else None
    lists = {_day_of(file): file.read_bytes() for file in sorted((folder / LISTS).glob("*.csv"))}
    return market_frames(_read(folder / BARS), actions, lists)


def write_market(market: MarketFrames, folder: Path) -> Path:
    """Write a market so that :func:`read_market` reads it; returns the folder."""
    (folder / LISTS).mkdir(parents=True, exist_ok=True)
    market.bars.write_parquet(folder / BARS)
    market.actions.write_parquet(folder / ACTIONS)
    for day, body in market.lists.items():
        (folder / LISTS / f"{day}.csv").write_bytes(body)
    return folder


def as_traded(market: MarketFrames) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The market before anybody adjusted it.

    Returns:
        The bars, with open, high, low, close and volume (Float64) as traded, and two columns more:
        ``shares``, how many shares one share of that day has become by the symbol's last bar, and
        ``money``, the product of Yahoo's dividend factors of the later bars. And the actions, with
        dividends as they were paid.

    Raises:
        DataError: a dividend is not smaller than the close before it.
    """
    bars, actions = market.bars, market.actions
    with_shares = bars.with_columns(_later_shares(bars, actions), pl.col("volume").cast(pl.Float64))
    unsplit = pl.when(pl.col("basis") == "split").then("shares").otherwise(1.0)
    raw = with_shares.with_columns(
        pl.col(PRICES) * unsplit, volume=pl.col("volume") / unsplit, basis=pl.lit("raw")
    )
    paid = _as_paid(actions, with_shares.select(*KEY, multiplied=unsplit))
    return raw.with_columns(_later_money(raw, paid)), paid


def truth_of(market: MarketFrames, on: dt.date | None = None) -> Truth:
    """What a lake must hold after the close of a day, split-adjusted as of that day.

    Prices go over the wire in single precision: they come out within 1e-7 of these.

    Args:
        market: the market.
        on: the day; None is the last.
    """
    bars, actions = as_traded(market)
    if on is not None:
        bars, actions = (frame.filter(pl.col("date") <= on) for frame in (bars, actions))
    since = pl.col("shares") / pl.col("shares").last().over("symbol")
    bars = bars.with_columns(
        pl.col(PRICES) / since,
        volume=(pl.col("volume") * since).round().cast(pl.Int64),
        since=since,
    )
    events = actions.filter(pl.col("kind") != "delisting")
    dividends = _by_bar(events, bars.select(*KEY, "since"), "since")
    value = pl.when(pl.col("kind") == "dividend").then(pl.col("value") / pl.col("since"))
    return Truth(
        bars.select(*KEY, *PRICES, "volume"),
        dividends.select(*KEY, "kind", value.otherwise("value")),
    )


def _read(file: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{file} is not Parquet: {error}") from error


def _day_of(file: Path) -> dt.date:
    try:
        return dt.date.fromisoformat(file.stem)
    except ValueError as error:
        raise ConfigError(f"{file} must be named by its day, YYYY-MM-DD.csv") from error


def _later_shares(bars: pl.DataFrame, actions: pl.DataFrame) -> pl.Series:
    """What the splits do to a price of 1."""
    ones = bars.with_columns(*(pl.lit(1.0).alias(name) for name in PRICES), basis=pl.lit("raw"))
    return (1.0 / adjust(ones, actions, "split")["close"]).alias("shares")


def _later_money(raw: pl.DataFrame, actions: pl.DataFrame) -> pl.Series:
    """What the dividends do to a price; a bar without one is skipped, as Yahoo does."""
    priced = raw.filter(pl.col("close") > 0.0).with_columns(volume=pl.lit(0, pl.Int64))
    split = adjust(priced, actions, "split")
    money = adjust(priced, actions, "total_return")["close"] / split["close"]
    there = raw.join(priced.select(*KEY, money=money), on=KEY, how="left", maintain_order="left")
    filled = pl.col("money").forward_fill().backward_fill().over("symbol").fill_null(1.0)
    return there.select(filled).to_series()


def _as_paid(actions: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """Dividends multiplied by what their bar was multiplied with."""
    value = pl.when(pl.col("kind") == "dividend").then(pl.col("value") * pl.col("multiplied"))
    events = _by_bar(actions, factors, "multiplied")
    return events.with_columns(value.otherwise("value").alias("value")).drop("multiplied")


def _by_bar(actions: pl.DataFrame, factors: pl.DataFrame, column: str) -> pl.DataFrame:
    """The actions with a column of the bar at which each works; 1 after the last bar."""
    joined = actions.sort(KEY).join_asof(
        factors, on="date", by="symbol", strategy="forward", check_sortedness=False
    )
    return joined.with_columns(pl.col(column).fill_null(1.0))
