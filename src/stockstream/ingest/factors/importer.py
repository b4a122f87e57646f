"""``stockstream factors import``: tables of factors into the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import polars as pl

from stockstream.errors import ConfigError, DataError, NoDataError, UnknownNameError
from stockstream.ingest.factors.check import check_factors
from stockstream.ingest.factors.rows import Reading
from stockstream.ingest.factors.summary import FactorSummary
from stockstream.lake.factor_panel import factor_rows
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.providers.base import Failure

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.ingest.factors.check import CheckedFactors
    from stockstream.ingest.factors.rows import FactorRows
    from stockstream.ingest.factors.sources import FactorSource

__all__ = ["import_factors"]


def import_factors(
    sources: Sequence[FactorSource],
    lake: Lake | str | Path,
    *,
    known_at: str | None = None,
    known_lag: int | None = None,
    names: Sequence[str] | None = None,
    suffix: str = "",
    date_format: str | None = None,
) -> FactorSummary:
    """Import factors from files and databases.

    All sources go in as one: one check, one commit. A source that cannot be read is listed beside
    the others, which go in. Importing the same again changes nothing, and a value that the lake has
    is never replaced: a restatement is one more row, with a later ``known_at``.

    Args:
        sources: tables, see :mod:`stockstream.ingest.factors.layout` for what may be in them.
        lake: a lake, or where one is.
        known_at: the column that says when a value became public; ``known_at`` by default.
        known_lag: days from the date to its publication, where no column says it.
        names: the factors wanted; all by default.
        suffix: put behind every symbol that does not end in it, such as ``".AX"``.
        date_format: strptime format of the dates, where they can be read in two ways.

    Raises:
        ConfigError: nothing says when the values became public, or options do not go together.
        UnknownNameError: no source has a factor of a wanted name.
        DataError: no source could be read, or no value could be taken.
        LakeError: there is no lake, or it cannot be written.
    """
    if known_at is not None and known_lag is not None:
        raise ConfigError("--known-at and --known-lag exclude each other: give one of them")
    if known_lag is not None and known_lag < 0:
        raise ConfigError(f"--known-lag {known_lag} is before the date itself; give 0 or more days")
    target = lake if isinstance(lake, Lake) else Lake.open(lake)
    calendar = None if target.calendar == "none" else get_calendar(target.calendar)
    wanted = None if names is None else frozenset(names)
    reading = Reading(known_at, known_lag, wanted, suffix, date_format, calendar)
    tables, failures = _read(sources, reading)
    rows = pl.concat([table.rows for table in tables])
    known = _known_symbols(target)
    checked = check_factors(rows, _stored(target, rows), known)
    if checked.accepted.is_empty():
        raise NoDataError(_nothing_taken(checked, failures, known))
    if len(checked.new):
        target.add_factors(checked.new, source=_source(sources, known_lag))
    return _summary(target, tables, checked, failures)


def _read(
    sources: Sequence[FactorSource], reading: Reading
) -> tuple[list[FactorRows], list[Failure]]:
    tables: list[FactorRows] = []
    failures: list[Failure] = []
    for source in sources:
        try:
            tables.append(reading.read(source.read(), source.name))
        except DataError as error:
            failures.append(Failure(source.name, str(error)))
        else:
            failures += tables[-1].left_out
    if not tables:
        raise DataError("; ".join(failure.reason for failure in failures[:3]))
    there = frozenset[str]().union(*(table.names for table in tables))
    for name in sorted((reading.names or frozenset()) - there):
        raise UnknownNameError("factor", name, there)
    return tables, failures


def _known_symbols(lake: Lake) -> list[str]:
    """Every symbol that the lake has bars of or has ever seen on a list."""
    return sorted({*lake.symbols(), *lake.universe()["symbol"]})


def _stored(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """What the lake has of the same factors and days."""
    names = rows["name"].unique().drop_nulls().to_list()
    first, last = cast("tuple[dt.date | None, ...]", (rows["date"].min(), rows["date"].max()))
    return factor_rows(lake, names, start=first, end=last)


def _source(sources: Sequence[FactorSource], lag: int | None) -> str:
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    known = "" if lag is None else f", taken as known after {lag} days"
    return f"{sources[0].name}{more}{known}"


def _nothing_taken(
    checked: CheckedFactors, failures: Sequence[Failure], known: Sequence[str]
) -> str:
    """Why, and the suffix that would help if there is one."""
    reasons = [
        f"{number:,} {rule} ({checked.examples[rule]})" for rule, number in checked.rejected.items()
    ]
    reasons += [failure.reason for failure in failures[:3]]
    text = f"no value could be taken: {'; '.join(reasons) or 'the sources hold none'}"
    for symbol in checked.unknown[:1]:
        fitting = [name for name in known if name.startswith(f"{symbol}.")]
        for name in fitting[:1]:
            text += f"; the lake has {name}: add --suffix {name.removeprefix(symbol)}"
    return text


def _summary(
    lake: Lake, tables: Sequence[FactorRows], checked: CheckedFactors, failures: Sequence[Failure]
) -> FactorSummary:
    dates = checked.accepted["date"]
    return FactorSummary(
        values=sum(len(table.rows) for table in tables),
        empty=sum(table.empty for table in tables),
        added=len(checked.new),
        unchanged=len(checked.accepted) - len(checked.new),
        rejected=checked.rejected,
        noted=checked.noted,
        examples=checked.examples,
        unknown=checked.unknown,
        names=tuple(checked.accepted["name"].unique().sort()),
        symbols=checked.accepted["symbol"].n_unique(),
        first=cast("dt.date | None", dates.min()),
        last=cast("dt.date | None", dates.max()),
        failures=tuple(failures),
        lake=str(lake.location),
    )
