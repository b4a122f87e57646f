"""From what a user types to a symbol."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.lake import Lake
from stockstream.lake.symbols import FEW, find_symbols, resolve, symbols_of
from stockstream.lake.tables import BARS
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.lake.delta import Snapshot

KNOWN = ["BHP.AX", "CBA.AX", "BHP.L", "SPY", "^AXJO", "BRK.B"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["CBA"], ["CBA.AX"]),
        (["cba"], ["CBA.AX"]),
        (["cba.ax", "spy", "^AXJO"], ["CBA.AX", "SPY", "^AXJO"]),
        (["BRK"], ["BRK.B"]),
        (["SPY", "CBA"], ["SPY", "CBA.AX"]),
    ],
)
def test_names_find_symbols_in_the_order_asked(asked: list[str], found: list[str]) -> None:
    assert resolve(asked, KNOWN, "the lake") == found


def test_a_name_that_fits_several_symbols_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'BHP' could be BHP.AX or BHP.L; give it in full"):
        resolve(["BHP"], KNOWN, "the lake")


def test_an_unknown_name_shows_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*'CBA.AX'.* holds 6 symbols"):
        resolve(["CAB.AX"], KNOWN, "the lake")


@pytest.mark.parametrize("names", [["CBA", "CBA"], ["CBA", "CBA.AX"]])
def test_a_symbol_given_twice_is_refused(names: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"CBA.AX was given twice"):
        resolve(names, KNOWN, "the lake")


def test_nothing_asked_and_nothing_there() -> None:
    with pytest.raises(ConfigError, match="no symbol was given"):
        resolve([], KNOWN, "the lake")
    with pytest.raises(NoDataError, match="the lake holds no bars yet"):
        resolve(["BHP"], [], "the lake")


NAMES = st.lists(
    st.sampled_from(
        ["BHP", "bhp.ax", "BHP.AX", " cba ", "SPY", "^AXJO", "BRK", "BRK.B", "BRK.A", "NO", "B"]
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """One bar of each of the symbols, over two years and many row groups' worth of others."""
    others = [f"{a}{b}Q" for a in "ABCX" for b in "ABCX"]
    rows = [
        {"symbol": symbol, "date": dt.date(2023 + place % 2, 1, 3), "volume": 1}
        for place, symbol in enumerate([*KNOWN, *others])
    ]
    prices = dict.fromkeys(("open", "high", "low", "close"), pl.lit(1.0))
    frame = conform(pl.DataFrame(rows).with_columns(**prices), provider="t", basis="raw")
    lake = Lake.create(tmp_path_factory.mktemp("symbols") / "lake")
    lake.merge(frame)
    return lake.table(BARS).snapshot()


@given(names=NAMES)
def test_looking_for_a_few_finds_what_looking_at_all_finds(
    bars: Snapshot, names: list[str]
) -> None:
    known = symbols_of(bars)
    assert answer(lambda: find_symbols(names, bars, "it")) == answer(
        lambda: resolve(names, known, "it")
    )


def answer(find: Callable[[], list[str]]) -> list[str] | str:
    """What was found, or what was said."""
    try:
        return find()
    except ConfigError as error:
        return str(error)


def test_many_names_are_looked_up_together(bars: Snapshot) -> None:
    known = sorted(symbols_of(bars))
    assert len(known) > FEW
    assert find_symbols(known, bars, "the lake") == known
