"""What a tear sheet shows, as plain values: everything is decided here, the template only lays out.

Strings are plain text, never markup; the template escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Alarm",
    "Badge",
    "Card",
    "Cell",
    "Column",
    "Fact",
    "MetricGroup",
    "MetricRow",
    "Row",
    "Sheet",
    "Table",
    "Tone",
    "TradeTable",
    "tone_of",
]

Tone = Literal["", "good", "caution", "bad", "gain", "loss", "quiet", "text", "best"]
"""How a piece of text is coloured; each is a class in ``page.css``."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label, what it says, and the long form behind it."""

    label: str
    value: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """One reason to trust the numbers below, or not to."""

    text: str
    tone: Tone
    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that makes every number below meaningless."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A headline number, the doubt that belongs to it, and what stands beside it."""

    label: str
    value: str
    doubt: str
    why: str
    tone: Tone = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a table column."""

    label: str
    why: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell.

    Attributes:
        text: what is shown.
        tone: its colour.
        sort: the number to sort by; None sorts by the text.
    """

    text: str
    tone: Tone = ""
    sort: float | int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A table row that covers a span of sessions, as ISO dates."""

    cells: tuple[Cell, ...]
    label: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric with its definition, and why it has no value where it has none."""

    label: str
    value: str
    definition: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TradeTable:
    """The trades: a head of them as rows, and as many as fit as CSV."""

    summary: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    csv: str


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: heads, rows that begin with their label, and a line about all of it."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics that belong together."""

    title: str
    rows: tuple[MetricRow, ...]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole tear sheet but for its figures, top to bottom."""

    title: str
    run: str
    subtitle: str
    parameters: Sequence[Fact]
    badges: Sequence[Badge]
    identity: Sequence[Fact]
    alarm: Alarm | None
    cards: Sequence[Card]
    benchmark_name: str
    confidence: Table
    benchmark: Table | None
    years: Sequence[Row]
    contribution: Table | None
    contributors: str
    strategies: Table | None
    costs: Table | None
    walk: Table | None
    trades: TradeTable
    drawdowns: Sequence[Row]
    flags: Sequence[str]
    metrics: Sequence[MetricRow]
    statistics: Sequence[MetricGroup]
    command: str
    command_note: str
    code_version: str
    engine: str


def tone_of(value: float) -> Tone:
    """Blue for a gain, red for a loss, none for zero and NaN."""
    return "gain" if value > 0 else "loss" if value < 0 else ""
