"""How much of what points showed in training was left where they were tested."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.result import json_ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Decay", "decay_of", "share_below"]


@dataclass(frozen=True)
class Decay:
    """Training against test over the folds, each with a choice of its own by whatever it selects.

    ``stockstream.metrics.decay.Decay`` is one choice on one pair of periods, with the place of the
    point and what the median one did; a mean over folds has neither, and has a slope instead.

    Attributes:
        metric: that is compared.
        train: its mean over the folds for the points that were chosen.
        test: the same in the test windows.
        kept: ``test / train``; NaN where training shows nothing above zero.
        slope: of the test on the training value over the chosen points (least squares), the
            performance degradation of Bailey, Borwein, Lopez de Prado and Zhu (2017, "The
            probability of backtest overfitting", section 6); below zero means that the better a
            choice looked, the worse it did. NaN with fewer than three folds.
        rank_correlation: Spearman's, of training and test over all points of a fold, mean of the
            folds: whether being good in training says anything at all.
        beaten: mean share of the points of a fold that did worse in its test window than the one
            that was chosen; 0.5 is what a blind choice gives.
        folds: in which the metric is defined in training and test.
    """

    metric: str
    train: float
    test: float
    kept: float
    slope: float
    rank_correlation: float
    beaten: float
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, null where undefined."""
        return json_ready(asdict(self))


def decay_of(
    metric: str,
    train: Sequence[float],
    test: Sequence[float],
    correlations: Sequence[float],
    beaten: Sequence[float],
) -> Decay:
    """The decay over folds.

    Args:
        metric: that is compared.
        train: of the chosen point of each fold, NaN where undefined.
        test: the same in the test window.
        correlations: rank correlation over the points of each fold, NaN where undefined.
        beaten: share of the points of each fold that the chosen one beat in its test window.
    """
    pair = np.array([train, test], np.float64)
    known = pair[:, np.isfinite(pair).all(axis=0)]
    count = known.shape[1]
    before, after = (float(row.mean()) if count else np.nan for row in known)
    return Decay(
        metric=metric,
        train=before,
        test=after,
        kept=after / before if before > 0.0 else np.nan,
        slope=_slope(*known) if count > 2 else np.nan,
        rank_correlation=_mean(correlations),
        beaten=_mean(beaten),
        folds=count,
    )


def share_below(values: Floats, value: float) -> float:
    """Share of the known values that lie below one of them, equals counting half; itself not.

    NaN where it is the only one.
    """
    known = values[np.isfinite(values)]
    if not np.isfinite(value) or len(known) < 2:
        return np.nan
    below = np.count_nonzero(known < value) + 0.5 * (np.count_nonzero(known == value) - 1)
    return float(below) / (len(known) - 1)


def _slope(x: Floats, y: Floats) -> float:
    spread = x - x.mean()
    square = float((spread * spread).sum())
    return float((spread * (y - y.mean())).sum()) / square if square > 0.0 else np.nan


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
