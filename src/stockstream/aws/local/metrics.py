"""Metrics that a function writes into its log, in the embedded metric format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Datum", "embedded_metrics", "record_metrics"]


class Datum(NamedTuple):
    """Values of one metric."""

    namespace: str
    name: str
    unit: str
    values: tuple[float, ...]
    dimensions: tuple[tuple[str, str], ...]


def embedded_metrics(lines: Iterable[str]) -> Iterator[Datum]:
    """The metrics in lines of a log; a line that is not in the format has none.

    >>> line = (
    ...     '{"_aws": {"CloudWatchMetrics": [{"Namespace": "S", "Dimensions": [[]],'
    ...     ' "Metrics": [{"Name": "N"}]}]}, "N": 3}'
    ... )
    >>> next(embedded_metrics([line]))
    Datum(namespace='S', name='N', unit='None', values=(3.0,), dimensions=())
    """
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            document = json.loads(line)
            yield from [*_data(document)]
        except (AttributeError, KeyError, TypeError, ValueError):
            continue


def record_metrics(account: str, region: str, lines: Iterable[str]) -> None:
    """Put the metrics in lines of a log where CloudWatch has them."""
    from moto.cloudwatch.models import cloudwatch_backends

    for datum in embedded_metrics(lines):
        dimensions = [{"Name": name, "Value": value} for name, value in datum.dimensions]
        for value in datum.values:
            row = {"MetricName": datum.name, "Unit": datum.unit, "Value": value}
            cloudwatch_backends[account][region].put_metric_data(
                datum.namespace, [{**row, "Dimensions": dimensions}]
            )


def _data(document: dict[str, Any]) -> Iterator[Datum]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            given = document[metric["Name"]]
            values = tuple(map(float, given if isinstance(given, list) else [given]))
            for names in directive.get("Dimensions", [[]]):
                dimensions = tuple((name, str(document[name])) for name in names)
                unit = metric.get("Unit", "None")
                yield Datum(directive["Namespace"], metric["Name"], unit, values, dimensions)
