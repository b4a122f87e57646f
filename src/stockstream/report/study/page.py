"""One study on one self-contained HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.flags import distrusted
from stockstream.report import trust
from stockstream.report.formats import count, counted, day, percent, plain_number
from stockstream.report.page import render_page, write_page
from stockstream.report.study.cards import badges, cards, verdict_tone
from stockstream.report.study.command import command_note, sweep_command
from stockstream.report.study.doubts import doubt_rows
from stockstream.report.study.figures import draw
from stockstream.report.study.tables import (
    best_points,
    failure_table,
    metric_label,
    path_table,
    piece_table,
)
from stockstream.report.study.view import StudySheet
from stockstream.report.view import Alarm, Fact
from stockstream.study.grid import show_values

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.report.study.figures import Drawn
    from stockstream.report.study.findings import Findings
    from stockstream.study.result import StudyResult

__all__ = ["render_study", "study_sheet", "write_study_page"]

NOTHING = "Nothing can be said: no point ran."


def write_study_page(result: StudyResult, path: Path, *, select: str = "deflated_sharpe") -> Path:
    """Write the page of a study; an older file at that path is replaced whole or not at all.

    The page holds everything it needs and asks no server for anything. The same result
    gives the same bytes. Only points are held in memory, never trials.

    Args:
        result: the study with its trials.
        path: where to; its folder is made if it is missing.
        select: what the best points are chosen by; see :mod:`stockstream.study.selection`.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
        UnknownNameError: nothing is called ``select``.
    """
    from stockstream.report.study.gathering import gather

    return write_page(render_study(gather(result, select)), path, "the page of the study")


def render_study(findings: Findings) -> str:
    """The page as text."""
    drawn = draw(findings)
    sheet = study_sheet(findings, drawn)
    return render_page("study", title=sheet.title, figures=drawn.figures, script=True, sheet=sheet)


def study_sheet(findings: Findings, drawn: Drawn) -> StudySheet:
    """Everything the page says."""
    config, belief = findings.config, findings.belief
    return StudySheet(
        title=trust.strategy_title(config),
        name=findings.name,
        subtitle=_subtitle(findings),
        parameters=trust.parameters(config),
        grid=_grid(findings),
        badges=badges(findings),
        identity=trust.identity(findings),
        alarm=_alarm(findings),
        tone=verdict_tone(belief),
        verdict=(NOTHING,) if belief is None else belief.verdict,
        cards=cards(findings),
        best_heading=f"Best points by {findings.select.replace('_', ' ')}",
        best=best_points(findings),
        maps=drawn.maps,
        maps_note=drawn.maps_note,
        metric=metric_label(findings.metric),
        lines_note=drawn.lines_note,
        slices=drawn.slices,
        outside="" if findings.outside is None else findings.outside.what,
        doubts=() if belief is None else doubt_rows(belief),
        notes=() if belief is None else belief.notes,
        pieces_heading=f"The chosen point, {findings.pieces_named} by {findings.pieces_named}",
        pieces=piece_table(findings, findings.piece_labels),
        failures=failure_table(findings),
        paths=path_table(findings),
        flags=findings.flags,
        command=sweep_command(findings),
        command_note=command_note(findings),
        code_version=findings.identity.code_version,
    )


def _subtitle(findings: Findings) -> str:
    config = findings.config
    pieces = findings.trials // max(len(findings.points), 1)
    parts = [
        f"{day(config.start_date)} \u2013 {day(config.end_date)}",
        trust.universe(config),
        counted(findings.trials, "trial"),
    ]
    if findings.pieces_named:
        parts.append(
            f"{counted(len(findings.points), 'point')} \u00d7 "
            f"{counted(pieces, findings.pieces_named)}"
        )
    if findings.seconds > 0:
        rate = counted(round(findings.trials / findings.seconds), "trial")
        digits = 0 if findings.seconds >= 10 else 1
        parts.append(f"{plain_number(findings.seconds, digits)} s, {rate}/s")
    return " \u00b7 ".join(parts)


def _grid(findings: Findings) -> tuple[Fact, ...]:
    """What was tried: the values of each parameter, constraints, sampling, the split."""
    facts = [Fact(name, show_values(tuple(values))) for name, values in findings.axes.items()]
    space = findings.space
    facts += [Fact("where", text) for text in space.where]
    if space.sample is not None:
        facts.append(Fact("sample", str(space.sample)))
    if space.listed is not None:
        facts.append(Fact("search", f"{count(len(space.listed))} of {count(space.whole)} points"))
    if findings.split != "none":
        facts.append(Fact("split", findings.split))
    return tuple(facts)


def _alarm(findings: Findings) -> Alarm | None:
    """Why every number below means nothing, if so."""
    doubts = distrusted(findings.flags)
    if doubts:
        return Alarm("Do not believe these numbers", tuple(doubts))
    if findings.failed == findings.trials:
        reasons = tuple(reason for reason, _ in findings.failures[:3])
        return Alarm("Every trial failed: there is nothing to show", reasons)
    if float(findings.numbers("trades").sum()) == 0.0:
        return Alarm(
            "No trial traded: every number below describes idle cash",
            ("Try a longer period, shorter indicator periods or more capital.",),
        )
    if findings.failed > findings.trials / 2:
        share = percent(findings.failed / findings.trials, 0)
        return Alarm(f"{share} of the trials failed", ("The reasons are listed below.",))
    return None
