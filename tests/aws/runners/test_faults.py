"""The shipped strategies on a stack on which something goes wrong all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import local_digest

from stockstream.aws.local.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.aws.runners.conftest import Cloud

    from stockstream.runners.cloud import CloudRunner
    from stockstream.study.study import Study

pytestmark = pytest.mark.slow

GRIDS = {
    "MovingAverageCrossover": {"fast_period": [5, 10], "slow_period": [20, 30, 40]},
    "RSIMeanReversion": {"period": [5, 9, 14]},
    "MeanReversionStrategy": {"lookback_period": [10, 20, 30]},
    "MomentumStrategy": {"momentum_period": [20, 40, 60]},
    "LongShortEquityStrategy": {"rebalance_period": [5, 10, 20]},
}


@pytest.fixture
def study(cloud: Cloud) -> Callable[..., Study]:
    """Plans a sweep of a shipped strategy."""

    def make(strategy: str, name: str) -> Study:
        split = "none" if strategy == "LongShortEquityStrategy" else "ticker"
        given = {"strategy_class": strategy, "param_grid": GRIDS[strategy]}
        return cloud.study(name, 2, split=split, where=(), **given)

    return make


@pytest.mark.parametrize("strategy", GRIDS)
def test_every_strategy_gives_what_it_gives_here(
    cloud: Cloud, runner: CloudRunner, study: Callable[..., Study], strategy: str
) -> None:
    planned = study(strategy, f"{strategy} {runner.kind}")
    faults = Faults(seed=8, s3_errors=0.05, kill_workers=0.2, kill_jobs=0.2, deliveries=(1, 2))
    with cloud.local.faults(faults) as injected:
        run = runner.submit(planned)
        for _ in range(5):
            *_, status = runner.follow(run)
            if status.state == "done":
                break
            assert runner.resume(run).state in {"running", "done"}
    assert status.state == "done", status
    assert injected["s3_errors"]
    assert runner.result(run).digest == local_digest(planned, cloud.lake)
