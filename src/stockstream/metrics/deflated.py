"""What a Sharpe ratio is worth after many trials: the best of many is partly luck.

Sources, by the name they have below:

- *Deflated*: Bailey and Lopez de Prado, "The deflated Sharpe ratio" (Journal of Portfolio
  Management 40(5), 2014), with the False Strategy theorem and its implied number of trials;
- *Frontier*: the same, "The Sharpe ratio efficient frontier" (Journal of Risk 15(2), 2012);
- *Charlatanism*: Bailey, Borwein, Lopez de Prado and Zhu, "Pseudo-mathematics and financial
  charlatanism" (Notices of the AMS 61(5), 2014);
- *Sidak*: "Rectangular confidence regions" (JASA 62, 1967), as used for Sharpe ratios by Lopez de
  Prado and Lewis, "Detection of false investment strategies" (Quantitative Finance 19(9), 2019).

Ratios are per bar where not said otherwise, kurtosis is 3 for a normal distribution, and what
cannot be measured is NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stockstream.metrics.returns import FLAT
from stockstream.metrics.significance import NORMAL, probability_above, sharpe_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = [
    "average_correlation",
    "deflated_sharpe",
    "effective_trials",
    "expected_maximum",
    "luck_probability",
    "minimum_backtest_length",
    "minimum_track_record",
]

EULER = 0.5772156649015329
"""The constant of Euler and Mascheroni."""


def expected_maximum(trials: float) -> float:
    """Expected largest of ``trials`` independent standard normal numbers (*Deflated*, eq. 1).

    ``(1 - g) * Phi^-1(1 - 1 / N) + g * Phi^-1(1 - 1 / (N * e))`` with Euler's g = 0.5772. Within
    8 % of the exact value at 2 trials, 3 % at 5, 1.5 % from 50 on; 0.0 for a single one.

    Args:
        trials: 1 or more; need not be whole, as an effective number is not.
    """
    if math.isnan(trials):
        return math.nan
    if trials <= 1.0:
        return 0.0
    # Phi^-1(1 - p) is -Phi^-1(p), and keeps its digits where 1 - p would be 1
    high = -NORMAL.inv_cdf(1.0 / trials)
    higher = -NORMAL.inv_cdf(1.0 / (trials * math.e))
    return max((1.0 - EULER) * high + EULER * higher, 0.0)


def deflated_sharpe(
    ratio: float,
    bars: int,
    trials: float,
    variance: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Probability that the true Sharpe ratio is above what luck alone would show (*Deflated*).

    ``PSR(SR0)``, where ``SR0 = sqrt(variance) * expected_maximum(trials)``: the probabilistic
    Sharpe ratio against the expected best of so many trials without an edge.

    It tests whether the true ratio is above SR0, and is exact for that. As a test of "no trial has
    an edge" it is cautious: the best of many independent trials wavers less around SR0 than one
    trial does. :func:`luck_probability` has the nominal rate there.

    Args:
        ratio: of the chosen trial.
        bars: returns that it was measured on.
        trials: how many were tried, chosen or not.
        variance: of the ratios over the trials.
        skew: of the chosen trial's returns.
        kurtosis: of the chosen trial's returns.
    """
    if not variance >= 0.0:
        return math.nan
    luck = math.sqrt(variance) * expected_maximum(trials)
    return probability_above(ratio, luck, sharpe_error(ratio, bars, skew, kurtosis))


def luck_probability(probability: float, trials: float) -> float:
    """Probability that the best of ``trials`` without an edge looks at least this good (*Sidak*).

    ``1 - probability ** trials``. Exact for independent trials; an upper bound where they hang
    together (positively correlated normal numbers: Slepian's inequality), so a small one can be
    trusted either way.

    Args:
        probability: of the best trial's true ratio being above zero (probabilistic Sharpe ratio
            against 0), as if it were the only one.
        trials: how many were tried.
    """
    if math.isnan(probability) or math.isnan(trials):
        return math.nan
    if probability <= 0.0:
        return 1.0
    return -math.expm1(max(trials, 1.0) * math.log(probability))


def average_correlation(series: Floats) -> float:
    """Mean correlation of all pairs of rows, without forming the pairs.

    With rows scaled to mean 0 and length 1, ``(|sum of rows| ** 2 - rows) / (rows * (rows - 1))``.
    Rows that never vary are left out. NaN below two rows or three columns.

    Args:
        series: ``[points, n]``, such as the sums of returns in each block.
    """
    away = series - series.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", away, away))
    varies = length > FLAT
    count = int(varies.sum())
    if count < 2 or series.shape[1] < 3:
        return math.nan
    total = (away[varies] / length[varies, None]).sum(axis=0)
    return (float(total @ total) - count) / (count * (count - 1.0))


def effective_trials(trials: float, correlation: float) -> float:
    """Independent trials that ``trials`` correlated ones are worth (*Deflated*, appendix 3).

    ``rho + (1 - rho) * N`` for the mean correlation rho; a negative one counts as 0. All of them
    where it is NaN.

    Do not use it together with a variance over the same trials: correlation has already made that
    smaller. For equally correlated trials ``sqrt(variance) * expected_maximum(N)``, with the raw
    number, is the expected maximum exactly.
    """
    if math.isnan(correlation):
        return trials
    shared = min(max(correlation, 0.0), 1.0)
    return shared + (1.0 - shared) * trials


def minimum_backtest_length(trials: float, ratio: float) -> float:
    """Years below which luck alone is expected to show a ratio (*Charlatanism*, theorem 2).

    ``(expected_maximum(N) / ratio) ** 2``: with 45 independent trials a Sharpe ratio of 1 is
    expected in 5 years without any edge.

    Args:
        trials: how many were tried, independently of each other.
        ratio: per year, above zero; else there is no such length, NaN.
    """
    if not ratio > 0.0:
        return math.nan
    return float((expected_maximum(trials) / ratio) ** 2)


def minimum_track_record(
    ratio: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
    *,
    benchmark: float = 0.0,
    confidence: float = 0.95,
) -> float:
    """Bars after which a ratio is above a benchmark with this confidence (*Frontier*, eq. 11).

    ``1 + (1 - skew * SR + (kurtosis - 1) / 4 * SR ** 2) * (z / (SR - benchmark)) ** 2``, for one
    trial: it knows nothing of the others. Infinite where the ratio is not above the benchmark.
    """
    if math.isnan(ratio) or math.isnan(benchmark):
        return math.nan
    if ratio <= benchmark:
        return math.inf
    spread = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio
    if not spread > 0.0:
        return math.nan
    return float(1.0 + spread * (NORMAL.inv_cdf(confidence) / (ratio - benchmark)) ** 2)
