"""The embedded metric format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stockstream.aws.local.metrics import Datum, embedded_metrics


def line(**more: Any) -> str:
    """A line with one metric."""
    directive = {
        "Namespace": "StockStream",
        "Dimensions": [["Environment"], []],
        "Metrics": [{"Name": "SymbolsFetched", "Unit": "Count"}],
    }
    document = {"_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, "Environment": "dev"}
    return json.dumps({**document, "SymbolsFetched": 3, **more})


def test_each_set_of_dimensions_gets_the_values() -> None:
    assert list(embedded_metrics(["plain text", line()])) == [
        Datum("StockStream", "SymbolsFetched", "Count", (3.0,), (("Environment", "dev"),)),
        Datum("StockStream", "SymbolsFetched", "Count", (3.0,), ()),
    ]


def test_a_metric_may_have_many_values() -> None:
    (datum, _) = embedded_metrics([line(SymbolsFetched=[1, 2.5])])
    assert datum.values == (1.0, 2.5)


@pytest.mark.parametrize(
    "text",
    [
        '{"_aws": 3}',
        '{"_aws": {"CloudWatchMetrics": 3}}',
        '"_aws"',
        '{"_aws": {',
        '["_aws"]',
        line(SymbolsFetched="many"),
        line().replace('"SymbolsFetched": 3', '"Other": 3'),
    ],
)
def test_what_is_not_in_the_format_is_no_metric(text: str) -> None:
    assert list(embedded_metrics([text])) == []
