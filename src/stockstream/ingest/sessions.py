"""Which calendar each symbol of an import is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from stockstream.lake.descriptor import CalendarName

    CalendarChoice = Literal["auto"] | CalendarName

__all__ = ["Plan", "plan_calendars"]

ASX_SUFFIX = ".AX"


class Plan(NamedTuple):
    """Calendars for the parts of an import.

    Attributes:
        calendars: each calendar with the condition that selects its rows.
        main: the calendar that a new lake gets.
        reason: why, for the summary.
    """

    calendars: tuple[tuple[CalendarName, pl.Expr], ...]
    main: CalendarName
    reason: str


def plan_calendars(
    symbols: list[str], choice: CalendarChoice, of_lake: CalendarName | None
) -> Plan:
    """Choose.

    ``auto`` checks ``.AX`` symbols against XASX. The others are checked against the lake's
    calendar; where they come together with ``.AX`` symbols they are from elsewhere (an index, a
    foreign share) and are not checked.

    Args:
        symbols: those of the import.
        choice: what the user asked for.
        of_lake: the calendar of the lake; None if the lake is yet to be made.
    """
    everything = pl.lit(value=True)
    if choice != "auto":
        return Plan(((choice, everything),), choice, f"{choice}, as given")
    australian = [symbol for symbol in symbols if symbol.upper().endswith(ASX_SUFFIX)]
    if not australian:
        calendar = of_lake or "none"
        why = "the lake's" if of_lake else "nothing says which exchange (--calendar XASX|XNYS)"
        return Plan(((calendar, everything),), calendar, f"{calendar}: {why}")
    is_australian = pl.col("symbol").str.to_uppercase().str.ends_with(ASX_SUFFIX)
    is_australian = is_australian.fill_null(value=False)
    others = sorted(set(symbols) - set(australian))
    reason = f"XASX for {len(australian):,} symbol(s) in {ASX_SUFFIX}"
    if others:
        shown = ", ".join(others[:3]) + ("..." if len(others) > 3 else "")
        reason += f"; none for {len(others):,} other(s): {shown}"
    return Plan((("XASX", is_australian), ("none", ~is_australian)), "XASX", reason)
