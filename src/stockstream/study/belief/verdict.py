"""What the numbers of a belief say, in plain words: no more than they do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.study.belief.belief import Belief

__all__ = ["LITTLE", "MUCH", "Conclusion", "conclusion_of", "verdict_of"]

Conclusion = Literal["unknown", "loss", "luck", "mixed", "edge"]
"""``edge``: the deflated Sharpe ratio and the bootstrap see more than luck at the 5 % level, and
neither PBO nor later data speak against it. ``mixed``: one of them does, or there is something
against it. ``luck``: none does. ``loss``: it earns nothing. ``unknown``: it cannot be measured."""

LEVEL = 0.05
LITTLE, MUCH = 0.3, 0.7
"""Shares of a ratio that its neighbours keep: a peak is below the first, a plateau from the
second on."""

FEW_BLOCKS, FEW_RETURNS, FEW_TRADES = 8, 250, 30


def verdict_of(belief: Belief) -> tuple[str, ...]:
    """Sentences on a belief: the conclusion, the reasons, then what limits them."""
    nothing = _nothing(belief)
    if nothing:
        return (nothing, *_left_out(belief))
    return (
        _conclusion(belief),
        *_luck(belief),
        *_bootstrap(belief),
        *_choice(belief),
        *_later(belief),
        *_neighbours(belief),
        *_limits(belief),
        *_left_out(belief),
    )


def _nothing(belief: Belief) -> str:
    """Why nothing can be said; empty where something can."""
    if not belief.own_trials:
        return f"Nothing can be said: none of {_points(belief.failed)} ran."
    if belief.flat == belief.own_trials:
        return (
            f"Nothing can be said: the returns of {_points(belief.own_trials)} never vary, so the "
            "rule never traded, or there are too few bars."
        )
    if math.isnan(belief.deflated.sharpe):
        return "Nothing can be said of this point: it failed, or its returns never vary."
    if math.isnan(belief.deflated.error):
        return (
            f"Nothing can be said: {belief.observations:,} returns are too few, or too odd in "
            "shape, for the error of a Sharpe ratio."
        )
    return ""


def conclusion_of(belief: Belief) -> Conclusion:
    """What the tests say together; see :data:`Conclusion`."""
    numbers, chosen = belief.deflated, belief.overfitting
    if math.isnan(numbers.error):
        return "unknown"
    if numbers.sharpe <= 0.0:
        return "loss"
    values = (1.0 - numbers.deflated_sharpe, _p_value(belief))
    passed = [value <= LEVEL for value in values if not math.isnan(value)]
    blind = chosen.probability >= 0.5 and chosen.loss > LEVEL
    if passed and all(passed) and not blind and not belief.decay.after <= 0.0:
        return "edge"
    return "mixed" if any(passed) or numbers.luck <= LEVEL else "luck"


def _conclusion(belief: Belief) -> str:
    ratio = _ratio(belief.deflated.sharpe)
    return {
        "loss": f"There is nothing to believe: a Sharpe ratio of {ratio} earns nothing.",
        "edge": "These data speak for an edge, after allowing for the number of trials. They say "
        "nothing about a market that behaves differently.",
        "mixed": "The evidence is mixed: something below sees more than luck, and something speaks "
        "against it.",
        "luck": "These data do not tell this result from luck. That does not mean that there is no "
        "edge, but that they do not show one.",
    }[conclusion_of(belief)]


def _luck(belief: Belief) -> Iterator[str]:
    numbers = belief.deflated
    ratio, luck = numbers.sharpe, numbers.expected_maximum
    if belief.trials == 1:
        yield (
            f"A single trial with a Sharpe ratio of {_ratio(ratio)}, standard error "
            f"{_ratio(numbers.error)}: were the true ratio 0, one this high would come up with a "
            f"probability of {_share(1.0 - numbers.probability)}. This holds only if nothing else "
            "was tried before."
        )
        return
    others = f", {belief.other_trials:,} of them in other studies" if belief.other_trials else ""
    yield (
        f"{belief.trials:,} trials were made on these data{others}. The best of so many without "
        f"any edge is expected to show a Sharpe ratio of {_ratio(luck)}."
    )
    deflated = f"deflated Sharpe ratio {_share(numbers.deflated_sharpe)}"
    if numbers.deflated_sharpe >= 1.0 - LEVEL:
        yield f"This one shows {_ratio(ratio)}, above that by more than its error ({deflated})."
    elif ratio > luck:
        yield f"This one shows {_ratio(ratio)}, above that, but within its error ({deflated})."
    else:
        yield f"This one shows {_ratio(ratio)}, no more than luck would ({deflated})."
    if numbers.luck > 0.5:
        yield "If no trial had an edge and all were independent, a best this good would be usual."
    else:
        yield (
            "If no trial had an edge, a best this good would come up with a probability of at most "
            f"{_share(numbers.luck)}."
        )
    if belief.years < numbers.minimum_years:
        yield (
            f"{belief.years:.1f} years are short for {belief.trials:,} trials: if they were "
            "independent, luck alone would be expected to show this ratio in up to "
            f"{numbers.minimum_years:.1f} years."
        )


def _bootstrap(belief: Belief) -> Iterator[str]:
    check = belief.reality_check
    value = _p_value(belief)
    if math.isnan(value):
        yield "The bootstrap tests need three blocks or more, and points that trade."
        return
    name = "White's reality check" if math.isnan(check.consistent) else "Hansen's test"
    says = "unlikely" if value <= LEVEL else "well possible"
    yield (
        f"Resampled as they are, with all points together, a best this far above cash is {says} "
        f"without an edge ({name}: p = {value:.3f}, {check.observations} observations)."
    )
    if belief.other_trials:
        yield "That test knows this study alone, not the trials of other studies."


def _choice(belief: Belief) -> Iterator[str]:
    found = belief.overfitting
    if math.isnan(found.probability):
        if belief.own_trials > 1:
            yield "The probability of overfitting needs four blocks or more."
        return
    share = _share(found.probability)
    if found.probability >= 0.5:
        says = "choosing the best of one half was no better than drawing a point blindly"
    elif found.probability >= 0.2:
        says = "what was best in one half of the data often was not in the other"
    else:
        says = "what was best in one half of the data mostly stayed in the better part"
    yield (
        f"Probability of backtest overfitting {share}: {says}. The chosen point's Sharpe ratio "
        f"went from {_ratio(found.in_sample)} to {_ratio(found.out_of_sample)} (median), and was "
        f"below 0 in {_share(found.loss)} of the halves."
    )
    if found.probability >= 0.5 and found.loss <= LEVEL:
        yield "Few of these were losses, though: the points differ less than the data can tell."


def _later(belief: Belief) -> Iterator[str]:
    decay = belief.decay
    if decay.points < 2:
        return
    rank = (
        "" if math.isnan(decay.correlation) else f", rank correlation {_ratio(decay.correlation)}"
    )
    yield (
        f"The point that was best on the earlier data had {_ratio(decay.before)} there and "
        f"{_ratio(decay.after)} on the later; the median point had "
        f"{_ratio(decay.median_after)}{rank}."
    )


def _neighbours(belief: Belief) -> Iterator[str]:
    found = belief.plateau
    if found is None or belief.own_trials < 2 or belief.deflated.sharpe <= 0.0:
        return
    median = belief.neighbour_median
    if math.isnan(median):
        yield (
            f"Too few neighbours of this point have a Sharpe ratio ({belief.neighbours} of "
            f"{found.most}): whether it stands on a plateau is not known."
        )
        return
    kept = belief.kept_nearby
    if kept < LITTLE:
        says = "next to nothing is left one step away: a peak, rather luck than a rule"
    elif kept < MUCH:
        says = "much of it depends on the exact values"
    else:
        says = "it does not depend on the exact values"
    yield (
        f"Its {belief.neighbours} neighbours on the grid ({found.most} for a point inside it) have "
        f"a median of {_ratio(median)}: {says}."
    )


def _limits(belief: Belief) -> Iterator[str]:
    if 0 < belief.blocks < FEW_BLOCKS:
        yield f"With {belief.blocks} blocks, the numbers from blocks are coarse."
    if belief.observations < FEW_RETURNS:
        yield (
            f"{belief.observations:,} returns are few: the error of a Sharpe ratio is itself "
            "known badly."
        )
    if belief.trades is not None and belief.trades < FEW_TRADES:
        plural = "" if belief.trades == 1 else "s"
        yield f"It made {belief.trades:,} trade{plural}: few decisions, however long they lasted."
    yield (
        "All of this is measured against cash, so a market that rose counts as an edge; compare "
        "with buying and holding."
    )


def _left_out(belief: Belief) -> Iterator[str]:
    if belief.failed and belief.own_trials:
        yield f"{_points(belief.failed)} failed or were refused and are not among the trials."
    if 0 < belief.flat < belief.own_trials:
        yield f"{_points(belief.flat)} never traded; they count as trials."


def _p_value(belief: Belief) -> float:
    """Hansen's consistent p-value; White's where that could not be measured."""
    check = belief.reality_check
    return check.white if math.isnan(check.consistent) else check.consistent


def _points(count: int) -> str:
    return f"{count:,} point" + ("" if count == 1 else "s")


def _ratio(value: float) -> str:
    """Two digits, and no minus before a zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def _share(value: float) -> str:
    """A probability in percent, with as many digits as it has a meaning for."""
    if math.isnan(value):
        return "unknown"
    percent = 100.0 * value
    if percent < 0.05:
        return "below 0.1 %"
    if percent > 99.95:
        return "above 99.9 %"
    return f"{percent:.1f} %"
