"""From what a user types to a symbol."""

from __future__ import annotations

import pytest

from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.lake.symbols import resolve

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
