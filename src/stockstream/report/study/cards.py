"""The badges and headline numbers of a study: the chosen point beside what luck would give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.report import trust
from stockstream.report.formats import DASH, chance, count, counted, percent, plain_number
from stockstream.report.view import Badge, Card
from stockstream.study.belief.verdict import LITTLE, MUCH

if TYPE_CHECKING:
    from stockstream.report.study.findings import Findings
    from stockstream.report.view import Tone
    from stockstream.study.belief.belief import Belief
    from stockstream.study.belief.verdict import Conclusion

__all__ = ["badges", "belief_badges", "cards", "verdict_tone"]

TONES: dict[Conclusion, Tone] = {
    "edge": "good",
    "mixed": "caution",
    "luck": "bad",
    "loss": "bad",
    "unknown": "bad",
}

LIKELY = 0.95
"""Deflated Sharpe ratio from which a point is called better than luck (a 5 % test)."""

OVERFIT = (0.1, 0.5)
"""PBO below the first is fine; from the second on the choice is worse than a coin."""

WIDE = 1.96
"""Standard errors on each side of a 95 % interval."""

UNKNOWN = "not known"


def badges(findings: Findings) -> tuple[Badge, ...]:
    """Reasons to trust the numbers, and reasons not to; the most serious first."""
    found = [*trust.badges(findings), *belief_badges(findings.belief)]
    if findings.done < findings.trials:
        text = f"incomplete: {chance(findings.done / findings.trials)} of the trials"
        why = "the other trials have not run yet; `stockstream runs resume` runs them"
        found.append(Badge(text, "bad", why))
    if findings.failed:
        text = f"{count(findings.failed)} of {count(findings.trials)} trials failed"
        found.append(Badge(text, "caution", "the reasons are listed below"))
    gravity = {"bad": 0, "caution": 1, "good": 2}
    return tuple(sorted(found, key=lambda badge: gravity[badge.tone]))


def verdict_tone(belief: Belief | None) -> Tone:
    """The colour of the verdict."""
    return "bad" if belief is None else TONES[belief.conclusion]


def cards(findings: Findings) -> tuple[Card, ...]:
    """Sharpe, return, drawdown, overfitting, neighbours, trials."""
    belief = findings.belief
    return (
        _sharpe(belief),
        _return(findings),
        _drawdown(findings),
        _overfitting(belief),
        _neighbours(belief),
        _trials(findings, belief),
    )


def belief_badges(belief: Belief | None) -> list[Badge]:
    """PBO and the deflated Sharpe ratio of a point, where several were tried."""
    if belief is None or belief.trials < 2:
        return []
    pbo, found = belief.overfitting.probability, []
    if math.isfinite(pbo):
        found.append(
            Badge(
                f"PBO {chance(pbo)}",
                _overfit_tone(pbo),
                "probability of backtest overfitting: how often the best point of one half of the "
                "time was not above the middle of all points in the other half",
            )
        )
    deflated = belief.deflated.deflated_sharpe
    if math.isfinite(deflated):
        found.append(
            Badge(
                f"DSR {chance(deflated)} of {count(belief.trials)} trials",
                _luck_tone(deflated),
                "deflated Sharpe ratio: probability that the chosen point is better than the best "
                "of so many trials is by luck",
            )
        )
    return found


def _overfit_tone(pbo: float) -> Tone:
    if math.isnan(pbo):
        return ""
    return "good" if pbo < OVERFIT[0] else "caution" if pbo < OVERFIT[1] else "bad"


def _luck_tone(deflated: float) -> Tone:
    if math.isnan(deflated):
        return ""
    return "good" if deflated >= LIKELY else "caution" if deflated >= 0.5 else "bad"


def _sharpe(belief: Belief | None) -> Card:
    why = (
        "of the chosen point, from the joined returns of its pieces; the doubt is its deflated "
        "Sharpe ratio: the probability that it is above what luck gives the best of all trials"
    )
    if belief is None or math.isnan(belief.deflated.sharpe):
        return Card("Sharpe", DASH, UNKNOWN, why, "caution")
    found, alone = belief.deflated, belief.trials < 2
    sure = found.probability if alone else found.deflated_sharpe
    low, high = found.sharpe - WIDE * found.error, found.sharpe + WIDE * found.error
    said = f"{'above 0' if alone else 'above luck'}: {chance(sure)}"
    return Card(
        "Sharpe",
        plain_number(found.sharpe),
        said if math.isfinite(sure) else UNKNOWN,
        f"{why}; 95 % interval {plain_number(low)} to {plain_number(high)} without that luck",
        "" if _luck_tone(sure) == "good" else "caution",
        "" if alone else f"best by luck {plain_number(found.expected_maximum)}",
    )


def _return(findings: Findings) -> Card:
    middle = float(_median(findings, "total_return"))
    gained = findings.of_chosen("gained")
    many = "sharpe_worst" in findings.points.columns
    return Card(
        "Total return",
        percent(findings.of_chosen("total_return")),
        f"median point {percent(middle)}",
        "of the chosen point, its pieces joined; the median is over all points",
        "" if middle > 0.0 else "caution",
        f"{percent(gained, 0)} of {findings.pieces_named}s gained" if many else "",
    )


def _median(findings: Findings, column: str) -> float:
    numbers = findings.numbers(column)
    known = numbers[np.isfinite(numbers)]
    return float(np.median(known)) if len(known) else math.nan


def _drawdown(findings: Findings) -> Card:
    many = "max_drawdown_worst" in findings.points.columns
    worst = findings.of_chosen("max_drawdown_worst")
    return Card(
        "Max drawdown",
        percent(findings.of_chosen("max_drawdown")),
        f"worst {findings.pieces_named} {percent(worst)}"
        if many
        else f"median point {percent(_median(findings, 'max_drawdown'))}",
        "of the chosen point" + ("; the median over its pieces" if many else ""),
    )


def _overfitting(belief: Belief | None) -> Card:
    why = (
        "probability of backtest overfitting: how often the best point of one half of the time was "
        "not above the middle of all points in the other half"
    )
    pbo = math.nan if belief is None else belief.overfitting.probability
    if belief is None or math.isnan(pbo):
        return Card("Overfitting (PBO)", DASH, "nothing to choose from", why)
    return Card(
        "Overfitting (PBO)",
        chance(pbo),
        "50% is a coin",
        why,
        "" if _overfit_tone(pbo) == "good" else "caution",
        f"{count(belief.overfitting.halves)} halves of time",
    )


def _neighbours(belief: Belief | None) -> Card:
    why = "median Sharpe ratio of the points one step away: a plateau holds, a spike falls"
    if belief is None or math.isnan(belief.neighbour_median):
        return Card("Neighbours", DASH, "too few", why)
    kept = belief.kept_nearby
    if math.isnan(kept):
        says = "of a point that earns nothing"
    else:
        says = "a peak" if kept < LITTLE else "a slope" if kept < MUCH else "a plateau"
    return Card(
        "Neighbours",
        plain_number(belief.neighbour_median),
        says,
        f"{why}; a plateau keeps {percent(MUCH, 0)} of the point's own, a peak less than "
        f"{percent(LITTLE, 0)}",
        "" if kept >= MUCH else "caution",
        f"median of {count(belief.neighbours)}",
    )


def _trials(findings: Findings, belief: Belief | None) -> Card:
    points = len(findings.points)
    pieces = findings.trials // max(points, 1)
    other = 0 if belief is None else belief.other_trials
    return Card(
        "Trials",
        count(findings.trials),
        counted(points, "point") + (f" \u00d7 {count(pieces)}" if pieces > 1 else ""),
        "backtests that were run: points times pieces of the data; trials of other studies on the "
        "same data were chances for luck too",
        "",
        f"{count(other)} in other studies" if other else "",
    )
