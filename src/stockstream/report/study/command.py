"""The command line that makes a study again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError
from stockstream.report.reproduce import options
from stockstream.study.grid import parse_values, write_values
from stockstream.study.plan import BLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stockstream.report.study.findings import Findings

__all__ = ["command_note", "sweep_command"]

SELECT = "deflated_sharpe"
"""What ``sweep`` ranks by if it is not told."""


def sweep_command(findings: Findings) -> str:
    """``stockstream sweep`` with every option that is not the default, quoted for a shell."""
    words = [*options(findings.config), *_points(findings), *_study(findings)]
    lines = (" ".join(shlex.quote(word) for word in pair) for pair in words)
    return " \\\n  ".join(["stockstream sweep", *lines])


def command_note(findings: Findings) -> str:
    """What the command gives, and what it cannot say."""
    space = findings.space
    said = (
        f"Gives the same trials on the same data ({findings.identity.data_version}), code and "
        "lock; the digests above tell."
    )
    if space.listed is not None:
        return f"{said} It searches again: the same points, if it was for this ranking."
    if space.sample is not None and space.sample.seed != findings.config.seed:
        return (
            f"{said} Only its sample differs: it was drawn with the seed {space.sample.seed}, and "
            "a seed beside that of the run is for Python alone."
        )
    return said


def _points(findings: Findings) -> Iterator[tuple[str, ...]]:
    space = findings.space
    for name, values in space.axes.items():
        yield "--grid", f"{name}={_short(values)}"
    for text in space.where:
        yield "--where", text
    if space.listed is not None:
        yield "--search", str(len(space.listed))
    elif space.sample is not None:
        yield "--sample", str(space.sample.size)
        if space.sample.method != "random":
            yield "--sampler", space.sample.method


def _study(findings: Findings) -> Iterator[tuple[str, ...]]:
    if findings.split != "none":
        yield "--split", findings.split
    if findings.blocks not in {None, BLOCKS}:
        yield "--blocks", str(findings.blocks)
    if findings.keep_equity:
        yield "--keep-equity", str(findings.keep_equity)
    if findings.select != SELECT:
        yield "--select", findings.select


def _short(values: Sequence[Any]) -> str:
    """The values in the grammar of grids, as a range where one gives exactly these."""
    full = write_values(values)
    if len(values) < 3 or not all(type(value) in {int, float} for value in values):
        return full
    for kind in ("", "log "):
        text = f"{kind}{write_values(values[:1])}:{write_values(values[-1:])}:{len(values)}"
        try:
            if parse_values(text) == tuple(values):
                return text
        except ConfigError:
            continue
    return full
