"""What the page of a study shows, as plain values; the template only lays out.

Strings are plain text, never markup; the template escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.report.view import Alarm, Badge, Card, Fact, MetricRow, Table, Tone

__all__ = ["Maps", "Records", "Slice", "StudySheet"]


@dataclass(frozen=True, slots=True)
class Maps:
    """The two heat maps of a pair of parameters.

    Attributes:
        label: the pair, in the list to choose from.
        surface, plateau: names of the figures.
    """

    label: str
    surface: str
    plateau: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The chart of one parameter: the name of the figure, and of the parameter."""

    figure: str
    label: str


@dataclass(frozen=True, slots=True)
class Records:
    """A table and how many rows it would have in full."""

    table: Table
    total: int


@dataclass(frozen=True, slots=True)
class StudySheet:
    """A whole page but for its figures, top to bottom."""

    title: str
    name: str
    subtitle: str
    parameters: Sequence[Fact]
    grid: Sequence[Fact]
    badges: Sequence[Badge]
    identity: Sequence[Fact]
    alarm: Alarm | None
    tone: Tone
    verdict: Sequence[str]
    cards: Sequence[Card]
    best_heading: str
    best: Records
    maps: Sequence[Maps]
    maps_note: str
    metric: str
    lines_note: str
    slices: Sequence[Slice]
    outside: str
    doubts: Sequence[MetricRow]
    notes: Sequence[str]
    pieces_heading: str
    pieces: Records | None
    failures: Table | None
    paths: Table
    flags: Sequence[str]
    command: str
    command_note: str
    code_version: str
