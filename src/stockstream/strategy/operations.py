"""The operations an expression may use: what each takes, what it gives, how it is written.

This table is the whole language. It holds no arithmetic: ``elementwise``, ``crossing`` and
``crosssection_values`` do, once for arrays and once for streams.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CROSS_SECTION", "FIELDS", "OPERATIONS", "Kind", "Operation"]

FIELDS = ("open", "high", "low", "close", "volume")
"""What a bar holds."""


class Kind(StrEnum):
    """What an expression gives at each bar."""

    NUMBER = "number"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        takes: the kind of each argument; None for any count of numbers.
        gives: the kind of the result.
        shown: how it is written, with a ``{}`` for each argument and then for each parameter
            (leaves and indicators write themselves).
    """

    takes: tuple[Kind, ...] | None
    gives: Kind
    shown: str = ""


_N, _C = Kind.NUMBER, Kind.CONDITION

OPERATIONS: dict[str, Operation] = {
    "field": Operation((), _N),
    "constant": Operation((), _N),
    "indicator": Operation(None, _N),
    "lag": Operation((_N,), _N, "{}.lag({})"),
    "lag_condition": Operation((_C,), _C, "{}.lag({})"),
    "negative": Operation((_N,), _N, "-{}"),
    "absolute": Operation((_N,), _N, "abs({})"),
    "add": Operation((_N, _N), _N, "({} + {})"),
    "subtract": Operation((_N, _N), _N, "({} - {})"),
    "multiply": Operation((_N, _N), _N, "({} * {})"),
    "divide": Operation((_N, _N), _N, "({} / {})"),
    "minimum": Operation((_N, _N), _N, "minimum({}, {})"),
    "maximum": Operation((_N, _N), _N, "maximum({}, {})"),
    "where": Operation((_C, _N, _N), _N, "where({}, {}, {})"),
    "less": Operation((_N, _N), _C, "({} < {})"),
    "less_equal": Operation((_N, _N), _C, "({} <= {})"),
    "greater": Operation((_N, _N), _C, "({} > {})"),
    "greater_equal": Operation((_N, _N), _C, "({} >= {})"),
    "equals": Operation((_N, _N), _C, "{}.equals({})"),
    "is_finite": Operation((_N,), _C, "{}.is_finite()"),
    "and": Operation((_C, _C), _C, "({} & {})"),
    "or": Operation((_C, _C), _C, "({} | {})"),
    "not": Operation((_C,), _C, "~{}"),
    "crosses_above": Operation((_N, _N), _C, "{}.crosses_above({})"),
    "crosses_below": Operation((_N, _N), _C, "{}.crosses_below({})"),
    "rank": Operation((_N,), _N, "{}.rank()"),
    "zscore": Operation((_N,), _N, "{}.zscore()"),
    "quantile": Operation((_N,), _N, "{}.quantile({})"),
    "demean": Operation((_N,), _N, "{}.demean()"),
    "winsorise": Operation((_N,), _N, "{}.winsorise({})"),
    "neutralise": Operation((_N, _N), _N, "neutralise({}, by={})"),
    "top": Operation((_N,), _C, "top({}, {})"),
    "long_short": Operation((_N,), _N, "long_short({}, quantile={}, gross={})"),
    "equal_weight": Operation((_C,), _N, "equal_weight({})"),
}

CROSS_SECTION = frozenset(
    (
        *("rank", "zscore", "quantile", "demean", "winsorise", "neutralise"),
        *("top", "long_short", "equal_weight"),
    )
)
"""Operations that look across the symbols of a session; all others look along one symbol."""
