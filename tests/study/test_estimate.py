"""What a study will take, found out by running a little of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stockstream.study.estimate import estimate
from stockstream.study.plan import plan_study

if TYPE_CHECKING:
    from tests.study.conftest import Configure, PanelSource, WriteStrategy

MIXED = """
class Mine(RuleStrategy):
    period: Annotated[int, Range(2)] = 10
    short: bool = False

    def rules(self, bars):
        average = sma(bars.close, self.period)
        up, down = bars.close.crosses_above(average), bars.close.crosses_below(average)
        if self.short:
            return Signals(enter_long=up, exit_long=down, enter_short=down, exit_short=up)
        return Signals(enter_long=up, exit_long=down)
"""
FREE_FORM = """
class Mine(Strategy):
    days: Annotated[int, Range(1)] = 20

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        past = self.history(symbol, "close", self.days)
        return Action.target_weight(0.2 if past[-1] > past[0] else 0.0)
"""
GRID = {"fast_period": tuple(range(5, 25)), "slow_period": (30, 40, 50)}


def test_sizes_are_those_of_the_study(configure: Configure, lake: PanelSource) -> None:
    study = plan_study(configure(param_grid=GRID), lake, split="ticker")
    found = estimate(study, lake, workers=2, calibrate=0.05)
    assert (found.name, found.points, found.pieces, found.trials) == (study.name, 60, 4, 240)
    assert found.chunks == len(study.chunks)
    assert found.workers == min(2, len(study.chunks))
    assert found.sampled >= 1
    assert found.seconds == found.core_seconds / found.workers
    assert found.start_seconds > 0.0
    assert found.memory > 2**20


def test_it_is_a_json_document(configure: Configure, lake: PanelSource) -> None:
    study = plan_study(configure(param_grid=GRID), lake, split="ticker")
    found = estimate(study, lake, calibrate=0.0)
    document = json.loads(json.dumps(found.to_dict()))
    assert document["trials"] == 240
    assert document["paths"][0]["path"] == "sparse"
    assert document["paths"][0]["share"] == 1.0


def test_each_path_is_named_with_its_reason_and_its_cost(
    configure: Configure, lake: PanelSource, write_strategy: WriteStrategy
) -> None:
    grid = {"short": (False, True), "period": tuple(range(5, 45))}
    config = configure(strategy_class=write_strategy(MIXED), param_grid=grid)
    study = plan_study(config, lake, split="ticker")
    found = estimate(study, lake, calibrate=0.2)
    paths = {path.path: path for path in found.paths}
    (dense,) = [name for name in paths if name.startswith("broker: ")]
    assert "short" in dense
    assert set(paths) == {"sparse", dense}
    assert sum(path.share for path in found.paths) == pytest.approx(1.0)
    assert found.core_seconds == pytest.approx(
        found.trials * sum(path.share * path.trial_seconds for path in found.paths)
    )


def test_code_that_decides_bar_by_bar_is_one_trial_if_it_is_slow(
    configure: Configure, lake: PanelSource, write_strategy: WriteStrategy
) -> None:
    config = configure(
        strategy_class=write_strategy(FREE_FORM), param_grid={"days": tuple(range(1, 101))}
    )
    study = plan_study(config, lake)
    found = estimate(study, lake, calibrate=0.0)
    assert found.sampled == 1
    assert [path.path for path in found.paths] == ["event"]


def test_what_its_files_take_is_about_right(configure: Configure, lake: PanelSource) -> None:
    grid = {"fast_period": tuple(range(5, 45)), "slow_period": tuple(range(50, 75))}
    study = plan_study(configure(param_grid=grid), lake, split="ticker")
    found = estimate(study, lake, calibrate=0.5)
    numbers = 17 + 2 * 16 + 3
    assert 0.2 * 8 * numbers < found.stored / found.trials < 2.0 * 8 * numbers
