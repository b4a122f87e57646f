"""``stockstream estimate``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream


@pytest.fixture
def estimate(stockstream: Stockstream, lake: Path, symbols: list[str]) -> Stockstream:
    """The command on two symbols of the small lake; later arguments win."""

    def run(*arguments: object) -> Said:
        given = ("--strategy", "MovingAverageCrossover", "--lake", lake)
        grid = ("--grid", "fast_period=5:15:3", "--grid", "slow_period=20,40")
        names = ",".join(symbols[:2])
        return stockstream("estimate", *given, "--symbols", names, *grid, *arguments)

    return run


def test_trials_paths_time_memory_and_costs(estimate: Stockstream) -> None:
    said = estimate("--split", "ticker")
    assert said.code == 0, said.err
    assert "3 x 2 = 6 combinations" in said.err
    assert said.out.startswith("MovingAverageCrossover: 12 trials\n6 combinations x 2 pieces")
    for words in ("sparse", "100%", "here", "worker", "Sydney", "N. Virginia"):
        assert words in said.out
    assert re.search(r"\d (MB|GB)\b", said.out)
    assert "AWS Batch, Fargate Spot" in said.out
    assert "costs are an estimate from list prices of 2026-" in said.out


def test_as_json(estimate: Stockstream) -> None:
    found = estimate("--split", "ticker", "--region", "us-east-1", "--json").document
    assert (found["points"], found["pieces"], found["trials"]) == (6, 2, 12)
    assert [path["path"] for path in found["paths"]] == ["sparse"]
    assert {cost["region"] for cost in found["costs"]} == {"us-east-1"}
    assert {cost["runner"] for cost in found["costs"]} == {"step_functions", "aws_batch"}
    assert found["prices"]["read"].startswith("2026-")
    assert all(cost["dollars"] > 0.0 for cost in found["costs"])


def test_one_account_goes_through_the_broker_and_says_why(estimate: Stockstream) -> None:
    found = estimate("--json").document
    (path,) = found["paths"]
    assert path["path"].startswith("broker: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--region", "us-east-3"], "did you mean 'us-east-1'"),
        (["--split", "tickers"], "ticker"),
        (["--where", "fast_period <"], "fast_period <"),
    ],
)
def test_bad_input_is_one_clear_line(
    estimate: Stockstream, arguments: list[str], message: str
) -> None:
    said = estimate(*arguments)
    assert (said.code, said.out) == (2, "")
    (error,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert message in error
