"""What a reader must know before believing a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel

__all__ = ["DISTRUST", "config_flags", "distrusted", "outcome_flags"]

DISTRUST = "do not believe these numbers: "
"""How a flag begins that takes everything back."""


def distrusted(flags: Iterable[str]) -> list[str]:
    """Why the numbers mean nothing, if so."""
    return [flag.removeprefix(DISTRUST) for flag in flags if flag.startswith(DISTRUST)]


def config_flags(config: BacktestConfig) -> list[str]:
    """How orders worked and what they cost."""
    flags = []
    if config.fill == "same_close":
        flags.append("fills at the close that made the decision: nobody can trade like this")
    if config.size_at == "fill":
        flags.append("shares sized at the fill price, which is not known when the order is placed")
    if config.costs.free:
        flags.append("no costs: commission and slippage are zero")
    return flags


def outcome_flags(outcome: Outcome, panel: Panel, lookback: int) -> list[str]:
    """What happened to the account.

    Args:
        outcome: of the run.
        panel: what it traded.
        lookback: bars that its strategies look back.
    """
    flags = []
    account = outcome.account
    if float(outcome.days["cash"].min()) < 0.0:
        flags.append(
            "cash fell below zero: it was borrowed, or a short position or a fee cost more than "
            "there was"
        )
    ruined = np.flatnonzero(outcome.days["equity"] <= 0.0)
    if len(ruined):
        day = panel.dates[panel.first + int(ruined[0])]
        flags.append(f"ruined: nothing was left on {day}; no position was opened after it")
    if account["margin_calls"]:
        flags.append(
            f"margin calls: on {account['margin_calls']} days equity was too small for the "
            "positions, and they were cut"
        )
    if account["below_parcel"]:
        flags.append(
            f"{account['below_parcel']} purchases were dropped: worth less than the minimum parcel"
        )
    if not len(outcome.trades):
        flags.append(_why_no_trades(account, panel, lookback))
    return flags


def _why_no_trades(account: dict[str, float], panel: Panel, lookback: int) -> str:
    if account["unaffordable"]:
        return (
            f"zero trades: {account['unaffordable']} orders could not buy a single share with the "
            "cash at hand; raise the capital or trade fractions"
        )
    if panel.sessions <= lookback:
        return (
            f"zero trades: the strategy looks back {lookback} bars and there are "
            f"{panel.sessions}; start later or shorten its periods"
        )
    return f"zero trades: no entry in {panel.sessions - panel.first} sessions; the rule never fired"
