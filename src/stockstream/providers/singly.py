"""Sources that are asked for one symbol at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from stockstream.errors import FetchError
from stockstream.market.actions import empty_actions
from stockstream.providers.base import Failure, FetchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Piece", "fetch_singly"]


class Piece(NamedTuple):
    """What a source sent of one symbol.

    Attributes:
        bars: of the days asked for; maybe none.
        actions: likewise.
        left_out: one line about each thing that cannot be used.
    """

    bars: pl.DataFrame
    actions: pl.DataFrame
    left_out: Sequence[str] = ()


def fetch_singly(
    symbols: Iterable[str],
    fetch_one: Callable[[str], Piece],
    *,
    schema: pl.Schema,
    basis_reason: str,
) -> FetchResult:
    """Ask for each symbol once; what goes wrong with one is a failure beside the others.

    Args:
        symbols: in the order in which they are asked for.
        fetch_one: gets one of them; a FetchError means that it did not come.
        schema: of the bars.
        basis_reason: why the bars are on their basis.

    Raises:
        ConfigError: of ``fetch_one``.
    """
    bars, actions = [pl.DataFrame(schema=schema)], [empty_actions()]
    failures: list[Failure] = []
    for symbol in dict.fromkeys(symbols):
        try:
            piece = fetch_one(symbol)
        except FetchError as error:
            failures.append(Failure(symbol, str(error), error.kind, error.retry_after))
            continue
        bars.append(piece.bars)
        actions.append(piece.actions)
        failures += [Failure(symbol, reason) for reason in piece.left_out]
        if piece.bars.is_empty():
            failures.append(Failure(symbol, "no bar in the days asked for", "empty"))
    return FetchResult(pl.concat(bars), pl.concat(actions), tuple(failures), basis_reason)
