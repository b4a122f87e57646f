"""GICS: which sector an industry group belongs to."""

from __future__ import annotations

from typing import Final

__all__ = ["SECTORS"]

_GROUPS: Final = {
    "Energy": ("Energy",),
    "Materials": ("Materials",),
    "Industrials": ("Capital Goods", "Commercial & Professional Services", "Transportation"),
    "Consumer Discretionary": (
        "Automobiles & Components",
        "Consumer Discretionary Distribution & Retail",
        "Consumer Durables & Apparel",
        "Consumer Services",
        "Retailing",
    ),
    "Consumer Staples": (
        "Consumer Staples Distribution & Retail",
        "Food & Staples Retailing",
        "Food, Beverage & Tobacco",
        "Household & Personal Products",
    ),
    "Health Care": (
        "Health Care Equipment & Services",
        "Pharmaceuticals, Biotechnology & Life Sciences",
    ),
    "Financials": ("Banks", "Diversified Financials", "Financial Services", "Insurance"),
    "Information Technology": (
        "Semiconductors & Semiconductor Equipment",
        "Software & Services",
        "Technology Hardware & Equipment",
    ),
    "Communication Services": ("Media & Entertainment", "Telecommunication Services"),
    "Utilities": ("Utilities",),
    "Real Estate": (
        "Equity Real Estate Investment Trusts (REITs)",
        "Real Estate",
        "Real Estate Management & Development",
    ),
}

SECTORS: Final = {group: sector for sector, groups in _GROUPS.items() for group in groups}
"""Industry group -> sector: the 25 groups since 2023, and the names that four of them had before.

What is not among them has no sector: ``Not Applic`` (funds), ``Class Pend`` (not classified yet).
"""
