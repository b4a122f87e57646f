"""Decisions made beforehand as the broker's loop takes them, those of several strategies merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.broker.records import TO_QUANTITY, TO_VALUE, TO_WEIGHT, Ticket
from stockstream.backtest.broker.rules import Events
from stockstream.strategy.orders import SizeIn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.decisions import Decisions
    from stockstream.strategy import orders

__all__ = ["events_of", "ticket_of", "tickets_of"]

_KINDS = {SizeIn.WEIGHT: TO_WEIGHT, SizeIn.VALUE: TO_VALUE, SizeIn.QUANTITY: TO_QUANTITY}


def events_of(sleeves: Sequence[Decisions], symbols: int, *, lists: bool) -> Events:
    """The decisions of every sleeve by bar; in one bar those of the first sleeve come first.

    Args:
        sleeves: what each strategy decided, all over the same sessions.
        symbols: in the panel.
        lists: for the interpreter; otherwise for compiled code.
    """
    made: Any = _merged(sleeves, symbols) if len(sleeves) > 1 else _single(sleeves[0])
    return Events._make(column.tolist() for column in made) if lists else Events._make(made)


def _single(made: Decisions) -> Events:
    return Events(made.start, made.symbol, made.code, made.size, made.limit, made.stop)


def _merged(sleeves: Sequence[Decisions], symbols: int) -> Events:
    sessions = len(sleeves[0].start) - 1
    bar = np.concatenate([np.repeat(np.arange(sessions), np.diff(d.start)) for d in sleeves])
    order = np.argsort(bar, kind="stable")
    slots = [made.symbol + k * symbols for k, made in enumerate(sleeves)]
    return Events(
        np.searchsorted(bar[order], np.arange(sessions + 1)),
        np.concatenate(slots)[order],
        np.concatenate([made.code for made in sleeves])[order],
        np.concatenate([made.size for made in sleeves])[order],
        _prices([(made.limit, len(made.symbol)) for made in sleeves], order),
        _prices([(made.stop, len(made.symbol)) for made in sleeves], order),
    )


def _prices(
    columns: Sequence[tuple[NDArray[np.float64], int]], order: NDArray[np.int64]
) -> NDArray[np.float64]:
    """One column of prices out of several, NaN for sleeves that name none; empty if none does."""
    if not any(len(column) for column, _ in columns):
        return np.empty(0)
    full = [column if len(column) else np.full(count, np.nan) for column, count in columns]
    return np.concatenate(full)[order]


def ticket_of(ticket: orders.Ticket) -> Ticket:
    """A strategy's ticket as the kernels take it."""
    return Ticket(_KINDS[ticket.size_in], int(ticket.day), *ticket.bracket.as_row())


def tickets_of(tickets: Sequence[orders.Ticket], *, lists: bool) -> Any:
    """The tickets of every sleeve: a list for the interpreter, a structured array otherwise."""
    rows = [ticket_of(ticket) for ticket in tickets]
    if lists:
        return rows
    fields: list[Any] = [
        (name, "f8" if isinstance(default, float) else "i8")
        for name, default in Ticket._field_defaults.items()
    ]
    return np.array(rows, np.dtype(fields))
