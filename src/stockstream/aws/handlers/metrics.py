"""The metrics of the daily run, in CloudWatch's embedded metric format: a line of the log.

Nothing has to be called or paid to send them, and they are as old as the line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.ingest.run_summary import UpdateSummary

__all__ = ["NAMESPACE", "count_run"]

NAMESPACE: Final = "StockStream"

DIMENSION: Final = "FunctionName"
"""The one dimension: which stack it is shows in the name of its function."""


def count_run(summary: UpdateSummary) -> None:
    """Write the counters of a run, and the symbols that should have come as ``TotalSymbols``.

    The values are those of the whole session, each run of it says all of them again. So the
    statistic to look at is the maximum of a day, for which a second message changes nothing.
    """
    _write({**summary.counters, "TotalSymbols": summary.symbols_expected})


def _write(counts: Mapping[str, int]) -> None:
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        DIMENSION: os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "table-compactor"),
        **counts,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
