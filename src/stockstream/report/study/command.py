"""The command line that makes a study again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError
from stockstream.report.reproduce import options
from stockstream.study.grid import parse_values, write_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.report.study.findings import Findings

__all__ = ["sweep_command"]


def sweep_command(findings: Findings) -> str:
    """``stockstream sweep`` with every option that is not the default, quoted for a shell."""
    words = [" ".join(shlex.quote(word) for word in pair) for pair in options(findings.config)]
    words += [
        f"--grid {shlex.quote(f'{name}={_short(values)}')}"
        for name, values in findings.space.axes.items()
    ]
    words += [f"--where {shlex.quote(text)}" for text in findings.space.where]
    sample = findings.space.sample
    if sample is not None:
        words.append(f"--sample {sample.size}")
        words += [f"--sampler {sample.method}"] if sample.method != "random" else []
    if findings.split != "none":
        words.append(f"--split {shlex.quote(findings.split)}")
    return " \\\n  ".join(["stockstream sweep", *words])


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
