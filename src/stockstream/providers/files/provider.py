"""Bars from files: CSV and Parquet, one or many, of one symbol or of a whole market."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from stockstream.errors import ConfigError, DataError
from stockstream.market.actions import conform_actions, empty_actions
from stockstream.market.bars import KEY, conform, empty_bars
from stockstream.market.basis import infer_basis
from stockstream.market.frames import sort_rows
from stockstream.providers.base import Failure, FetchResult, Pace
from stockstream.providers.files.layout import demand_fields
from stockstream.providers.files.reader import FileReader

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from stockstream.market.bars import Basis
    from stockstream.providers.files.reader import FileRows

    Progress = Callable[[int, int], None]

__all__ = ["FilesProvider"]

SUFFIXES: Final = (".csv", ".parquet")


class FilesProvider:
    """Reads bars and events from CSV and Parquet files.

    Args:
        paths: files, and folders of which every ``.csv`` and ``.parquet`` is read.
        basis: ``"raw"`` (as traded) or ``"split"`` (split-adjusted); ``"auto"`` finds it out.
        columns: what the columns are, in order, for CSV files without a header line.
        symbol: the symbol of one file that has no such column; else the file's name says it.
        suffix: put behind every symbol that does not end in it, such as ``".AX"``; symbols are then
            written in upper case.
        date_format: strptime format of the dates, where they can be read in two ways.

    Raises:
        ConfigError: a path does not exist, or options do not go together.
    """

    name: Final = "files"
    pace: Final = Pace(symbols_per_request=None, per_second=None)

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        basis: Literal["auto"] | Basis = "auto",
        columns: Sequence[str] | None = None,
        symbol: str | None = None,
        suffix: str = "",
        date_format: str | None = None,
    ) -> None:
        self.files = _expand([Path(path) for path in paths])
        if symbol is not None and len(self.files) > 1:
            raise ConfigError(
                f"symbol {symbol!r} was given for {len(self.files)} files; import them one by one, "
                "or name the files after their symbols"
            )
        if columns is not None:
            demand_fields(columns)
        self._basis = basis
        self._reader = FileReader(columns, symbol, suffix, date_format)

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars and events of some symbols; see :class:`stockstream.providers.base.Provider`."""
        everything = self.read()
        wanted = pl.col("symbol").is_in(list(symbols)) & pl.col("date").is_between(start, end)
        bars = everything.bars.filter(wanted)
        absent = sorted(set(symbols) - set(bars["symbol"]))
        failures = [Failure(name, f"no row from {start} to {end}", "empty") for name in absent]
        return FetchResult(
            bars,
            everything.actions.filter(wanted),
            (*everything.failures, *failures),
            everything.basis_reason,
        )

    def read(self, progress: Progress | None = None) -> FetchResult:
        """Everything in the files. A file that cannot be read is a failure beside the others.

        Args:
            progress: called after each file with how many are done and how many there are.

        Raises:
            DataError: no file could be read, or their splits contradict each other.
        """
        pieces: list[FileRows] = []
        failures: list[Failure] = []
        for done, path in enumerate(self.files, start=1):
            try:
                pieces.append(self._reader.read(path))
            except DataError as error:
                failures.append(Failure(path.name, str(error)))
            if progress is not None:
                progress(done, len(self.files))
        if not pieces:
            raise DataError(_nothing_read(failures))
        return self._combined(pieces, tuple(failures))

    def _combined(self, pieces: list[FileRows], failures: tuple[Failure, ...]) -> FetchResult:
        left_out = tuple(failure for piece in pieces for failure in piece.left_out)
        events = pl.concat([empty_actions(), *(piece.actions for piece in pieces)])
        actions = conform_actions(events)
        frames, reasons = [], []
        for is_yahoo in (False, True):
            alike = [piece for piece in pieces if piece.is_yahoo is is_yahoo]
            if alike:
                frame, reason = self._on_basis(alike, actions, is_yahoo=is_yahoo)
                frames.append(frame)
                reasons.append(reason)
        bars = pl.concat(frames, how="diagonal")
        return FetchResult(bars, actions, (*failures, *left_out), "; ".join(dict.fromkeys(reasons)))

    def _on_basis(
        self, pieces: list[FileRows], actions: pl.DataFrame, *, is_yahoo: bool
    ) -> tuple[pl.DataFrame, str]:
        """Bars of files of one layout with their basis, and why it is that."""
        frames = [empty_bars(), *(piece.rows for piece in pieces)]
        rows = sort_rows(pl.concat(frames, how="diagonal_relaxed"), KEY)
        rows = rows.with_columns(pl.col("provider").fill_null(self.name))
        bars = conform(rows.with_columns(pl.col("basis").fill_null("raw")))
        basis, reason = self._find_basis(rows, bars, actions, is_yahoo=is_yahoo)
        # Both frames are in one order: a sort of sorted rows moves none of them.
        beside = [rows[name] for name in ("source", "utc_offset") if name in rows.columns]
        return bars.with_columns(rows["basis"].fill_null(basis), *beside), reason

    def _find_basis(
        self, rows: pl.DataFrame, bars: pl.DataFrame, actions: pl.DataFrame, *, is_yahoo: bool
    ) -> tuple[Basis, str]:
        if self._basis != "auto":
            return self._basis, f"{self._basis}, as given"
        if not rows["basis"].has_nulls():
            return "raw", "as the file says"
        votes = infer_basis(bars, actions)
        if votes.raw or votes.split:
            moves = "move with" if votes.basis == "raw" else "do not move with"
            number = max(votes.raw, votes.split)
            return votes.basis, f"{votes.basis}: prices {moves} {number:,} split(s)"
        if is_yahoo:
            return "split", "split: the columns are Yahoo's, whose prices are split-adjusted"
        return "raw", "raw: no split says otherwise"


def _expand(paths: list[Path]) -> list[Path]:
    """Files as they are, folders as the files of known kinds in them.

    Raises:
        ConfigError: a path does not exist, a folder has no such file, or a file is of another kind.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise ConfigError(f"folder {path} has no file that ends in {' or '.join(SUFFIXES)}")
            files += inside
        elif not path.exists():
            raise ConfigError(f"there is no file {path}; check the path")
        elif path.suffix.lower() not in SUFFIXES:
            raise ConfigError(
                f"{path} does not end in {' or '.join(SUFFIXES)}; rename or convert it"
            )
        else:
            files.append(path)
    if not files:
        raise ConfigError("no file was given")
    return files


def _nothing_read(failures: list[Failure]) -> str:
    if len(failures) == 1:
        return failures[0].reason
    more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
    reasons = "; ".join(failure.reason for failure in failures[:3])
    return f"none of {len(failures)} files could be read: {reasons}{more}"
