"""Every test of a study with its value and what it means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.report.formats import DASH, count, percent, plain_number
from stockstream.report.view import MetricRow

if TYPE_CHECKING:
    from stockstream.study.belief.belief import Belief

__all__ = ["doubt_rows"]


def doubt_rows(belief: Belief) -> tuple[MetricRow, ...]:
    """The numbers behind the verdict, in its order."""
    rows = (*_ratio(belief), *_luck(belief), *_tests(belief), *_later(belief))
    return tuple(row for row in rows if row.value != DASH)


def _ratio(belief: Belief) -> tuple[MetricRow, ...]:
    found = belief.deflated
    return (
        MetricRow(
            "Sharpe",
            f"{plain_number(found.sharpe)} \u00b1 {plain_number(found.error)}",
            "Of the chosen point a year, with its standard error.",
        ),
        MetricRow(
            "Probabilistic Sharpe ratio",
            _share(found.probability),
            "Probability of a true ratio above 0, if it were the only trial.",
        ),
    )


def _luck(belief: Belief) -> tuple[MetricRow, ...]:
    if belief.trials < 2:
        return ()
    found = belief.deflated
    return (
        MetricRow(
            "Best by luck",
            plain_number(found.expected_maximum),
            f"Expected Sharpe ratio of the best of {count(belief.trials)} trials without an edge "
            "(Bailey and Lopez de Prado 2014).",
        ),
        MetricRow(
            "Deflated Sharpe ratio",
            _share(found.deflated_sharpe),
            "Probability that the true ratio is above that.",
        ),
        MetricRow(
            "The same, trials that hang together",
            _share(found.deflated_effective),
            f"With {plain_number(belief.effective_trials, 1)} independent trials, which is what "
            f"all are worth at a mean correlation of {plain_number(belief.correlation)}.",
        ),
        MetricRow(
            "Minimum length",
            _years(found.minimum_years),
            "Below it luck alone is expected to show this ratio; there are "
            f"{_years(belief.years)} (Bailey et al. 2014).",
        ),
    )


def _tests(belief: Belief) -> tuple[MetricRow, ...]:
    check, found = belief.reality_check, belief.overfitting
    return (
        MetricRow(
            "Reality check, p",
            _share(check.white),
            f"White 2000: chance of a best point this far above cash without an edge; "
            f"{count(check.resamples)} resamples.",
        ),
        MetricRow(
            "Superior predictive ability, p",
            _share(check.consistent),
            "Hansen 2005: the same, not fooled by many bad points.",
        ),
        MetricRow(
            "Overfitting (PBO)",
            _share(found.probability),
            "How often the best of one half of the time was not above the middle of all points in "
            f"the other, over {count(found.halves)} halves (Bailey et al. 2015).",
        ),
        MetricRow(
            "Loss out of sample",
            _share(found.loss),
            "How often that point had a Sharpe ratio below zero there.",
        ),
    )


def _later(belief: Belief) -> tuple[MetricRow, ...]:
    decay = belief.decay
    return (
        MetricRow(
            "Kept later",
            percent(decay.kept, 0),
            f"The best point of the earlier data went from {plain_number(decay.before)} to "
            f"{plain_number(decay.after)}; the median point had "
            f"{plain_number(decay.median_after)} later.",
        ),
        MetricRow(
            "Ranks kept",
            plain_number(decay.correlation),
            "Rank correlation of the points earlier and later: 1 if good points stay good.",
        ),
    )


def _share(value: float) -> str:
    """A probability; never one that claims to be certain."""
    if math.isnan(value):
        return DASH
    return "below 0.1%" if value < 0.0005 else "above 99.9%" if value > 0.9995 else percent(value)


def _years(value: float) -> str:
    return f"{plain_number(value, 1)} years" if math.isfinite(value) else DASH
