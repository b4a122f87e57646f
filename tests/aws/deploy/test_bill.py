"""The bill, by hand."""

from __future__ import annotations

import json

import pytest

from stockstream.aws.deploy import bill as billing
from stockstream.aws.deploy.bill import SECONDS, TRIAL_SECONDS, Usage, bill, bill_document
from stockstream.aws.functions import FUNCTIONS
from stockstream.errors import UnknownNameError
from stockstream.runners.prices import PRICES, Work, cloud_costs

SYDNEY = "ap-southeast-2"


def test_a_month_in_sydney_by_hand() -> None:
    found = {line.what: line.dollars for line in bill(SYDNEY).lines}
    memory = {name: FUNCTIONS[name].memory / 1024 for name in SECONDS}
    each = {**dict.fromkeys(SECONDS, 1), "stock-data-fetcher": 20}
    work = sum(each[name] * SECONDS[name] * memory[name] for name in SECONDS)
    assert found == pytest.approx(
        {
            "daily run: functions": 21 * (work * 0.0000166667 + 23 * 0.2e-6),
            "daily run: steps": 21 * (7 + 20 * 2) * 0.025e-3,
            "daily run: requests": 21 * (120 * 0.0055e-3 + 2000 * 0.00044e-3),
            "bucket": 3 * 0.025,
            "logs": 0.2 * (0.67 + 0.033),
            "metrics": 5 * 0.3,
            "alarms": 15 * 0.1,
            "dashboard": 3.0,
            "images": 1.5 * 0.1,
        }
    )
    assert bill(SYDNEY).month == pytest.approx(sum(found.values()))


def test_the_functions_of_the_daily_run_are_those_of_the_table() -> None:
    assert set(SECONDS) == {name for name, one in FUNCTIONS.items() if one.part == "pipeline"}
    for name, seconds in SECONDS.items():
        assert seconds < FUNCTIONS[name].timeout


def test_choices_say_what_the_bill_would_be() -> None:
    now = bill(SYDNEY)
    changes = {choice.what.partition(" (")[0]: choice.dollars for choice in now.choices}
    for what, usage in {
        "no schedule": Usage(sessions=0),
        "500 symbols": Usage(symbols=500),
        "a private network with a NAT gateway": Usage(gateways=1),
        "10 GB more in the bucket": Usage(lake_gb=13),
    }.items():
        assert now.month + changes[what] == pytest.approx(bill(SYDNEY, usage).month)
    assert changes["no schedule"] < changes["500 symbols"] < 0 < changes["10 GB more in the bucket"]
    assert changes["a private network with a NAT gateway"] > 40
    assert changes["a second region, or a second stack"] == now.month


def test_a_million_trials_cost_what_the_estimate_of_a_sweep_says() -> None:
    sweeps = bill("us-east-1").sweeps
    assert [sweep.trial_seconds for sweep in sweeps] == sorted(TRIAL_SECONDS.values())
    assert sweeps[1].costs == cloud_costs(Work(5_000.0, 2**30, 10_000), "us-east-1")
    for cheap, dear in zip(sweeps[0].costs, sweeps[-1].costs, strict=True):
        assert cheap.dollars < dear.dollars


@pytest.mark.parametrize("region", PRICES)
def test_the_document_is_json_and_dated(region: str) -> None:
    document = json.loads(json.dumps(bill_document(bill(region)), allow_nan=False))
    assert document["prices"]["read"].startswith("2026-")
    total = sum(line["dollars"] for line in document["lines"])
    assert document["dollars_a_month"] == pytest.approx(total)


def test_a_region_without_prices() -> None:
    with pytest.raises(UnknownNameError, match="region with known prices 'mars'"):
        bill("mars")
    assert billing.TRIALS == 10**6
