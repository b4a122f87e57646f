"""What the page says, as plain values: everything is decided here, the template only lays out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.market.findings import FINDINGS
from stockstream.market.quality import TOLERANCE
from stockstream.market.rules import RULES
from stockstream.report.formats import DASH, count, day, percent
from stockstream.report.view import Badge, Card, Cell, Fact

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from stockstream.market.quality import Quality
    from stockstream.report.view import Tone

__all__ = ["QualitySheet", "Source", "Table", "quality_sheet"]

ROWS: Final = 100
"""Rows of a table about symbols."""

TONES: Final[dict[str, Tone]] = {"error": "bad", "warning": "caution", "info": ""}


@dataclass(frozen=True, slots=True)
class Source:
    """Whose data it is.

    Attributes:
        place: folder or URL of the lake.
        version: its data version.
        calendar: name of its calendar, or ``"none"``.
        simulated: whether the bars are made up.
        asked: the symbols or days that were asked for, as text; nothing for all of them.
    """

    place: str
    version: str
    calendar: str
    simulated: bool = False
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page.

    Attributes:
        heads: one for each column; a leading ``<`` aligns its cells to the left.
        rows: cells of the first rows.
        total: how many rows there are.
        note: what stands above it.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class QualitySheet:
    """The whole page but for its figures, top to bottom."""

    source: Source
    subtitle: str
    badges: Sequence[Badge]
    identity: Sequence[Fact]
    cards: Sequence[Card]
    rules: Table
    quarantine: Table
    market_gaps: Table
    symbol_gaps: Table
    ends: Table
    symbols: Table
    adjusted: Table
    thresholds: Sequence[Fact]


def quality_sheet(quality: Quality, source: Source) -> QualitySheet:
    """Everything the page says."""
    first, last = _span(quality)
    return QualitySheet(
        source=source,
        subtitle=f"{count(len(quality.symbols))} symbols \u00b7 {count(quality.bars)} bars \u00b7 "
        f"{day(first)} to {day(last)}",
        badges=tuple(_badges(quality, source)),
        identity=tuple(_identity(source)),
        cards=tuple(_cards(quality)),
        rules=_rules(quality.rules, FINDINGS, ("symbols",)),
        quarantine=_rules(quality.quarantine, RULES, ("symbols", "replaced")),
        market_gaps=_market_gaps(quality.sessions),
        symbol_gaps=_symbol_gaps(quality.findings, "long_gap", "Back on"),
        ends=_symbol_gaps(quality.findings, "tail_gap", "Last bar"),
        symbols=_symbols(quality.symbols),
        adjusted=_adjusted(quality.adjusted),
        thresholds=[Fact(name, f"{value:g}") for name, value in asdict(quality.thresholds).items()],
    )


def _span(quality: Quality) -> tuple[dt.date | None, dt.date | None]:
    if quality.sessions.is_empty():
        return None, None
    return quality.sessions["date"][0], quality.sessions["date"][-1]


def _badges(quality: Quality, source: Source) -> Iterator[Badge]:
    if source.simulated:
        yield Badge("simulated data", "caution", "the market is made up")
    for severity, found in reversed(quality.counts.items()):
        if severity != "info" and found:
            word = f"{count(found)} {severity}{'' if found == 1 else 's'}"
            yield Badge(word, TONES[severity], f"findings of severity {severity}")
    if not quality.counts["error"] and not quality.counts["warning"]:
        yield Badge("nothing found", "good", "no finding of severity error or warning")


def _identity(source: Source) -> Iterator[Fact]:
    yield Fact("Lake", source.place)
    yield Fact("Version", source.version)
    yield Fact("Calendar", source.calendar)
    if source.asked:
        yield Fact("Asked for", source.asked)


def _cards(quality: Quality) -> Iterator[Card]:
    states = quality.sessions["state"]
    sessions, whole = len(states), int((states == "ok").sum())
    lacking = count(sessions - whole)
    yield Card(
        "Whole sessions",
        percent(whole / sessions) if sessions else DASH,
        f"{lacking} of {count(sessions)} lack" if sessions > whole else "none lacks",
        "sessions on which the usual number of symbols has a bar",
        "caution" if sessions > whole else "",
    )
    for severity, found in reversed(quality.counts.items()):
        of = quality.rules.filter(pl.col("severity") == severity)
        kinds = f"{count(len(of))} rule{'' if len(of) == 1 else 's'}" if found else "none"
        tone: Tone = "caution" if found and severity != "info" else ""
        label = {"error": "Errors", "warning": "Warnings", "info": "Remarks"}[severity]
        yield Card(label, count(found), kinds, f"findings of severity {severity}", tone)
    replaced = int(quality.quarantine["replaced"].sum()) if quality.set_aside else 0
    yield Card(
        "Set aside",
        count(quality.set_aside),
        f"{count(replaced)} replaced since" if quality.set_aside else "none",
        "rows that broke a rule; replaced: a sound bar of that day came later",
    )
    compared = len(quality.adjusted)
    off = len(quality.adjusted.filter((pl.col("off") > 0) | pl.col("reason").is_not_null()))
    yield Card(
        "Adjusted closes",
        percent(1 - off / compared, 0) if compared else DASH,
        f"{count(off)} of {count(compared)} differ" if off else f"{count(compared)} compared",
        "symbols whose stored adjusted closes follow from close, splits and dividends",
        "caution" if off else "",
    )


def _rules(rules: pl.DataFrame, meanings: dict[str, str], extra: tuple[str, ...]) -> Table:
    rows = [
        (
            Cell(row["rule"]),
            Cell(row["severity"], TONES[row["severity"]]),
            Cell(count(row["count"])),
            *(Cell(count(row[name])) for name in extra),
            Cell(day(row["first"])),
            Cell(day(row["last"])),
            Cell(row["worst"] or "the market"),
            Cell(meanings.get(row["rule"], ""), "quiet"),
        )
        for row in rules.iter_rows(named=True)
    ]
    heads = ("<Rule", "<Severity", "Rows", *(name.capitalize() for name in extra))
    return Table((*heads, "First", "Last", "<Most often", "<Meaning"), tuple(rows), len(rows))


def _market_gaps(sessions: pl.DataFrame) -> Table:
    """Sessions that lack, neighbours of the same state in one row."""
    odd = (
        sessions.with_columns(run=pl.col("state").rle_id())
        .filter(pl.col("state") != "ok")
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("state", "usual").first(),
            first=pl.col("date").first(),
            last=pl.col("date").last(),
            sessions=pl.len(),
            symbols=pl.col("symbols").min(),
        )
    )
    rows = [
        (
            Cell(day(row["first"])),
            Cell(day(row["last"]) if row["sessions"] > 1 else ""),
            Cell(row["state"], "bad" if row["state"] == "missing" else "caution"),
            Cell(count(row["sessions"])),
            Cell(count(row["symbols"])),
            Cell(DASH if row["usual"] is None else count(row["usual"])),
        )
        for row in odd.iter_rows(named=True)
    ]
    heads = ("<From", "<To", "<State", "Sessions", "Symbols", "Usually")
    return Table(heads, tuple(rows), len(rows))


def _symbol_gaps(findings: pl.DataFrame, rule: str, head: str) -> Table:
    """Gaps of single symbols, the longest first."""
    detail = pl.col("detail")
    found = (
        findings.filter(pl.col("rule") == rule)
        .with_columns(
            sessions=detail.str.extract(r"(\d+) sessions").cast(pl.Int64),
            other=detail.str.extract(r"(\d{4}-\d\d-\d\d)").str.to_date(),
        )
        .sort("sessions", "symbol", descending=[True, False])
    )
    rows = [
        (
            Cell(row["symbol"]),
            Cell(count(row["sessions"])),
            Cell(day(row["date"])),
            Cell(day(row["other"])),
        )
        for row in found.head(ROWS).iter_rows(named=True)
    ]
    heads = ("<Symbol", "Sessions", "First missed", head)
    return Table(heads, tuple(rows), len(found))


def _symbols(symbols: pl.DataFrame) -> Table:
    shown = symbols.head(ROWS)
    rows = [
        (
            Cell(row["symbol"]),
            Cell(day(row["first"])),
            Cell(day(row["last"])),
            Cell(count(row["bars"])),
            Cell(DASH if row["coverage"] is None else percent(row["coverage"])),
            *(
                Cell(count(row[name]), TONES.get(name, "") if row[name] else "quiet")
                for name in ("error", "warning", "info", "set_aside")
            ),
        )
        for row in shown.iter_rows(named=True)
    ]
    heads = ("<Symbol", "<First", "<Last", "Bars", "Coverage", "Errors", "Warnings", "Remarks")
    return Table((*heads, "Set aside"), tuple(rows), len(symbols))


def _adjusted(adjusted: pl.DataFrame) -> Table:
    off = adjusted.filter((pl.col("off") > 0) | pl.col("reason").is_not_null())
    rows = [
        (
            Cell(row["symbol"]),
            Cell(f"{count(row['off'])} of {count(row['bars'])}" if row["reason"] is None else DASH),
            Cell(DASH if row["worst"] is None else percent(row["worst"], 2)),
            Cell(day(row["date"])),
            Cell(count(row["events"])),
            Cell(row["reason"] or _how_compared(row["events"], row["convention"]), "quiet"),
        )
        for row in off.head(ROWS).iter_rows(named=True)
    ]
    heads = ("<Symbol", "Bars off", "Worst", "Last day off", "Events", "<Compared")
    return Table(heads, tuple(rows), len(off), f"Off by more than {percent(TOLERANCE)}.")


def _how_compared(events: int, convention: str) -> str:
    return f"by the convention {convention!r}" if events else "no event of it is known"
