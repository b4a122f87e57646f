"""How far the best point of a study can be believed, from what the sweep already produced.

The formulas and their sources are in ``stockstream.metrics``: ``deflated`` (expected best of many
trials, deflated Sharpe ratio, minimum lengths), ``overfitting`` (PBO), ``reality_check`` (White,
Hansen) and ``decay``. Here they are put together, and ``verdict`` says them in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.errors import ConfigError
from stockstream.metrics.decay import out_of_sample_decay
from stockstream.metrics.overfitting import overfitting
from stockstream.metrics.reality_check import RESAMPLES
from stockstream.metrics.returns import per_bar
from stockstream.study.belief.evidence import against_cash, deflated, luck_of
from stockstream.study.belief.plateau import plateau
from stockstream.study.belief.verdict import conclusion_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stockstream.metrics.decay import Decay
    from stockstream.metrics.overfitting import Overfitting
    from stockstream.metrics.reality_check import RealityCheck
    from stockstream.study.belief.evidence import Deflated, Luck
    from stockstream.study.belief.moments import Floats, PointMoments
    from stockstream.study.belief.plateau import Plateau
    from stockstream.study.belief.verdict import Conclusion
    from stockstream.study.result import StudyResult

__all__ = ["Belief", "judge", "significance"]

LOGIT_BINS = np.linspace(-8.0, 8.0, 33)


@dataclass(frozen=True, eq=False)
class Belief:
    """The numbers on one point of a study, how they were made, and what they say.

    What cannot be measured is NaN, and the verdict says so.

    Attributes:
        point: that is judged; -1 where none has a Sharpe ratio.
        deflated: its Sharpe ratio against luck.
        trials: own and other ones: the number that all of this reckons with.
        own_trials: points of this study that ran, whether they traded or not.
        other_trials: of other studies on the same data.
        flat: points that ran and whose returns never vary: they never traded.
        failed: points that failed or were refused.
        correlation: mean correlation of the points' block returns.
        effective_trials: independent trials that all are worth by that. It stands beside; the
            verdict is on the full number, because the spread over correlated trials is smaller
            already, and to count correlation twice would be too kind.
        observations: returns that the ratios are measured on.
        years: length of the window.
        blocks: in which there are returns.
        overfitting: PBO and what goes with it.
        reality_check: White's and Hansen's tests against cash.
        decay: from the first half of the data to the second, or from train to test pieces.
        plateau: every point beside its neighbours, by its Sharpe ratio a year; None without the
            parameters.
        neighbour_median, neighbours: of this point.
        trades: of this point; None if they were not given.
        notes: how the numbers were made.
        verdict: what they say, the conclusion first.
    """

    point: int
    deflated: Deflated
    trials: int
    own_trials: int
    other_trials: int
    flat: int
    failed: int
    correlation: float
    effective_trials: float
    observations: int
    years: float
    blocks: int
    overfitting: Overfitting = field(repr=False)
    reality_check: RealityCheck = field(repr=False)
    decay: Decay = field(repr=False)
    plateau: Plateau | None = field(repr=False)
    neighbour_median: float
    neighbours: int
    trades: int | None
    notes: tuple[str, ...] = field(default=(), repr=False)
    verdict: tuple[str, ...] = field(default=(), repr=False)

    @property
    def conclusion(self) -> Conclusion:
        """The verdict in one word."""
        return conclusion_of(self)

    @property
    def kept_nearby(self) -> float:
        """Share of the point's ratio that its neighbours' median is; NaN where it earns nothing."""
        ratio = self.deflated.sharpe
        return self.neighbour_median / ratio if ratio > 0.0 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """JSON values, null where undefined; the logits as a histogram, without other arrays."""
        found: dict[str, Any] = {"conclusion": self.conclusion, **_plain(self)}
        logits = np.clip(self.overfitting.logits, LOGIT_BINS[0], LOGIT_BINS[-1])
        found["overfitting"]["halves"] = len(logits)
        found["overfitting"]["logits"] = {
            "edges": LOGIT_BINS.tolist(),
            "counts": np.histogram(logits, LOGIT_BINS)[0].tolist(),
        }
        return found


class _Shared(NamedTuple):
    """What is the same for every point, and takes long."""

    overfitting: Overfitting
    reality_check: RealityCheck
    source: str


def significance(result: StudyResult, point: int | None = None) -> Belief:
    """Judge a point of a study; the one with the best Sharpe ratio over all if none is named.

    Args:
        result: of the study. Its pieces of one role are judged (see ``result.role``); where there
            are train and test pieces, the decay is from the ones to the others.
        point: number of the point that was chosen, whatever it was chosen by.

    Raises:
        ConfigError: there is no such point, or it is not in the sample that is held in memory.
    """
    points, moments = result.moments()
    frame = result.points(())
    rows = np.searchsorted(frame["point"].to_numpy(), points)
    complete = len(frame) == result.study.points
    names = [name for name in result.grid if name in frame.columns]
    roles = {piece.role for piece in result.study.pieces}
    both = None
    if roles >= {"train", "test"}:
        before, after = (result.excess(role)[1].yearly for role in ("train", "test"))
        both = before, after
    place = None
    if point is not None:
        place = _place_of(point, points)
    ran = int((frame["pieces"] > 0).sum())
    belief = judge(
        moments,
        point=place,
        own_trials=ran,
        other_trials=result.other_trials,
        risk_free=result.config.risk_free,
        parameters={name: frame[name].to_numpy()[rows] for name in names} if complete else None,
        before_and_after=both,
        trades=frame["trades"].to_numpy()[rows] if complete else None,
        seed=result.config.seed,
        known=result.measured(),
    )
    return replace(belief, point=int(points[belief.point]) if belief.point >= 0 else -1)


def _place_of(point: int, points: NDArray[np.int64]) -> int:
    """The row of a point.

    Raises:
        ConfigError: it is not among these.
    """
    place = int(np.searchsorted(points, point))
    if place >= len(points) or points[place] != point:
        raise ConfigError(f"no point {point} among the {len(points):,} that were judged")
    return place


def judge(
    moments: PointMoments,
    *,
    point: int | None = None,
    own_trials: int | None = None,
    other_trials: int = 0,
    risk_free: float = 0.0,
    parameters: Mapping[str, NDArray[Any]] | None = None,
    before_and_after: tuple[Floats, Floats] | None = None,
    trades: NDArray[np.integer] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    known: Belief | None = None,
) -> Belief:
    """Judge a point by the moments of all.

    Args:
        moments: of every point.
        point: its row; None takes the best Sharpe ratio over the whole window.
        own_trials: points of the study that ran, if the moments are of a sample of them.
        other_trials: of other studies on the same data: they, too, were chances to be lucky.
        risk_free: return of cash per year; ratios are over it.
        parameters: value of each parameter at each point, ``[P]`` each, for the plateau.
        before_and_after: a number of each point, more is better, on train and on test pieces,
            ``[P]`` each; None takes Sharpe ratios of the two halves of the window.
        trades: of each point, ``[P]``.
        resamples: of the bootstrap.
        seed: of the bootstrap, and of samples where there are too many points.
        known: judged before by the same moments, whatever the point: what is the same for all
            points, and takes long, is taken from it.

    Raises:
        ConfigError: there is no such point, or a negative number of other trials.
    """
    if point is not None and not 0 <= point < len(moments):
        raise ConfigError(f"no point {point}: the study has {len(moments)}, counted from 0")
    if other_trials < 0:
        raise ConfigError(f"{other_trials} other trials: there are 0 or more")
    rate = per_bar(risk_free, moments.periods)
    excess = moments.over(rate)
    ratios = excess.sharpe
    chosen = (_best(ratios) if point is None else point) if len(moments) else -1
    here = int(excess.ran.sum())
    luck = luck_of(excess, max(own_trials or 0, here), other_trials)
    shared = known or _shared(excess, rate, resamples, seed)
    near = plateau(parameters, excess.yearly) if parameters is not None else None
    at_all = near is not None and chosen >= 0
    belief = Belief(
        point=chosen,
        deflated=deflated(excess, chosen, luck),
        trials=luck.trials,
        own_trials=luck.trials - other_trials,
        other_trials=other_trials,
        flat=here - int(np.isfinite(ratios).sum()),
        failed=len(moments) - here,
        correlation=luck.correlation,
        effective_trials=luck.effective,
        observations=excess.bars,
        years=excess.years,
        blocks=int((excess.counts > 0).sum()),
        overfitting=shared.overfitting,
        reality_check=shared.reality_check,
        decay=out_of_sample_decay(*(before_and_after or excess.halves())),
        plateau=near,
        neighbour_median=float(near.median[chosen]) if near and at_all else math.nan,
        neighbours=int(near.neighbours[chosen]) if near and at_all else 0,
        trades=int(trades[chosen]) if trades is not None and chosen >= 0 else None,
    )
    if isinstance(shared, _Shared):
        notes = _notes(belief, luck, shared.source, halves=before_and_after is None)
    else:
        notes = shared.notes
    belief = replace(belief, notes=notes)
    return replace(belief, verdict=verdict_of(belief))


def _shared(excess: PointMoments, rate: float, resamples: int, seed: int) -> _Shared:
    tested = against_cash(excess, rate, resamples, seed)
    found = overfitting(
        excess.counts,
        excess.sums[excess.ran],
        excess.squares[excess.ran],
        periods=excess.periods,
        seed=seed,
    )
    return _Shared(found, tested.check, tested.source)


def _best(ratios: Floats) -> int:
    return int(np.nanargmax(ratios)) if np.isfinite(ratios).any() else -1


def _notes(belief: Belief, luck: Luck, source: str, *, halves: bool) -> tuple[str, ...]:
    check, found = belief.reality_check, belief.overfitting
    notes = [
        f"Sharpe ratios from {belief.observations:,} returns in {belief.blocks} blocks",
        f"trials: {belief.own_trials:,} own, {belief.other_trials:,} of other studies, all in full",
        f"spread of ratios from {luck.source}",
        f"PBO from {found.halves:,} halves of {found.blocks} blocks and {found.points:,} points",
        f"bootstrap of {source}: {check.resamples:,} resamples, seed {check.seed}",
        f"mean block of the bootstrap: {check.mean_block:.1f} observations",
        f"decay from {'the first half of the blocks to the second' if halves else 'train to test'}",
    ]
    if belief.plateau is not None:
        how = "cells of scattered points" if belief.plateau.scattered else "steps on the grid"
        along = ", ".join(belief.plateau.ordered) or "no axis"
        notes.append(f"neighbours: {how} along {along}")
    return tuple(notes)


def _plain(value: Any) -> Any:
    """JSON values of a dataclass: no arrays, null for NaN and infinity."""
    if is_dataclass(value):
        kept = ((item.name, getattr(value, item.name)) for item in fields(value))
        return {name: _plain(part) for name, part in kept if not isinstance(part, np.ndarray)}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return list(value) if isinstance(value, tuple) else value
