"""The names of what is known of a symbol beside its bar; no NumPy, so that rules can name them."""

from __future__ import annotations

from typing import Final

__all__ = ["FACTOR", "KNOWN"]

KNOWN: Final = ("age", "listed", "sector")
"""Columns that any lake can fill; the others are factors."""

FACTOR: Final = "factor:"
"""How the column of a factor begins: ``factor:DebtToEquity``."""
