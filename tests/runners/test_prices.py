"""What work costs in the cloud, by hand."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from stockstream.errors import UnknownNameError
from stockstream.runners.prices import PRICES, PRICES_READ, SOURCES, Work, cloud_costs
from stockstream.study.runs.plans import plan_items


class Numbered:
    """Chunks of one study that nobody has to make."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, asked: int | slice) -> Any:
        chunk = SimpleNamespace(number=0, study=SimpleNamespace(name="s-0123456789ab"))
        return chunk if isinstance(asked, int) else [chunk]


HOUR = Work(core_seconds=3600.0, memory=2**30, files=100)


def test_an_hour_of_one_core_in_sydney_by_hand() -> None:
    states, batch = cloud_costs(HOUR, "ap-southeast-2")

    assert (states.runner, states.jobs) == ("step_functions", 30)  # all that run at once
    gigabyte_seconds = (3600 + 30 * 8) * 1769 / 1024
    assert states.parts == pytest.approx(
        {
            "lambda": gigabyte_seconds * 0.0000166667 + 30 * 0.2e-6,
            "transitions": (3 * 30 + 6) * 0.025 / 1000,
            "requests": 100 * 0.0055 / 1000 + 30 * 20 * 0.00044 / 1000,
        }
    )
    assert states.seconds == 120 + 8

    assert (batch.runner, batch.jobs) == ("aws_batch", 30)
    hours = (3600 + 30 * 60) / 3600
    assert batch.parts["fargate_spot"] == pytest.approx(
        hours * (0.04856 + 4 * 0.00532) * 0.34, rel=1e-12
    )
    assert batch.parts["addresses"] == pytest.approx(hours * 0.005)
    assert batch.seconds == 120 + 60
    for cost in (states, batch):
        assert cost.dollars == pytest.approx(sum(cost.parts.values()))


def test_virginia_is_cheaper_than_sydney() -> None:
    sydney, virginia = (cloud_costs(HOUR, region) for region in ("ap-southeast-2", "us-east-1"))
    for dear, cheap in zip(sydney, virginia, strict=True):
        assert cheap.dollars < dear.dollars


def test_a_chunk_is_never_cut_so_one_file_is_one_job() -> None:
    for cost in cloud_costs(HOUR._replace(files=1), "us-east-1"):
        assert cost.jobs == 1


@pytest.mark.parametrize("chunks", [1, 29, 30, 31, 3_600, 3_601, 10_000_000])
@pytest.mark.parametrize("at_once", [1, 30, 500])
def test_there_are_as_many_jobs_as_a_plan_has_items(chunks: int, at_once: int) -> None:
    missing = Numbered(chunks)
    items = plan_items(missing, "1", at_once)  # type: ignore[arg-type]
    [cost, _] = cloud_costs(HOUR._replace(files=chunks), "us-east-1", at_once)
    assert cost.jobs == len(items)


def test_the_smallest_work_is_one_job_and_a_minute_of_fargate() -> None:
    states, batch = cloud_costs(Work(0.01, 2**28, 1), "us-east-1")
    assert (states.jobs, batch.jobs) == (1, 1)
    assert batch.parts["fargate_spot"] == pytest.approx(
        (60.01 / 3600) * (0.04048 + 4 * 0.004445) * 0.34
    )


def test_more_jobs_than_run_at_once_wait_for_their_turn() -> None:
    work = HOUR._replace(core_seconds=240.0 * 60, files=28_800)
    few, many = (cloud_costs(work, "us-east-1", at_once=n)[0] for n in (30, 60))
    assert few.seconds == 2 * many.seconds
    assert few.dollars == many.dollars


@pytest.mark.parametrize(
    ("gigabytes", "runners"),
    [(1, ["step_functions", "aws_batch"]), (9, ["step_functions"]), (11, [])],
)
def test_a_runner_that_cannot_hold_the_work_is_left_out(gigabytes: int, runners: list[str]) -> None:
    found = cloud_costs(HOUR._replace(memory=gigabytes * 2**30), "us-east-1")
    assert [cost.runner for cost in found] == runners


def test_a_region_without_prices_is_named_with_those_that_have() -> None:
    with pytest.raises(UnknownNameError, match="ap-southeast-2"):
        cloud_costs(HOUR, "ap-southeast-1")


def test_the_table_says_when_it_was_made_and_where_to_look_again() -> None:
    assert dt.date(2026, 1, 1) < PRICES_READ
    assert all(source.startswith("https://aws.amazon.com/") for source in SOURCES)
    for prices in PRICES.values():
        assert prices.gb_hour < prices.vcpu_hour
        assert prices.log_storage < prices.log_gb
