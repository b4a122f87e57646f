"""Pieces of a panel: one symbol, one year, or the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stockstream.study.splits import split_panel

if TYPE_CHECKING:
    from stockstream.market.panel import Panel


def test_by_ticker_each_symbol_stands_on_its_own_sessions(market: Panel) -> None:
    panel = replace(market, first=100)
    pieces = split_panel(panel, "ticker", 50)
    assert [piece.label for piece in pieces] == list(market.symbols)
    for i, piece in enumerate(pieces):
        alone = piece.cut()
        assert alone.symbols == (market.symbols[i],)
        np.testing.assert_array_equal(alone.close, market.close[market.rows(i)])
        assert alone.sessions == len(alone.close)
        assert alone.dates[alone.first] >= market.dates[100]
        assert alone.first == 0 or alone.dates[alone.first - 1] < market.dates[100]


def test_by_year_the_trading_windows_are_the_calendar_years(market: Panel) -> None:
    panel = replace(market, first=100)
    pieces = split_panel(panel, "year", 50)
    assert [piece.label for piece in pieces] == [2019, 2020, 2021]
    traded = []
    for piece in pieces:
        year = piece.cut()
        assert year.symbols == market.symbols
        assert year.first == 50
        traded.append(year.dates[year.first :])
        years = traded[-1].astype("datetime64[Y]").astype(int) + 1970
        assert set(years.tolist()) == {piece.label}
    np.testing.assert_array_equal(np.concatenate(traded), panel.dates[100:])


def test_by_year_warms_up_on_what_there_is(market: Panel) -> None:
    first, second, _ = (piece.cut() for piece in split_panel(market, "year", 10_000))
    assert first.first == 0
    assert second.first == first.sessions
    cold = split_panel(market, "year", 0)[1].cut()
    assert cold.first == 0
    np.testing.assert_array_equal(cold.dates, second.dates[second.first :])


def test_by_year_a_delisting_happens_in_its_year(market: Panel) -> None:
    pieces = [piece.cut() for piece in split_panel(market, "year", 50)]
    gone = market.dates[market.delisted[3]]
    for piece in pieces[:-1]:
        assert piece.delisted[3] == piece.sessions
    last = pieces[-1]
    assert last.dates[last.delisted[3]] == gone


def test_no_split_is_the_panel_itself(market: Panel) -> None:
    [piece] = split_panel(market, None, 50)
    assert piece.label is None
    assert piece.cut() is market
