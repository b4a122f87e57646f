"""What is said of a study, from moments alone: clear cases, and those with nothing to say."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from stockstream.errors import ConfigError
from stockstream.metrics.returns import per_bar, sharpe
from stockstream.metrics.shape import skew_and_kurtosis
from stockstream.metrics.significance import estimate_sharpe
from stockstream.study.belief.belief import judge
from stockstream.study.belief.moments import PointMoments
from stockstream.testing.noise import World, moments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.study.belief.belief import Belief

    Floats: TypeAlias = NDArray[np.float64]

GRID = {"fast": np.repeat(np.arange(5, 10), 4), "slow": np.tile(np.arange(20, 60, 10), 5)}


def noise(points: int = 20, bars: int = 1000, seed: int = 1, drift: float = 0.0) -> Floats:
    return np.random.default_rng(seed).normal(drift, 0.01, (points, bars))


def said(belief: Belief) -> str:
    return " ".join(belief.verdict)


def test_moments_are_those_of_the_returns() -> None:
    returns = np.random.default_rng(3).standard_t(5, (4, 777)) * 0.01 + 0.001
    moments = moments_of(returns)
    assert moments.bars == 777
    for row in range(4):
        assert moments.yearly[row] == pytest.approx(sharpe(returns[row]), rel=1e-12)
        shape = [values[row] for values in moments.shape]
        assert shape == pytest.approx(skew_and_kurtosis(returns[row]), rel=1e-9)


def test_moments_over_cash() -> None:
    returns = noise(3, 500, drift=0.001)
    rate = per_bar(0.05)
    excess, direct = moments_of(returns).over(rate), moments_of(returns - rate)
    for name in ("sums", "squares", "cubes", "fourths", "sharpe"):
        np.testing.assert_allclose(getattr(excess, name), getattr(direct, name), rtol=1e-9)


def test_moments_that_do_not_fit_together() -> None:
    with pytest.raises(ConfigError, match="do not fit together"):
        PointMoments(np.ones(4), np.ones((2, 3)), np.ones((2, 3)), np.ones(2), np.ones(2))


def test_the_numbers_of_the_best_point_are_those_of_its_returns() -> None:
    returns = noise()
    belief = judge(moments_of(returns), resamples=200)
    best = int(np.argmax([sharpe(row) for row in returns]))
    expected = estimate_sharpe(returns[best])
    assert belief.point == best
    assert belief.deflated.sharpe == pytest.approx(expected.sharpe)
    assert belief.deflated.error == pytest.approx(expected.error)
    assert belief.deflated.probability == pytest.approx(expected.probability)
    assert belief.trials == belief.own_trials == 20
    assert belief.observations == 1000
    assert belief.years == pytest.approx(1000 / 252)


def test_noise_is_not_told_from_luck() -> None:
    belief = judge(moments_of(noise()), parameters=GRID, resamples=300)
    assert belief.verdict[0].startswith("These data do not tell this result from luck.")
    assert belief.conclusion == "luck"
    assert "does not mean that there is no edge" in belief.verdict[0]
    assert belief.deflated.deflated_sharpe < 0.95
    assert belief.deflated.luck > 0.05


def test_an_edge_on_a_plateau_is_spoken_for() -> None:
    shared = np.random.default_rng(5).normal(0.0018, 0.01, 2500)
    returns = 0.9 * shared + 0.1 * noise(20, 2500)
    belief = judge(moments_of(returns), parameters=GRID, trades=np.full(20, 400), resamples=300)
    assert belief.verdict[0].startswith("These data speak for an edge")
    assert belief.conclusion == "edge"
    assert belief.deflated.deflated_sharpe > 0.95
    assert belief.reality_check.consistent <= 0.05
    assert "does not depend on the exact values" in said(belief)
    assert belief.correlation > 0.9
    assert belief.effective_trials < 4
    assert belief.plateau is not None
    assert belief.plateau.most == 8


def test_a_lone_peak_is_named() -> None:
    returns = noise(20, 1500)
    returns[9] += 0.003
    belief = judge(moments_of(returns), parameters=GRID, resamples=200)
    assert belief.point == 9
    assert "a peak, rather luck than a rule" in said(belief)


def test_the_evidence_is_mixed_where_the_tests_disagree() -> None:
    """An edge in the first half alone: luck would not show it, and nothing is left of it."""
    returns = noise(20, 3000)
    returns[3, :1500] += 0.005
    returns[3, 1500:] -= 0.002
    belief = judge(moments_of(returns), resamples=200)
    assert belief.conclusion == "mixed"
    assert belief.verdict[0].startswith("The evidence is mixed")
    assert belief.decay.after < 0.0


def test_points_that_all_earn_the_same_cannot_be_chosen_between() -> None:
    shared = np.random.default_rng(5).normal(0.0025, 0.01, 2500)
    belief = judge(moments_of(0.95 * shared + 0.05 * noise(20, 2500)), resamples=200)
    assert belief.overfitting.probability > 0.3
    assert belief.overfitting.loss <= 0.05
    assert belief.conclusion == "edge"


def test_other_studies_count() -> None:
    """A ratio that stands out of 20 trials does not of 100,000."""
    returns = noise(20, 1000)
    returns[3] += 0.0016
    alone, many = (judge(moments_of(returns), other_trials=n, resamples=99) for n in (0, 99_980))
    assert many.trials == 100_000
    assert many.deflated.expected_maximum > alone.deflated.expected_maximum
    assert many.deflated.deflated_sharpe < alone.deflated.deflated_sharpe
    assert many.deflated.luck > alone.deflated.luck
    assert "100,000 trials were made on these data, 99,980 of them in other studies" in said(many)
    assert "not the trials of other studies" in said(many)


def test_trials_of_other_studies_have_the_sampling_error_at_least() -> None:
    shared = np.random.default_rng(5).normal(0.0, 0.01, 1000)
    moments = moments_of(0.99 * shared + 0.01 * noise(20, 1000))
    narrow, wide = judge(moments, resamples=9), judge(moments, other_trials=5, resamples=9)
    assert narrow.deflated.spread < 0.1
    assert wide.deflated.spread == pytest.approx(math.sqrt(252 / 999))
    assert "spread of ratios from the sampling error of a ratio of 0" in wide.notes


def test_a_single_trial() -> None:
    belief = judge(moments_of(noise(1, drift=0.0005)), resamples=200)
    assert belief.deflated.expected_maximum == 0.0
    assert belief.deflated.deflated_sharpe == belief.deflated.probability
    assert belief.deflated.luck == pytest.approx(1.0 - belief.deflated.probability)
    assert math.isnan(belief.overfitting.probability)
    assert "A single trial" in said(belief)
    assert "only if nothing else was tried before" in said(belief)
    assert "overfitting" not in said(belief)


def test_a_point_chosen_by_something_else() -> None:
    moments = moments_of(noise())
    best = judge(moments, resamples=9).point
    other = judge(moments, point=(best + 1) % 20, resamples=9)
    assert other.point == (best + 1) % 20
    assert other.deflated.sharpe < judge(moments, resamples=9).deflated.sharpe


def test_points_that_failed_or_never_traded() -> None:
    returns = noise()
    returns[4:7] = 0.0
    moments = moments_of(returns)
    for values in (moments.sums, moments.squares, moments.cubes, moments.fourths):
        values[10:12] = np.nan
    belief = judge(moments, parameters=GRID, resamples=200)
    assert (belief.own_trials, belief.flat, belief.failed) == (18, 3, 2)
    assert belief.reality_check.points == 15
    assert "2 points failed or were refused and are not among the trials." in belief.verdict
    assert "3 points never traded; they count as trials." in belief.verdict
    assert belief.point not in {4, 5, 6, 10, 11}


def failed(points: int) -> PointMoments:
    nothing = np.full((points, 16), np.nan)
    return PointMoments(np.full(16, 60.0), nothing, nothing, nothing[:, 0], nothing[:, 0])


@pytest.mark.parametrize(
    ("moments", "why"),
    [
        (failed(3), "none of 3 points ran"),
        (failed(1), "none of 1 point ran"),
        (failed(0), "none of 0 points ran"),
        (moments_of(np.zeros((5, 400))), "returns of 5 points never vary"),
        (PointMoments(np.zeros(2), *np.zeros((2, 1, 2)), *np.zeros((2, 1))), "never vary"),
        (moments_of(np.array([[0.01]]), blocks=1), "never vary"),
    ],
)
def test_nothing_can_be_said(moments: PointMoments, why: str) -> None:
    belief = judge(moments, resamples=9)
    assert belief.verdict[0].startswith("Nothing can be said")
    assert belief.conclusion == "unknown"
    assert why in belief.verdict[0]
    assert belief.point == -1
    json.dumps(belief.to_dict(), allow_nan=False)


def test_nothing_can_be_said_of_a_flat_point() -> None:
    returns = noise()
    returns[4] = 0.0
    belief = judge(moments_of(returns), point=4, resamples=9)
    assert belief.verdict[0].startswith("Nothing can be said of this point")


def test_losses_are_nothing_to_believe() -> None:
    belief = judge(moments_of(noise(drift=-0.004)), resamples=99)
    assert belief.verdict[0].startswith("There is nothing to believe")
    assert belief.conclusion == "loss"
    assert belief.reality_check.consistent > 0.5


def test_few_blocks_returns_and_trades_are_named() -> None:
    belief = judge(moments_of(noise(20, 100), 4), trades=np.full(20, 7), resamples=99)
    text = said(belief)
    assert "With 4 blocks" in text
    assert "100 returns are few" in text
    assert "It made 7 trades" in text


def test_a_few_blocks_too_many() -> None:
    text = said(judge(moments_of(noise(20, 1000), 2), resamples=99))
    assert "needs four blocks or more" in text
    assert "bootstrap tests need three blocks" in text


def test_block_returns_are_what_a_study_by_ticker_has() -> None:
    """One return in each block: White's test is taken, Hansen's would need the bars."""
    made = np.random.default_rng(8).normal(0.01, 0.03, (30, 16))
    moments = PointMoments(
        np.ones(16), made, made**2, (made**3).sum(axis=1), (made**4).sum(axis=1), periods=16 / 5
    )
    belief = judge(moments, resamples=300)
    assert belief.years == pytest.approx(5.0)
    assert math.isnan(belief.reality_check.consistent)
    assert "White's reality check" in said(belief)
    assert 0.0 <= belief.overfitting.probability <= 1.0


def test_kept_equity_is_resampled_where_it_is_finer() -> None:
    returns = noise(20, 1000)
    coarse = judge(moments_of(returns), resamples=99)
    fine = judge(moments_of(returns, intervals=125), resamples=99)
    assert coarse.reality_check.observations == 16
    assert fine.reality_check.observations == 125
    assert any("125 intervals of about 8.0 returns" in note for note in fine.notes)
    assert any("the sums of returns in 16 blocks" in note for note in coarse.notes)


def test_train_and_test_pieces() -> None:
    moments = moments_of(noise())
    before, after = np.arange(20.0), np.arange(20.0)[::-1].copy()
    belief = judge(moments, before_and_after=(before, after), resamples=9)
    assert (belief.decay.before, belief.decay.after) == (19.0, 0.0)
    assert belief.decay.correlation == pytest.approx(-1.0)
    assert "decay from train to test" in belief.notes


def test_a_decay_from_the_first_half_to_the_second() -> None:
    returns = noise(10, 2000)
    returns[2, :1000] += 0.003
    belief = judge(moments_of(returns), resamples=9)
    assert belief.decay.point == 2
    assert belief.decay.before == pytest.approx(sharpe(returns[2, :1000]), rel=1e-9)
    assert belief.decay.after == pytest.approx(sharpe(returns[2, 1000:]), rel=1e-9)


@pytest.mark.parametrize(
    ("options", "why"),
    [({"point": 20}, "no point 20"), ({"point": -1}, "no point -1"), ({"other_trials": -1}, "-1")],
)
def test_what_makes_no_sense(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        judge(moments_of(noise()), **options)


def test_the_document_is_json() -> None:
    belief = judge(moments_of(noise()), parameters=GRID, resamples=99)
    document = json.loads(json.dumps(belief.to_dict(), allow_nan=False))
    assert sum(document["overfitting"]["logits"]["counts"]) == 12_870
    assert document["overfitting"]["halves"] == 12_870
    assert document["deflated"]["sharpe"] == belief.deflated.sharpe
    assert document["conclusion"] == belief.conclusion
    assert document["verdict"] == list(belief.verdict)
    assert document["plateau"]["ordered"] == ["fast", "slow"]
    assert len(json.dumps(document)) < 8_000


def test_no_verdict_claims_too_much() -> None:
    """Words that no statistic can bear, over cases of every kind."""
    worlds = (
        World(points=1),
        World(points=30),
        World(points=30, ratio=3.0, winners=30, correlation=0.9),
        World(points=30, ratio=3.0, winners=1),
    )
    for seed, world in enumerate(worlds):
        returns = world.returns(np.random.default_rng(seed))
        text = said(judge(moments_of(returns), resamples=99)).lower()
        for word in ("proven", "prove", "certain", "guarantee", "significant", "nan", "inf"):
            assert re.search(rf"\b{word}\b", text) is None
        assert "measured against cash" in text


def test_the_same_seed_says_the_same() -> None:
    moments = moments_of(noise())
    one, other = (judge(moments, resamples=99, seed=4).to_dict() for _ in range(2))
    assert one == other


def test_the_bootstrap_takes_a_sample_of_very_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockstream.study.belief.evidence.MOST_CELLS", 16 * 8)
    belief = judge(moments_of(noise()), resamples=99, seed=2)
    assert belief.reality_check.points == 8
    assert 0 <= belief.reality_check.best < 20
    assert any("8 points drawn with the seed" in note for note in belief.notes)


def test_a_point_without_neighbours_is_on_no_known_plateau() -> None:
    returns = noise(20, 1500)
    returns[9] += 0.003
    apart = {"fast": GRID["fast"], "kind": np.array([f"kind {i}" for i in range(20)])}
    assert "whether it stands on a plateau is not known" in said(
        judge(moments_of(returns), parameters=apart, resamples=9)
    )


def test_a_point_that_keeps_half_depends_on_its_values() -> None:
    shared = np.random.default_rng(5).normal(0.0, 0.01, 2000)
    returns = 0.98 * shared + 0.02 * noise(20, 2000) - shared.mean() + 0.0005
    returns[9] += 0.0005
    belief = judge(moments_of(returns), parameters=GRID, resamples=9)
    assert belief.kept_nearby == pytest.approx(0.5, abs=0.1)
    assert "much of it depends on the exact values" in said(belief)
