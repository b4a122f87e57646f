"""Panels: rows, matrices, what a strategy sees, and pieces of a panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stockstream.errors import DataError
from stockstream.market.markets import calendar_of
from stockstream.market.panel import DIVIDEND, SPLIT
from stockstream.testing.play import panel_of

PANEL = panel_of(
    {
        "A": [10.0, 11.0, None, 6.5, 7.0],
        "B": [None, 20.0, 21.0, None, None],
        "C": [1.0, 1.0, 1.0, 1.0, 1.0],
    },
    actions=[(3, "A", SPLIT, 2.0), (2, "B", DIVIDEND, 0.5)],
    delisted={"B": 3},
    first=1,
)


def test_rows_of_a_symbol_are_its_own_bars() -> None:
    assert PANEL.close[PANEL.rows(0)].tolist() == [10.0, 11.0, 6.5, 7.0]
    assert PANEL.bar[PANEL.rows(1)].tolist() == [1, 2]
    assert (PANEL.sessions, PANEL.symbol_bars) == (5, 15)


def test_the_matrix_is_nan_where_there_is_no_bar() -> None:
    close = PANEL.matrix("close")
    np.testing.assert_array_equal(close[:, 1], [np.nan, 20.0, 21.0, np.nan, np.nan])
    np.testing.assert_array_equal(PANEL.cells[:, 3].reshape(5, 3), close)


def test_a_strategy_sees_prices_split_adjusted_forward() -> None:
    assert PANEL.signal_column("close")[PANEL.rows(0)].tolist() == [10.0, 11.0, 13.0, 14.0]
    assert PANEL.signal_column("volume")[PANEL.rows(0)].tolist() == [1e6, 1e6, 5e5, 5e5]
    assert PANEL.signal_column("close")[PANEL.rows(2)].tolist() == [1.0] * 5


def test_without_splits_nothing_is_copied() -> None:
    panel = panel_of({"A": [1.0, 2.0]})
    assert panel.signal_column("close") is panel.close


def test_selected_symbols_stand_on_their_own_sessions() -> None:
    one = PANEL.select([1])
    assert one.symbols == ("B",)
    assert one.dates.tolist() == PANEL.dates[1:3].tolist()
    assert one.first == 0
    assert one.delisted.tolist() == [2]  # never: the panel ends with its last bar
    assert [column.tolist() for column in one.actions] == [[1], [0], [DIVIDEND], [0.5]]


def test_selected_symbols_keep_the_order_asked_for() -> None:
    two = PANEL.select([2, 0])
    assert two.symbols == ("C", "A")
    np.testing.assert_array_equal(two.matrix("close"), PANEL.matrix("close")[:, [2, 0]])
    assert two.actions.symbol.tolist() == [1]


def test_a_window_moves_everything_with_it() -> None:
    piece = PANEL.window(1, 4, first=2)
    assert piece.dates.tolist() == PANEL.dates[1:4].tolist()
    np.testing.assert_array_equal(piece.matrix("close"), PANEL.matrix("close")[1:4])
    assert piece.first == 1
    assert piece.actions.bar.tolist() == [1, 2]
    assert piece.delisted.tolist() == [3, 2, 3]


def test_a_truncated_panel_knows_nothing_of_what_came_later() -> None:
    early = PANEL.truncate(3)
    assert early.delisted.tolist() == [3, 3, 3]
    assert early.actions.bar.tolist() == [2]
    assert early.signal_column("close")[early.rows(0)].tolist() == [10.0, 11.0]


def test_a_made_up_future_leaves_the_past_alone() -> None:
    other = PANEL.perturbed(3, seed=1)
    past = PANEL.bar < 3
    assert (other.close[past] == PANEL.close[past]).all()
    assert (other.close[~past] != PANEL.close[~past]).all()
    assert (other.low <= other.high).all()


@pytest.mark.parametrize("change", ["price", "first", "symbol", "action"])
def test_the_digest_follows_the_data(change: str) -> None:
    bars = {"A": [10.0, 11.0, 12.0]}
    base = panel_of(bars)
    others = {
        "price": panel_of({"A": [10.0, 11.0, 12.5]}),
        "first": panel_of(bars, first=1),
        "symbol": panel_of({"B": bars["A"]}),
        "action": panel_of(bars, actions=[(1, "A", DIVIDEND, 0.1)]),
    }
    assert base.digest == panel_of(bars).digest
    assert others[change].digest != base.digest


KNOWN = replace(
    PANEL,
    columns={
        "factor:PE": np.arange(1.0, 12.0),
        "sector": np.array([3.0] * 4 + [np.nan] * 2 + [1.0] * 5),
        "age": np.arange(11.0),
    },
)


def test_columns_go_with_their_rows() -> None:
    assert KNOWN.select([2]).columns["factor:PE"].tolist() == [7.0, 8.0, 9.0, 10.0, 11.0]
    assert KNOWN.window(1, 3, 1).columns["factor:PE"].tolist() == [2.0, 5.0, 6.0, 8.0, 9.0]
    assert KNOWN.truncate(2).columns["age"].tolist() == [0.0, 1.0, 4.0, 6.0, 7.0]
    assert KNOWN.column("factor:PE") is KNOWN.columns["factor:PE"]
    with pytest.raises(DataError, match=r"no column 'factor:ROE', only open, .*factor:PE"):
        KNOWN.column("factor:ROE")


def test_columns_are_part_of_what_a_run_reads() -> None:
    other = {**KNOWN.columns, "sector": KNOWN.columns["sector"] + 1.0}
    digests = {PANEL.digest, KNOWN.digest, replace(KNOWN, columns=other).digest}
    assert len(digests) == 3
    assert replace(KNOWN, columns=dict(KNOWN.columns)).digest == KNOWN.digest


def test_a_made_up_future_has_other_factors() -> None:
    made_up = KNOWN.perturbed(2, seed=4)
    later = KNOWN.bar >= 2
    for name, column in KNOWN.columns.items():
        np.testing.assert_array_equal(made_up.columns[name][~later], column[~later])
    assert (made_up.columns["factor:PE"][later] != KNOWN.columns["factor:PE"][later]).all()
    np.testing.assert_array_equal(made_up.columns["age"], KNOWN.columns["age"])
    assert KNOWN.columns["factor:PE"].tolist() == list(range(1, 12))


def test_the_age_is_counted_in_the_panel_where_it_was_not_read() -> None:
    assert PANEL.column("age").tolist() == [0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 4]
    assert PANEL.column("close") is PANEL.signal_columns()["close"]


@pytest.mark.parametrize(
    ("symbols", "name"),
    [
        (("BHP.AX", "CBA.AX"), "XASX"),
        (("AAPL", "MSFT"), "XNYS"),
        (("AAPL", "BHP.AX"), None),
        (("SAP.DE",), None),
        ((), None),
    ],
)
def test_the_calendar_is_that_of_the_one_market(symbols: tuple[str, ...], name: str | None) -> None:
    assert calendar_of(symbols) == name
