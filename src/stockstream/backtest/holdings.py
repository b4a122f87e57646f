"""What was held when, and what each symbol earned in each year: read back from the fills.

The broker decides nothing here again. Its fills say what was held, the panel what that was worth,
and profit is what the account really gained: what no symbol explains stands in a row of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.market.panel import DIVIDEND, SPLIT
from stockstream.strategy.portfolio import FillReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["HeldPath", "contribution_frame", "paths_of", "position_frame", "with_strategy"]

KEYS = ("strategy", "symbol")

SPLIT_STEP, CASH_STEP, DIVIDEND_STEP, FILL_STEP = range(4)
"""The order of what befalls a position within one session."""

WHOLE = 1e-6
"""A split's result within this fraction of a whole number is that number, as for the broker."""


class HeldPath(NamedTuple):
    """One symbol in the book of one strategy.

    Attributes:
        strategy, symbol: whose.
        quantity: ``[T]``, signed shares at each close of the panel.
        price: ``[T]``, last close on that day's share basis; NaN before the first one.
        paid: ``[n]`` cash that left the account, by bar: purchases, commission, less dividends.
        paid_bar: ``[n]``, the bar of each payment.
    """

    strategy: str
    symbol: int
    quantity: Floats
    price: Floats
    paid: Floats
    paid_bar: Ints


def with_strategy(frame: pl.DataFrame, config: BacktestConfig) -> pl.DataFrame:
    """The frame with a column ``strategy``; a run of one strategy has its class there."""
    import polars as pl

    if "strategy" in frame.columns:
        return frame
    given = config.sleeves[0].title if config.sleeves else config.strategy_class
    name = given.rpartition(":")[2].rpartition("/")[2]
    return frame.with_columns(strategy=pl.lit(name))


def position_frame(paths: Sequence[HeldPath], panel: Panel) -> pl.DataFrame:
    """Every position at every close: date, strategy, symbol, quantity, value.

    Quantities are shares on that day's basis, negative where short; values are at the last close.

    Args:
        paths: from :func:`paths_of`.
        panel: what the run traded in.
    """
    import polars as pl

    spans = [np.flatnonzero(path.quantity) for path in paths]
    sizes = [len(held) for held in spans]
    columns = [
        (path.quantity[held], path.price[held]) for path, held in zip(paths, spans, strict=True)
    ]
    quantity, price = (_joined([pair[place] for pair in columns]) for place in (0, 1))
    bar = np.concatenate([np.empty(0, np.int64), *spans])
    order = np.argsort(bar, kind="stable")
    owner = np.repeat(np.arange(len(paths)), sizes)[order]
    names = {
        "strategy": [path.strategy for path in paths],
        "symbol": [panel.symbols[path.symbol] for path in paths],
    }
    return pl.DataFrame(
        {
            "date": panel.dates.astype("datetime64[D]")[bar[order]],
            **{key: pl.Series(each, dtype=pl.String).gather(owner) for key, each in names.items()},
            "quantity": quantity[order],
            "value": (quantity * price)[order],
        }
    )


def contribution_frame(
    paths: Sequence[HeldPath], panel: Panel, config: BacktestConfig, equity: Floats
) -> pl.DataFrame:
    """Profit of each strategy and symbol in each calendar year: strategy, symbol, year, pnl.

    The rows add up to the profit of the run. What belongs to no symbol (interest on borrowed cash)
    has no strategy and no symbol.

    Args:
        paths: from :func:`paths_of`.
        panel: what the run traded in.
        config: of the run.
        equity: ``[T]`` of the trading window, in money.
    """
    import polars as pl

    calendar = panel.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    traded = calendar[panel.first :]
    years, lasts = np.unique(traded[::-1], return_index=True)
    lasts = len(traded) - 1 - lasts
    gained = np.diff(equity[lasts], prepend=config.initial_capital)
    rate = config.costs.borrow_bps / 1e4 / config.periods_per_year
    table: dict[str, list[object]] = {"strategy": [], "symbol": [], "year": [], "pnl": []}
    explained = np.zeros(len(years))
    for path in paths:
        earned = _earned(path, calendar, years, lasts + panel.first, rate)
        explained += earned
        active = _active(path, calendar, years)
        for place in active.tolist():
            _add(
                table,
                path.strategy,
                panel.symbols[path.symbol],
                int(years[place]),
                float(earned[place]),
            )
    rest = gained - explained
    for place in np.flatnonzero(np.abs(rest) > 1e-9 * config.initial_capital).tolist():
        _add(table, None, None, int(years[place]), float(rest[place]))
    schema = {"strategy": pl.String, "symbol": pl.String, "year": pl.Int32, "pnl": pl.Float64}
    return pl.DataFrame(table, schema=schema)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def _add(
    table: dict[str, list[object]], strategy: str | None, symbol: str | None, year: int, pnl: float
) -> None:
    for column, value in zip(table, (strategy, symbol, year, pnl), strict=True):
        table[column].append(value)


def _earned(path: HeldPath, calendar: Ints, years: Ints, lasts: Ints, rate: float) -> Floats:
    """``[Y]``: rise in value less what was paid for it, and less the fee for what was short."""
    held = np.flatnonzero(path.quantity)
    value = np.zeros(len(path.quantity))
    value[held] = path.quantity[held] * path.price[held]
    earned = np.diff(value[lasts], prepend=0.0)
    np.subtract.at(earned, np.searchsorted(years, calendar[path.paid_bar]), path.paid)
    if rate > 0.0:
        short = held[value[held] < 0.0]
        np.add.at(earned, np.searchsorted(years, calendar[short]), rate * value[short])
    return earned


def _active(path: HeldPath, calendar: Ints, years: Ints) -> Ints:
    """The years in which a position was held or paid for."""
    bars = np.concatenate((np.flatnonzero(path.quantity), path.paid_bar))
    return np.searchsorted(years, np.unique(calendar[bars]))


def _last_closes(panel: Panel, symbol: int, splits: list[tuple[int, float]]) -> Floats:
    """``[T]``: the last close at each session, on the share basis of that session."""
    rows, sessions = panel.rows(symbol), len(panel.dates)
    place = np.searchsorted(panel.bar[rows], np.arange(sessions), side="right") - 1
    price = np.where(place < 0, np.nan, panel.close[rows][place])
    for bar, ratio in splits:
        later = panel.bar[rows]
        following = later[later >= bar]
        price[bar : following[0] if len(following) else sessions] /= ratio
    return price


def paths_of(fills: pl.DataFrame, panel: Panel, config: BacktestConfig) -> list[HeldPath]:
    """What each strategy held of each symbol, in the universe's order.

    Args:
        fills: frame of a result, in order of time.
        panel: what the run traded in.
        config: of the run.
    """
    place = {symbol: index for index, symbol in enumerate(panel.symbols)}
    days = panel.dates.astype("datetime64[D]")
    groups = with_strategy(fills, config).partition_by(KEYS, as_dict=True, maintain_order=True)
    actions = _actions(panel)
    paths = []
    for (strategy, symbol), own in groups.items():
        index = place[symbol]
        bars = np.searchsorted(days, own["date"].to_numpy().astype("datetime64[D]"))
        events = [*_fill_events(own, bars), *actions.get(index, ())]
        events.sort(key=lambda event: event[:2])
        splits = [(bar, ratio) for bar, step, ratio, _ in events if step == SPLIT_STEP]
        price = _last_closes(panel, index, splits)
        paths.append(_walk(str(strategy), index, price, events, whole=not config.fractional))
    return sorted(paths, key=lambda path: (path.strategy, path.symbol))


def _actions(panel: Panel) -> dict[int, list[tuple[int, int, float, float]]]:
    """Splits and dividends of each symbol as events."""
    steps = {SPLIT: SPLIT_STEP, DIVIDEND: DIVIDEND_STEP}
    found: dict[int, list[tuple[int, int, float, float]]] = {}
    for bar, symbol, kind, value in zip(*(c.tolist() for c in panel.actions), strict=True):
        found.setdefault(symbol, []).append((bar, steps[kind], value, 0.0))
    return found


def _fill_events(own: pl.DataFrame, bars: Ints) -> Iterator[tuple[int, int, float, float]]:
    """Bar, step, quantity and the cash it took."""
    paid = own["quantity"] * own["price"] + own["commission"]
    for bar, reason, quantity, cash in zip(
        bars.tolist(),
        own["reason"].to_list(),
        own["quantity"].to_list(),
        paid.to_list(),
        strict=True,
    ):
        step = CASH_STEP if reason == FillReason.CASH_IN_LIEU else FILL_STEP
        yield bar, step, quantity, cash


def _walk(
    strategy: str,
    symbol: int,
    price: Floats,
    events: list[tuple[int, int, float, float]],
    *,
    whole: bool,
) -> HeldPath:
    """Shares at each close, from the events in their order."""
    held = 0.0
    bars, shares, paid, paid_bar = [], [], [], []
    for bar, step, value, cash in events:
        if step == SPLIT_STEP:
            held = _whole(held * value) if whole else held * value
        elif step == DIVIDEND_STEP:
            if held:
                paid.append(-held * value)
                paid_bar.append(bar)
            continue
        else:
            # the split has cut the fraction off already that is paid in cash
            held += value if step == FILL_STEP else 0.0
            paid.append(cash)
            paid_bar.append(bar)
        bars.append(bar)
        shares.append(held)
    at = np.searchsorted(bars, np.arange(len(price)), side="right")
    quantity = np.concatenate(([0.0], shares))[at]
    return HeldPath(strategy, symbol, quantity, price, np.array(paid), np.array(paid_bar, np.int64))


def _whole(shares: float) -> float:
    """What a split leaves of shares that are whole: the rest is paid in cash."""
    nearest = float(round(shares))
    return nearest if abs(shares - nearest) <= WHOLE * abs(shares) else float(int(shares))
