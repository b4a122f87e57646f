"""A company that changes its symbol keeps its bars, its position and its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream.backtest.run import run_on_panel
from stockstream.market.renaming import join_renamed, with_former
from stockstream.strategy import RuleStrategy, Weights
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    from stockstream.market.panel import Panel
    from stockstream.strategy import Bars


class Hold(RuleStrategy):
    """Buy once, keep."""

    def rules(self, bars: Bars) -> Weights:
        return Weights(bars.close * 0.0 + 0.5, every=1000)


def changed() -> Panel:
    """OLD becomes NEW in the fourth session; OTHER is another company."""
    return panel_of(
        {
            "OLD": [10.0, 11.0, 12.0, None, None, None],
            "OTHER": [5.0] * 6,
            "NEW": [None, None, None, 13.0, 14.0, 15.0],
        },
        actions=[(1, "OLD", 1, 0.5), (4, "NEW", 0, 2.0)],
        delisted={"OLD": 3},
    )


def test_the_bars_stand_under_the_newest_symbol() -> None:
    panel = join_renamed(changed(), {"OLD": "NEW"})
    assert panel.symbols == ("OTHER", "NEW")
    assert panel.matrix("close")[:, 1].tolist() == [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    assert panel.delisted.tolist() == [6, 6]
    assert panel.actions.symbol.tolist() == [1, 1]
    assert panel.flags == ("NEW: was OLD until 2024-01-03",)


def test_a_position_lives_through_it() -> None:
    panel = join_renamed(changed(), {"OLD": "NEW"})
    result = run_on_panel(Hold(), panel, config_of(), benchmark=False)
    assert result.trades.filter(result.trades["symbol"] == "NEW")["open"].to_list() == [True]
    apart = run_on_panel(Hold(), changed(), config_of(), benchmark=False)
    assert "OLD" in apart.trades.filter(~apart.trades["open"])["symbol"]


def test_chains_and_rings() -> None:
    chain = panel_of({"C": [None, None, 3.0], "A": [1.0, None, None], "B": [None, 2.0, None]})
    panel = join_renamed(chain, {"A": "B", "B": "C"})
    assert panel.symbols == ("C",)
    assert panel.close.tolist() == [1.0, 2.0, 3.0]
    assert panel.flags == ("B: was A until 2024-01-01", "C: was B until 2024-01-02")
    ring = join_renamed(chain, {"A": "B", "B": "A"})
    assert sorted(ring.symbols) in (["A", "C"], ["B", "C"])


def test_bars_that_overlap_are_left_alone() -> None:
    both = panel_of({"OLD": [1.0, 2.0, 3.0], "NEW": [None, 5.0, 5.0]})
    assert join_renamed(both, {"OLD": "NEW"}) is both


def test_a_rename_after_the_window_keeps_the_old_bars_under_the_new_symbol() -> None:
    early = panel_of({"OLD": [1.0, 2.0, 3.0], "NEW": [None, None, None]}, delisted={"NEW": 0})
    panel = join_renamed(early, {"OLD": "NEW"})
    assert (panel.symbols, panel.delisted.tolist()) == (("NEW",), [3])
    assert panel.close.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        (["NEW"], ["NEW", "OLD"]),
        (["OLD"], ["OLD"]),
        (["NEW", "OLD"], ["NEW", "OLD"]),
        (["X"], ["X"]),
    ],
)
def test_former_symbols_are_read_too(wanted: list[str], read: list[str]) -> None:
    assert with_former(wanted, {"OLD": "NEW"}) == read
