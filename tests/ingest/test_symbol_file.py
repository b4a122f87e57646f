"""``config/symbols.json``."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockstream.errors import ConfigError
from stockstream.ingest.symbol_file import SymbolFile

SHIPPED = Path(__file__).parents[2] / "config" / "symbols.json"


def test_the_shipped_file() -> None:
    assert SymbolFile.read(SHIPPED) == SymbolFile(("BHP", "CBA"), "ASX")


def test_symbols_of_many_kinds(tmp_path: Path) -> None:
    file = tmp_path / "symbols.json"
    file.write_text('{"symbols": ["A", "BRK-B", "BF.B", "^GSPC", "AUDUSD=X"]}', encoding="utf-8")
    assert SymbolFile.read(file) == SymbolFile(("A", "BRK-B", "BF.B", "^GSPC", "AUDUSD=X"), "US")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "no list of symbols"),
        ('{"symbols": "BHP"}', "no list of symbols"),
        ('{"symbols": [1]}', "no list of symbols"),
        ('{"symbols": []}', "lists no symbol"),
        ('{"symbols": ["BHP", "../BHP"]}', "'../BHP', which is no symbol"),
        ('{"symbols": ["BHP\\n"]}', "which is no symbol"),
        ('{"symbols": ["=1+1"]}', "which is no symbol"),
        ('{"symbols": [""]}', "which is no symbol"),
        ('{"symbols": ["BHP"], "market": "ASZ"}', "did you mean 'ASX'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "symbols.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        SymbolFile.read(file)
