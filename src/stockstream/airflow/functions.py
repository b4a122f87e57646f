"""The functions of a stack in AWS that do the steps of the daily run, as Airflow calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FUNCTIONS", "HOPELESS", "Step"]

Step: TypeAlias = Literal["symbols", "fetch", "compact", "aggregate"]

FUNCTIONS: Final[Mapping[Step, str]] = {
    "symbols": "asx-symbol-updater",
    "fetch": "stock-data-fetcher",
    "compact": "table-compactor",
    "aggregate": "batch-aggregator",
}
"""Their names in the account, behind the prefix of the stack."""

HOPELESS: Final = frozenset({"ConfigError", "UnknownNameError", "GridError"})
"""Errors that another call cannot change."""
