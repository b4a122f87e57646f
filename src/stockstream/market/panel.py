"""An aligned panel: what a backtest reads. NumPy only, so that it starts at once.

Rows are kept twice: compact per symbol (what indicators need: a halted symbol simply has no row)
and, made when first asked for, as ``[T, S]`` matrices (what the broker needs: NaN where there is
no bar).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from stockstream.errors import DataError
from stockstream.market.columns import FACTOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["DIVIDEND", "PRICE_FIELDS", "SPLIT", "Actions", "Panel", "PriceField"]

PriceField = Literal["open", "high", "low", "close", "volume"]
PRICE_FIELDS: tuple[PriceField, ...] = ("open", "high", "low", "close", "volume")

SPLIT, DIVIDEND = 0, 1


class Actions(NamedTuple):
    """Corporate actions of a panel, sorted by (bar, symbol, kind).

    ``bar`` is the session at whose open the action works, ``value`` the new shares for one old
    share (kind ``SPLIT``) or the cash for one new share (kind ``DIVIDEND``).
    """

    bar: Ints
    symbol: Ints
    kind: Ints
    value: Floats

    @classmethod
    def none(cls) -> Actions:
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, np.empty(0))

    def keep(self, mask: NDArray[np.bool_] | Ints) -> Actions:
        """The actions at a mask or at indexes."""
        return Actions(self.bar[mask], self.symbol[mask], self.kind[mask], self.value[mask])


@dataclass(frozen=True, eq=False)
class Panel:
    """Daily bars of some symbols on a common axis of sessions, with their corporate actions.

    Prices are as traded (the provider's basis): the broker fills at them, splits adjust positions.
    :meth:`signal_column` gives what a strategy sees.

    Attributes:
        symbols: ``[S]``, in the universe's order.
        dates: ``datetime64[D] [T]``, ascending; the sessions on which a symbol of the panel traded.
        offsets: ``[S + 1]``; the rows of symbol *s* are ``offsets[s]:offsets[s + 1]``.
        bar: ``[N]``; the session (index into ``dates``) of each row, ascending within a symbol.
        open, high, low, close, volume: ``[N]`` float64, no NaN.
        actions: splits and dividends.
        delisted: ``[S]``; the bar at which a position still held is closed at the last close;
            ``T`` means never.
        first: first bar of the trading window; bars before it only warm indicators up.
        columns: what else was known of the symbols at each row, ``[N]`` float64 each, NaN where it
            was not: ``factor:NAME``, ``sector``, ``listed`` (0 or 1), ``age`` (bars before it).
        version: the lake's data version, such as ``"bars@3 actions@1"``.
        flags: what a reader of the result must know about this data.
    """

    symbols: tuple[str, ...]
    dates: NDArray[np.datetime64]
    offsets: Ints
    bar: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    actions: Actions = field(default_factory=Actions.none)
    delisted: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    first: int = 0
    columns: Mapping[str, Floats] = field(default_factory=dict)
    version: str = "unversioned"
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.delisted.size == 0:
            object.__setattr__(self, "delisted", np.full(len(self.symbols), len(self.dates)))

    @property
    def sessions(self) -> int:
        """Number of sessions, T."""
        return len(self.dates)

    @property
    def symbol_bars(self) -> int:
        """T x S: the size of the work."""
        return len(self.dates) * len(self.symbols)

    def rows(self, symbol: int) -> slice:
        """The rows of one symbol in the compact columns."""
        return slice(int(self.offsets[symbol]), int(self.offsets[symbol + 1]))

    @cached_property
    def row_symbol(self) -> Ints:
        """``[N]``: the symbol of each row."""
        return np.repeat(np.arange(len(self.symbols)), np.diff(self.offsets))

    @cached_property
    def place(self) -> Ints:
        """``[N]``: where each row stands among the T x S places, session after session."""
        width = len(self.symbols)
        return self.bar if width == 1 else self.bar * width + self.row_symbol

    @cached_property
    def cells(self) -> Floats:
        """``[T * S, 4]``: open, high, low, close of each session and symbol, NaN without a bar."""
        size = self.symbol_bars
        cells = np.empty((size, 4)) if len(self.bar) == size else np.full((size, 4), np.nan)
        cells[self.place] = np.stack((self.open, self.high, self.low, self.close), axis=1)
        return cells

    def matrix(self, name: PriceField) -> Floats:
        """``[T, S]``: one column on the common axis, NaN where a symbol has no bar."""
        dense = np.full((self.sessions, len(self.symbols)), np.nan)
        dense[self.bar, self.row_symbol] = getattr(self, name)
        return dense

    @cached_property
    def split_factor(self) -> Floats | None:
        """``[N]``: product of the splits up to and including each row; None if there are none.

        It only looks back: a split changes the factor of its own bar and of later ones.
        """
        splits = self.actions.keep(self.actions.kind == SPLIT)
        if not len(splits.bar):
            return None
        factor = np.ones(len(self.bar))
        for bar, symbol, ratio in zip(splits.bar, splits.symbol, splits.value, strict=True):
            rows = self.rows(int(symbol))
            start = rows.start + int(np.searchsorted(self.bar[rows], bar))
            factor[start : rows.stop] *= ratio
        return factor

    def signal_column(self, name: PriceField) -> Floats:
        """``[N]``: what a strategy sees: split-adjusted forward, on its first bar's basis.

        Prices after a split are multiplied back, so that a split is no jump; volumes are divided.
        A later split never changes an earlier value, so this cannot look ahead.
        """
        column: Floats = getattr(self, name)
        factor = self.split_factor
        if factor is None:
            return column
        return column / factor if name == "volume" else column * factor

    @cached_property
    def _signal_columns(self) -> dict[str, Floats]:
        return {name: self.signal_column(name) for name in PRICE_FIELDS}

    def signal_columns(self) -> dict[str, Floats]:
        """All five columns of :meth:`signal_column`, made once."""
        return dict(self._signal_columns)

    def column(self, name: str) -> Floats:
        """``[N]``: one of :meth:`signal_columns` or of :attr:`columns`.

        The age of a symbol is counted in the panel's own bars where it was not read.

        Raises:
            DataError: the panel has no such column.
        """
        if name in self._signal_columns:
            return self._signal_columns[name]
        if name in self.columns:
            return self.columns[name]
        if name == "age":
            return (np.arange(len(self.bar)) - self.offsets[self.row_symbol]).astype(np.float64)
        raise DataError(
            f"the panel has no column {name!r}, only {', '.join((*PRICE_FIELDS, *self.columns))}: "
            f"read it with lake.panel(..., columns=({name!r},))"
        )

    def select(self, symbols: Sequence[int]) -> Panel:
        """The panel of some symbols (by index), on the sessions on which one of them traded."""
        if list(symbols) == list(range(len(self.symbols))):
            return self
        pieces = [np.arange(self.offsets[s], self.offsets[s + 1]) for s in symbols]
        rows = np.concatenate(pieces)
        bars = self.bar[rows]
        kept = bars if len(symbols) == 1 else np.unique(bars)
        rank = np.full(self.sessions + 1, len(kept))
        rank[: self.sessions] = np.searchsorted(kept, np.arange(self.sessions))
        return replace(
            self._take(rows, rank[bars]),
            symbols=tuple(self.symbols[s] for s in symbols),
            dates=self.dates[kept],
            offsets=np.concatenate(([0], np.cumsum([len(piece) for piece in pieces]))),
            actions=self._select_actions(symbols, rank),
            delisted=rank[self.delisted[list(symbols)]],
            first=int(rank[min(self.first, self.sessions)]),
        )

    def _select_actions(self, symbols: Sequence[int], rank: Ints) -> Actions:
        place = np.full(len(self.symbols), -1)
        place[list(symbols)] = np.arange(len(symbols))
        kept = self.actions.keep(place[self.actions.symbol] >= 0)
        moved = kept._replace(bar=rank[kept.bar], symbol=place[kept.symbol])
        moved = moved.keep(moved.bar < int(rank[-1]))
        order = np.lexsort((moved.kind, moved.symbol, moved.bar))
        return moved.keep(order)

    def window(self, start: int, stop: int, first: int) -> Panel:
        """The sessions ``start:stop``, trading from ``first`` (all three on this panel's axis)."""
        mask = (self.bar >= start) & (self.bar < stop)
        rows = np.flatnonzero(mask)
        counts = np.bincount(self.row_symbol[rows], minlength=len(self.symbols))
        inside = self.actions.keep((self.actions.bar >= start) & (self.actions.bar < stop))
        length = stop - start
        return replace(
            self._take(rows, self.bar[rows] - start),
            dates=self.dates[start:stop],
            offsets=np.concatenate(([0], np.cumsum(counts))),
            actions=inside._replace(bar=inside.bar - start),
            delisted=np.where(self.delisted < stop, np.maximum(self.delisted - start, 0), length),
            first=max(first - start, 0),
        )

    def truncate(self, sessions: int) -> Panel:
        """The first so many sessions: what was known at their end."""
        return self.window(0, sessions, self.first)

    def perturbed(self, bar: int, seed: int) -> Panel:
        """The same panel with what was known from session ``bar`` on made up anew.

        Prices and volumes are scaled; factors are scaled and dealt to other rows, and so are the
        other columns but the age, which is that of the rows.

        For tests of look-ahead: what was decided before ``bar`` must not change.
        """
        later = self.bar >= bar
        random = np.random.default_rng(seed)
        scale = np.where(later, np.exp(random.normal(0.0, 0.25, len(self.bar))), 1.0)
        fields = {name: getattr(self, name) * scale for name in PRICE_FIELDS}
        rows = np.flatnonzero(later)
        columns = dict(self.columns)
        for name in sorted(columns.keys() - {"age"}):
            columns[name] = columns[name].copy()
            dealt = columns[name][random.permutation(rows)]
            columns[name][rows] = dealt * scale[rows] if name.startswith(FACTOR) else dealt
        return replace(self, columns=columns, **fields)

    def _take(self, rows: Ints, bar: Ints) -> Panel:
        fields = {name: getattr(self, name)[rows] for name in PRICE_FIELDS}
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, bar=bar, columns=columns, **fields)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything a backtest can read from this panel: equal data, equal digest."""
        digest = hashlib.sha256("\n".join(self.symbols).encode())
        days = self.dates.astype("datetime64[D]").astype(np.int64)
        columns = [getattr(self, name) for name in PRICE_FIELDS]
        for array in (days, self.offsets, self.bar, *columns, *self.actions, self.delisted):
            digest.update(np.ascontiguousarray(array).data)
        digest.update(str(self.first).encode())
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).data)
        return digest.hexdigest()
