"""What a provider sent, as batches of the raw zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from stockstream.errors import NoDataError
from stockstream.ingest.raw_rows import raw_rows
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from stockstream.providers.base import FetchResult

__all__ = ["SYMBOLS_IN_A_BATCH", "write_batches"]

SYMBOLS_IN_A_BATCH = 100
"""As the daily pipeline fetches them."""


def write_batches(result: FetchResult, place: Path) -> list[str]:
    """Write the bars, with dividends and splits beside them, under their newest session.

    Args:
        result: what came, unchecked.
        place: folder of the raw zone.

    Returns:
        The files' names below ``place``.

    Raises:
        NoDataError: nothing came.
        LakeError: a batch exists with other content, or the folder cannot be written to.
    """
    if result.bars.is_empty():
        reasons = "; ".join(str(failure) for failure in result.failures[:3])
        raise NoDataError(f"no bars came{reasons and ': '}{reasons}; no batch was written")
    rows = raw_rows(result.bars, result.actions)
    session = cast("dt.date", result.bars["date"].max())
    symbols = rows["symbol"].unique().sort().to_frame()
    zone = RawZone(place)
    return [
        zone.write_batch(session, number, rows.join(chunk, on="symbol", how="semi"))
        for number, chunk in enumerate(symbols.iter_slices(SYMBOLS_IN_A_BATCH))
    ]
