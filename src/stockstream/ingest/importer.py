"""``stockstream import``: files into the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from stockstream.ingest.intake import take_in
from stockstream.providers.files import FilesProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stockstream.ingest.sessions import CalendarChoice
    from stockstream.ingest.summary import ImportSummary
    from stockstream.lake.store import Lake
    from stockstream.market.bars import Basis
    from stockstream.settings import QualitySettings

__all__ = ["import_files"]


def import_files(
    paths: Sequence[str | Path],
    lake: Lake | str | Path,
    *,
    calendar: CalendarChoice = "auto",
    basis: Literal["auto"] | Basis = "auto",
    columns: Sequence[str] | None = None,
    symbol: str | None = None,
    suffix: str = "",
    date_format: str | None = None,
    thresholds: QualitySettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportSummary:
    """Import CSV and Parquet files, and folders of them.

    All files go in as one: one check, one merge. A file that cannot be read is listed in the
    summary beside the others, which go in. Importing the same files again changes nothing.

    Args:
        paths: files and folders.
        lake: a lake, or where one is or will be.
        calendar: sessions to check against; ``"auto"`` takes XASX for ``.AX`` symbols, else the
            lake's.
        basis: whether prices are ``"raw"`` (as traded) or ``"split"`` (split-adjusted); ``"auto"``
            finds it out from the splits and the layout.
        columns: what the columns are, in order, for CSV files without a header line.
        symbol: the symbol of one file that has no such column; else the file's name says it.
        suffix: put behind every symbol that does not end in it, such as ``".AX"``.
        date_format: strptime format of the dates, where they can be read in two ways.
        thresholds: of the check.
        progress: called after each file with how many are done and how many there are.

    Raises:
        ConfigError: a path does not exist, or options do not go together.
        DataError: nothing could be read, or it does not go together with what the lake has.
        LakeError: the lake cannot be read or written.
    """
    provider = FilesProvider(
        paths, basis=basis, columns=columns, symbol=symbol, suffix=suffix, date_format=date_format
    )
    source = provider.files[0].name
    if len(provider.files) > 1:
        source += f" and {len(provider.files) - 1} more"
    result = provider.read(progress)
    return take_in(result, lake, calendar=calendar, source=source, thresholds=thresholds)
