"""What a piece of work costs in the cloud: a dated table of list prices, and the arithmetic.

An estimate to choose by, not a bill: prices change, Spot prices by the hour, and taxes, discounts,
free allowances, network and stored data are left out. ``PRICES_READ`` says when the table was made
and ``SOURCES`` where to look today's prices up.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stockstream.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ASSUMED",
    "PRICES",
    "PRICES_READ",
    "SOURCES",
    "CloudCost",
    "Prices",
    "Work",
    "cloud_costs",
    "demand_region",
    "fargate_hour",
    "items_of",
]

PRICES_READ = dt.date(2026, 11, 21)

SOURCES = (
    "https://aws.amazon.com/fargate/pricing/",
    "https://aws.amazon.com/lambda/pricing/",
    "https://aws.amazon.com/step-functions/pricing/",
    "https://aws.amazon.com/s3/pricing/",
    "https://aws.amazon.com/cloudwatch/pricing/",
    "https://aws.amazon.com/ecr/pricing/",
    "https://aws.amazon.com/vpc/pricing/",
)

ASSUMED = (
    "a vCPU is as fast as a core of this machine",
    "Fargate Spot costs 34 % of the list price (30 to 34 % was usual)",
    "a Lambda function takes 8 s to start, a Fargate task 60 s",
)
"""What the arithmetic takes for granted, in words."""

SPOT_SHARE = 0.34
LAMBDA_START, FARGATE_START = 8.0, 60.0  # seconds that are paid and do no trial
LAMBDA_CORE_GB = 1769 / 1024  # from this memory on a function has a whole vCPU
LAMBDA_MOST_GB, FARGATE_MOST_GB = 10.0, 8.0
FARGATE_LEAST_SECONDS = 60.0
SMALLEST_GB = 4.0  # of a Fargate task, as Terraform defines the job
TRANSITIONS_A_JOB, TRANSITIONS_A_RUN = 3, 6


@dataclass(frozen=True)
class Prices:
    """List prices of one region in US dollars, Linux on x86.

    Attributes:
        place: name of the region in words.
        vcpu_hour, gb_hour: of a Fargate task, not on Spot.
        lambda_gb_second, lambda_request: of a Lambda function.
        transition: of a standard state machine.
        put, get: requests to S3.
        storage: of a GB in S3 Standard, a month.
        log_gb, log_storage: of a GB of logs that is taken in, and that is kept for a month.
        metric, alarm, dashboard: of one of them in CloudWatch, a month; an alarm for each metric
            that it looks at.
        image_gb: of a GB of container images, a month.
        address_hour: of a public IPv4 address, which each Fargate task has.
        gateway_hour, gateway_gb: of a NAT gateway, and of what goes through it.
    """

    place: str
    vcpu_hour: float
    gb_hour: float
    lambda_gb_second: float
    lambda_request: float
    transition: float
    put: float
    get: float
    storage: float
    log_gb: float
    log_storage: float
    gateway_hour: float
    gateway_gb: float
    metric: float = 0.30
    alarm: float = 0.10
    dashboard: float = 3.00
    image_gb: float = 0.10
    address_hour: float = 0.005


PRICES: Mapping[str, Prices] = {
    "ap-southeast-2": Prices(
        place="Sydney",
        vcpu_hour=0.04856,
        gb_hour=0.00532,
        lambda_gb_second=0.0000166667,
        lambda_request=0.20 / 1e6,
        transition=0.025 / 1e3,
        put=0.0055 / 1e3,
        get=0.00044 / 1e3,
        storage=0.025,
        log_gb=0.67,
        log_storage=0.033,
        gateway_hour=0.059,
        gateway_gb=0.059,
    ),
    "us-east-1": Prices(
        place="N. Virginia",
        vcpu_hour=0.04048,
        gb_hour=0.004445,
        lambda_gb_second=0.0000166667,
        lambda_request=0.20 / 1e6,
        transition=0.025 / 1e3,
        put=0.005 / 1e3,
        get=0.0004 / 1e3,
        storage=0.023,
        log_gb=0.50,
        log_storage=0.03,
        gateway_hour=0.045,
        gateway_gb=0.045,
    ),
}


class Work(NamedTuple):
    """What is to be done.

    Attributes:
        core_seconds: on one core.
        memory: bytes that a process with one core needs.
        files: that are written, one for each chunk of the study.
        reads: files of the lake that a worker reads.
    """

    core_seconds: float
    memory: int
    files: int
    reads: int = 20


@dataclass(frozen=True)
class CloudCost:
    """What one runner would cost.

    Attributes:
        runner: ``step_functions`` or ``aws_batch``.
        region: a key of :data:`PRICES`.
        jobs: functions or tasks that are started.
        seconds: from the start to the end.
        dollars: US dollars, before tax: the sum of ``parts``.
        parts: what is paid for what.
    """

    runner: str
    region: str
    jobs: int
    seconds: float
    dollars: float
    parts: dict[str, float]


def cloud_costs(work: Work, region: str, at_once: int = 30) -> tuple[CloudCost, ...]:
    """What the work would cost on Step Functions with Lambda, and on AWS Batch with Fargate Spot.

    A runner that cannot hold the work in its memory is left out.

    Args:
        work: what is to be done.
        region: of the cloud.
        at_once: most functions or tasks that run at the same time.

    Raises:
        UnknownNameError: there are no prices for the region.
    """
    demand_region(region)
    found = (_step_functions(work, region, at_once), _aws_batch(work, region, at_once))
    return tuple(cost for cost in found if cost is not None)


def fargate_hour(prices: Prices, memory: float, vcpus: float = 1.0) -> float:
    """US dollars of an hour of a Fargate Spot task with so many GB, without its address."""
    return (vcpus * prices.vcpu_hour + memory * prices.gb_hour) * SPOT_SHARE


def demand_region(name: str) -> None:
    """Refuse a region whose prices are not known.

    Raises:
        UnknownNameError: there are no prices for it.
    """
    if name not in PRICES:
        raise UnknownNameError("region with known prices", name, PRICES)


def _step_functions(work: Work, region: str, at_once: int) -> CloudCost | None:
    prices, memory = PRICES[region], max(_gigabytes(work), LAMBDA_CORE_GB)
    if memory > LAMBDA_MOST_GB:
        return None
    jobs = items_of(work.files, at_once)
    paid = jobs * LAMBDA_START + work.core_seconds
    parts = {
        "lambda": paid * memory * prices.lambda_gb_second + jobs * prices.lambda_request,
        "transitions": (jobs * TRANSITIONS_A_JOB + TRANSITIONS_A_RUN) * prices.transition,
        "requests": _requests(work, jobs, prices),
    }
    seconds = _elapsed(work, jobs, at_once, LAMBDA_START)
    return CloudCost("step_functions", region, jobs, seconds, sum(parts.values()), parts)


def _aws_batch(work: Work, region: str, at_once: int) -> CloudCost | None:
    prices, memory = PRICES[region], max(math.ceil(_gigabytes(work)), SMALLEST_GB)
    if memory > FARGATE_MOST_GB:
        return None
    jobs = items_of(work.files, at_once)
    each = max(FARGATE_START + work.core_seconds / jobs, FARGATE_LEAST_SECONDS)
    hours = jobs * each / 3600.0
    parts = {
        "fargate_spot": hours * fargate_hour(prices, memory),
        "addresses": hours * prices.address_hour,
        "requests": _requests(work, jobs, prices),
    }
    seconds = _elapsed(work, jobs, at_once, FARGATE_START)
    return CloudCost("aws_batch", region, jobs, seconds, sum(parts.values()), parts)


def items_of(chunks: int, at_once: int) -> int:
    """Into how many items :func:`stockstream.study.runs.plans.plan_items` groups chunks."""
    from stockstream.study.plan import CHUNK_SECONDS
    from stockstream.study.runs.plans import ITEM_SECONDS, MOST_ITEMS

    wanted = max(math.ceil(chunks * CHUNK_SECONDS / ITEM_SECONDS), at_once)
    return max(1, min(wanted, chunks, MOST_ITEMS))


def _elapsed(work: Work, jobs: int, at_once: int, start: float) -> float:
    return math.ceil(jobs / at_once) * (start + work.core_seconds / jobs)


def _requests(work: Work, jobs: int, prices: Prices) -> float:
    return work.files * prices.put + jobs * work.reads * prices.get


def _gigabytes(work: Work) -> float:
    return work.memory / 2**30
