"""What is wrong with rows of factors. Wrong rows stay out and are counted; no row is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["KEY", "NOTES", "RULES", "CheckedFactors", "check_factors"]

KEY: Final = ("symbol", "name", "date", "known_at")

RULES: Final = {
    "missing_symbol_or_date": "the row does not say which symbol or which day",
    "unusable_name": "the factor has no name, or one with signs that no name has",
    "not_a_number": "text stands where the value should be",
    "not_finite": "the value is infinite",
    "missing_known_at": "nothing says when the value became public",
    "unknown_symbol": "the lake has no such symbol",
    "contradictory": "several values for one symbol, factor, date and known_at; none was taken",
    "overwrites": "the lake has another value; a restatement needs a later known_at",
}
"""Rows that break one of these stay out."""

NOTES: Final = {
    "repeated": "the same row once more; it was taken once",
    "known_before_date": "public before the day it is about; taken, as a forecast would be",
}
"""What is only noted."""

_USABLE: Final = r"^[\p{L}\p{N}_][^\p{C}]{0,99}$"
"""No control characters, and nothing that a spreadsheet would take for a formula."""


@dataclass(frozen=True, eq=False)
class CheckedFactors:
    """What the check found.

    Attributes:
        accepted: symbol, date, name, value, known_at of the rows that are right.
        new: those of them that the lake does not have yet.
        rejected: rows by the rule of :data:`RULES` that they break.
        noted: rows by the note of :data:`NOTES`.
        examples: for each of these rules one row, in words.
        unknown: symbols that the lake does not have.
    """

    accepted: pl.DataFrame
    new: pl.DataFrame
    rejected: dict[str, int]
    noted: dict[str, int]
    examples: dict[str, str]
    unknown: tuple[str, ...]


def check_factors(
    rows: pl.DataFrame, stored: pl.DataFrame, symbols: Collection[str]
) -> CheckedFactors:
    """Check rows by themselves, against each other and against the lake.

    Args:
        rows: see :class:`stockstream.ingest.factors.rows.FactorRows`.
        stored: rows of the lake of the same symbols and factors.
        symbols: those that the lake knows; none is no check.
    """
    judged = _judge(rows, symbols)
    right = judged.filter(pl.col("rule").is_null())
    single = right.unique(KEY, keep="first", maintain_order=True)
    found = single.join(stored.select(*KEY, old="value"), on=KEY, how="left", maintain_order="left")
    differs = (pl.col("old") != pl.col("value")).fill_null(value=False)
    wrong = pl.concat(
        [
            judged.filter(pl.col("rule").is_not_null()),
            found.filter(differs).drop("old").with_columns(rule=pl.lit("overwrites")),
        ]
    )
    good = found.filter(~differs)
    columns = ("symbol", "date", "name", "value", "known_at")
    early = good.filter(pl.col("known_at") < pl.col("date"))
    noted = {"repeated": len(right) - len(single), "known_before_date": len(early)}
    samples = {rule: wrong.filter(pl.col("rule") == rule) for rule in RULES}
    samples["known_before_date"] = early
    return CheckedFactors(
        accepted=good.select(columns),
        new=good.filter(pl.col("old").is_null()).select(columns),
        rejected=dict(wrong["rule"].value_counts(sort=True).iter_rows()),
        noted={note: number for note, number in noted.items() if number},
        examples={rule: _in_words(rows) for rule, rows in samples.items() if len(rows)},
        unknown=tuple(samples["unknown_symbol"]["symbol"].unique().sort()),
    )


def _judge(rows: pl.DataFrame, symbols: Collection[str]) -> pl.DataFrame:
    """The rows with the first rule that each breaks, null where it breaks none."""
    known = pl.col("symbol").is_in(list(symbols)) if symbols else pl.lit(value=True)
    alone = {
        "missing_symbol_or_date": pl.col("symbol").fill_null("").eq("") | pl.col("date").is_null(),
        "unusable_name": ~pl.col("name").fill_null("").str.contains(_USABLE),
        "not_a_number": pl.col("text").is_not_null(),
        "not_finite": ~pl.col("value").is_finite(),
        "missing_known_at": pl.col("known_at").is_null(),
        "unknown_symbol": ~known,
    }
    judged = rows.with_columns(rule=pl.lit(None, pl.String))
    for rule, broken in alone.items():
        unjudged = pl.col("rule").is_null() & broken
        judged = judged.with_columns(
            rule=pl.when(unjudged).then(pl.lit(rule)).otherwise(pl.col("rule"))
        )
    several = pl.col("rule").is_null() & (pl.col("value").n_unique().over(*KEY, "rule") > 1)
    return judged.with_columns(
        rule=pl.when(several).then(pl.lit("contradictory")).otherwise(pl.col("rule"))
    )


def _in_words(rows: pl.DataFrame) -> str:
    """The first row: ``DebtToEquity of BHP.AX for 2024-06-30, known 2024-08-20: 1.2``."""
    row = rows.row(0, named=True)
    value = row["text"] if row["value"] is None else row["value"]
    return f"{row['name']} of {row['symbol']} for {row['date']}, known {row['known_at']}: {value!r}"
