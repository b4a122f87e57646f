"""What a trial is while it runs, and what is left of it: records and rows.

Memory is given once and used by one trial after the other; see ``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.backtest.broker.records import Record

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Codes, Column, FillRow
    from stockstream.backtest.sparse.signals import Marks, Rows

__all__ = ["Desk", "Given", "Kept", "Measures", "Trial"]


class Trial(Record):
    """The account, the position and the sums of one trial: of the one that runs."""

    __slots__ = (
        "cash",
        "quantity",
        "equity",
        "entry",
        "highest",
        "opened_value",
        "closed_value",
        "fees",
        "income",
        "order_quantity",
        "order_paid",
        "blocked_until",
        "next_exit",
        "peak",
        "peak_bar",
        "deepest",
        "longest",
        "block",
        "kept",
        "still",
        "held",
        "equities",
        "cubes",
        "fourths",
        "shortfalls",
        "commission",
        "slippage",
        "traded",
        "closed",
        "open",
        "won",
        "lost",
        "gross_won",
        "gross_lost",
        "returned_won",
        "returned_lost",
        "fills",
        "given_up",
    )
    cash: float
    quantity: float
    equity: float  # at the last close that is accounted for
    entry: float  # average price of the shares held
    highest: float  # since the entry, up to the bar before
    opened_value: float  # of this round trip
    closed_value: float
    fees: float
    income: float
    order_quantity: float  # what the next purchase buys, and what it pays a share
    order_paid: float
    blocked_until: int
    next_exit: int  # an exit signal that was found already; before the bar in question: not known
    peak: float  # highest equity so far, and the last close that had it
    peak_bar: int
    deepest: float  # least equity over the peak before it
    longest: int
    block: int  # of the last return
    kept: int  # points of the curve that are written down
    still: int  # bars whose return is 0 and written nowhere else
    held: int  # closes with a position
    equities: float  # sum over all closes
    cubes: float
    fourths: float
    shortfalls: float
    commission: float
    slippage: float
    traded: float
    closed: int  # round trips
    open: int  # 1: in a position at the end
    won: int
    lost: int
    gross_won: float
    gross_lost: float
    returned_won: float
    returned_lost: float
    fills: int
    given_up: int  # 1: something that only the broker knows to handle; the rest means nothing


class Measures(Record):
    """What is kept of a trial: the fields of ``metrics.summary.Metrics``, in their order."""

    __slots__ = (
        "total_return",
        "annualised_return",
        "volatility",
        "sharpe",
        "sortino",
        "calmar",
        "max_drawdown",
        "max_drawdown_length",
        "win_rate",
        "profit_factor",
        "average_win",
        "average_loss",
        "exposure",
        "turnover",
        "costs",
        "trades",
        "open_trades",
    )
    total_return: float
    annualised_return: float
    volatility: float
    sharpe: float
    sortino: float
    calmar: float
    max_drawdown: float
    max_drawdown_length: float
    win_rate: float
    profit_factor: float
    average_win: float
    average_loss: float
    exposure: float
    turnover: float
    costs: float
    trades: float
    open_trades: float


class Given(NamedTuple):
    """The programs, point by point."""

    enter_op: int
    enter_a: Codes
    enter_b: Codes
    enter_constant: Column
    exit_op: int
    exit_a: Codes
    exit_b: Codes
    exit_constant: Column
    weight: Column
    stop_loss: Column
    take_profit: Column
    trailing_stop: Column
    max_bars: Codes
    cooldown: Codes
    capital: float
    periods: float  # bars in a year
    rows: Rows


class Desk(NamedTuple):
    """Where trials write while they run: memory that one after the other uses."""

    enter: Marks
    exit: Marks
    scratch: Column  # [T]: returns of the bars of one piece
    edges: Codes  # [B + 3], bars of the panel: a block before and one after those that are kept
    sums: Column  # [B + 2]
    squares: Column
    curve_at: Codes  # [K], ascending
    trial: list[Trial]  # one
    fills: list[FillRow]  # of one trial, for tests; empty: not asked for
    curve: list[Column]  # [n][K], as curve_at, in money


class Kept(NamedTuple):
    """What is left of the trials, a row each; see ``backtest.trial_rows.TrialRows``."""

    measures: list[Measures]
    sums: list[Column]  # [n][B]
    squares: list[Column]
    cubes: Column
    fourths: Column
    downside: Column
    given_up: Codes  # 1: the row means nothing
