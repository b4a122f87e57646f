"""Numbers for a terminal: as the reports write them, with signs that every tool understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.report import formats

if TYPE_CHECKING:
    from stockstream.metrics.summary import Metrics

__all__ = ["count", "metric_cells", "money", "percent", "plain", "ratio", "size"]


_SIGNS = str.maketrans({formats.MINUS: "-", formats.DASH: "-", "\u00d7": "x"})


def percent(fraction: float, digits: int = 1, *, signed: bool = False) -> str:
    """``-0.0525`` as ``-5.2%``."""
    return plain(formats.percent(fraction, digits, signed=signed))


def ratio(value: float) -> str:
    """``0.5432`` as ``0.54``."""
    return plain(formats.plain_number(value))


def money(value: float) -> str:
    """``100000.0`` as ``100,000``."""
    return plain(formats.money(value))


def count(value: int, noun: str = "") -> str:
    """``1234`` as ``1,234``; with a noun ``1,234 bars`` or ``1 bar``."""
    return f"{value:,}" if not noun else f"{value:,} {noun}{'' if value == 1 else 's'}"


def size(number: float) -> str:
    """Bytes: ``1234567`` as ``1.2 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return (
                f"{number:.0f} {unit}"
                if number >= 10 or unit == "bytes"
                else f"{number:.1f} {unit}"
            )
        number /= 1000
    return f"{number:.1f} TB"


def metric_cells(metrics: Metrics) -> list[tuple[str, str]]:
    """Label and value of every metric, ``-`` where there is none."""
    from stockstream.report.metric_rows import metric_rows

    return [(row.label, plain(row.value)) for row in metric_rows(metrics)]


def plain(text: str) -> str:
    """The signs of a page as those of a terminal: hyphens, ``x``, and commas between facts."""
    return text.translate(_SIGNS).replace(" \u00b7 ", ", ")
