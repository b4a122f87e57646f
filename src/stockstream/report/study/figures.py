"""The charts of a study's page by name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report import charts
from stockstream.report.formats import chance, count, percent, plain_number
from stockstream.report.metric_rows import RATIOS
from stockstream.report.study.distributions import Line, histogram, in_and_out_chart
from stockstream.report.study.parameters import MOST_LINES, parallel_chart, slice_chart
from stockstream.report.study.tables import metric_label
from stockstream.report.study.view import Maps, Slice
from stockstream.report.theme import LIGHT
from stockstream.study.steps import MOST_STEPS
from stockstream.study.surface import lattice_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from stockstream.report.study.findings import Findings
    from stockstream.study.surface import Lattice, Surface

__all__ = ["Drawn", "draw"]

MOST_PAIRS = 10
"""Pairs of parameters with a heat map each."""

MOST_SLICES = 12

ENOUGH = 0.5
"""Share of the cells that a heat map through the chosen point must fill; else medians are shown."""

FEW_PIECES = 8
"""Pieces up to which a table says more than a distribution."""


@dataclass(frozen=True)
class Drawn:
    """The charts, and what must be said beside them.

    Attributes:
        figures: by name.
        maps: the pairs of parameters.
        maps_note: how the other parameters were treated.
        lines_note: how many points are drawn as lines.
        slices: the parameters.
    """

    figures: dict[str, go.Figure]
    maps: tuple[Maps, ...]
    maps_note: str
    lines_note: str
    slices: tuple[Slice, ...]


def draw(findings: Findings) -> Drawn:
    """Every chart that the study has the data for."""
    lattice = lattice_of(findings.points, findings.axes)
    figures: dict[str, go.Figure] = {}
    maps, note = _maps(findings, lattice, figures)
    slices = _slices(findings, lattice, figures)
    lines = _lines(findings, lattice, figures)
    figures.update(_luck(findings))
    figures.update(_pieces(findings))
    return Drawn(figures, maps, note, lines, slices)


def _maps(
    findings: Findings, lattice: Lattice, figures: dict[str, go.Figure]
) -> tuple[tuple[Maps, ...], str]:
    """A heat map and its plateau for each pair of parameters, the first two first."""
    if len(lattice.axes) < 2 or not np.isfinite(findings.numbers(findings.metric)).any():
        return (), ""
    made = []
    pairs = list(combinations(range(len(lattice.axes)), 2))
    at = _held_at(findings, lattice)
    for up, across in pairs[:MOST_PAIRS]:
        x, y = lattice.names[across], lattice.names[up]
        surface = lattice.surface(findings.numbers(findings.metric), x, y, at)
        one = Maps(f"{y} and {x}", f"surface-{up}-{across}", f"plateau-{up}-{across}")
        plateau = lattice.surface(findings.neighbours, x, y, at)
        figures[one.surface] = _heat_map(findings, lattice, surface)
        figures[one.plateau] = _heat_map(findings, lattice, plateau)
        made.append(one)
    return tuple(made), _maps_note(lattice, at, len(pairs))


def _held_at(findings: Findings, lattice: Lattice) -> int | None:
    """The chosen point if most maps through it are filled; None takes medians."""
    if len(lattice.axes) == 2 or findings.chosen < 0:
        return None
    x, y = lattice.names[1], lattice.names[0]
    return findings.chosen if lattice.filled(x, y, findings.chosen) >= ENOUGH else None


def _maps_note(lattice: Lattice, at: int | None, pairs: int) -> str:
    said = []
    if at is not None:
        held = ", ".join(
            f"{one.name}={one.shown(int(lattice.places[at, place]))}"
            for place, one in enumerate(lattice.axes)
        )
        said.append(f"All other parameters are held at the chosen point ({held}).")
    elif len(lattice.axes) > 2:
        said.append("Each cell is the median over all values of the other parameters.")
    if any(one.edges is not None for one in lattice.axes):
        said.append("Many values share bins; a bin shows the median of its points.")
    left = [f"{count(one.left_out)} of {one.name}" for one in lattice.axes if one.left_out]
    if left:
        said.append(f"Only the first {MOST_STEPS} choices are drawn; not shown: {', '.join(left)}.")
    if pairs > MOST_PAIRS:
        said.append(f"{MOST_PAIRS} of {pairs} pairs are shown.")
    return " ".join(said)


def _heat_map(findings: Findings, lattice: Lattice, surface: Surface) -> go.Figure:
    chosen = None
    if findings.chosen >= 0:
        across, up = lattice.axis(surface.x.name), lattice.axis(surface.y.name)
        place = lattice.places[findings.chosen]
        if place[across] >= 0 and place[up] >= 0:
            chosen = surface.x.labels[place[across]], surface.y.labels[place[up]]
    return charts.parameter_heat_map(
        surface.x.name,
        surface.x.labels,
        surface.y.name,
        surface.y.labels,
        surface.values,
        metric=metric_label(findings.metric),
        chosen=chosen,
        fraction=_fraction(findings),
    )


def _slices(
    findings: Findings, lattice: Lattice, figures: dict[str, go.Figure]
) -> tuple[Slice, ...]:
    values, made = findings.numbers(findings.metric), []
    at = findings.chosen if findings.chosen >= 0 else None
    for place, one in enumerate(lattice.axes[:MOST_SLICES]):
        name = f"slice-{place}"
        figures[name] = slice_chart(
            lattice.marginal(values, one.name, at),
            metric=metric_label(findings.metric),
            fraction=_fraction(findings),
            chosen=int(lattice.places[at, place]) if at is not None else -1,
        )
        made.append(Slice(name, one.name))
    return tuple(made)


def _lines(findings: Findings, lattice: Lattice, figures: dict[str, go.Figure]) -> str:
    values = findings.numbers(findings.metric)
    known = int(np.isfinite(values).sum())
    if len(lattice.axes) < 2 or known < 2:
        return ""
    figures["parallel"] = parallel_chart(
        lattice,
        values,
        metric=metric_label(findings.metric),
        fraction=_fraction(findings),
        less=findings.less,
        chosen=findings.chosen,
    )
    if known <= MOST_LINES:
        return f"All {count(known)} points."
    return (
        f"{count(MOST_LINES)} of {count(known)} points: the best ones, and an even share of all "
        "ranks below them."
    )


def _luck(findings: Findings) -> dict[str, go.Figure]:
    """The Sharpe ratios of all points, the halves of the cross-validation, in and out of sample."""
    sharpes, belief = findings.sharpes, findings.belief
    drawn = {}
    if np.isfinite(sharpes).sum() > 1 and belief is not None:
        drawn["sharpes"] = histogram(
            sharpes,
            name="Sharpe ratio of a point",
            of="points",
            lines=(
                Line(
                    belief.deflated.expected_maximum,
                    f"best by luck {plain_number(belief.deflated.expected_maximum)}",
                    LIGHT.loss,
                    "dash",
                ),
                Line(
                    belief.deflated.sharpe,
                    f"chosen {plain_number(belief.deflated.sharpe)}",
                    LIGHT.second,
                ),
            ),
        )
    if belief is not None and belief.overfitting.halves > 1:
        pbo = chance(belief.overfitting.probability)
        drawn["logits"] = histogram(
            belief.overfitting.logits,
            name="logit of its rank in the other half",
            of="halves",
            lines=(Line(0.0, f"\u2190 {pbo} not above the middle", LIGHT.ink, "dot"),),
            by_sign=True,
        )
    outside = findings.outside
    if outside is not None and len(outside.inside):
        drawn["outside"] = in_and_out_chart(
            outside.inside,
            outside.outside,
            outside.labels,
            name="Sharpe ratio",
            chosen=outside.chosen,
        )
    return drawn


def _pieces(findings: Findings) -> dict[str, go.Figure]:
    """The returns of the pieces of the chosen point, where there are enough for a distribution."""
    if len(findings.pieces) <= FEW_PIECES:
        return {}
    returns = findings.pieces["total_return"].cast(float).fill_null(float("nan")).to_numpy()
    if not np.isfinite(returns).any():
        return {}
    middle = float(np.nanmedian(returns))
    return {
        "pieces": histogram(
            returns,
            name=f"total return of a {findings.pieces_named}",
            of=f"{findings.pieces_named}s",
            lines=(Line(middle, f"median {percent(middle)}", LIGHT.ink, "dot"),),
            fraction=True,
            by_sign=True,
        )
    }


def _fraction(findings: Findings) -> bool:
    """Whether the drawn metric is a share, to be written in percent."""
    plain = findings.metric.removesuffix("_worst").removesuffix("_best")
    return plain not in RATIOS | {"pooled_sharpe", "plateau", "score", "turnover", "trades"}
