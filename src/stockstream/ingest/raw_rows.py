"""What a provider sent, as rows of the raw zone: bars with their events beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockstream.market.bars import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["raw_rows"]


def raw_rows(
    bars: pl.DataFrame, actions: pl.DataFrame, fetched_at: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Put dividends and splits beside the bars of their days.

    An event of a day without a bar becomes a row without prices that is not final, so that it is
    not lost. Delistings have no place in the raw zone.

    Args:
        bars: frame of :data:`stockstream.market.bars.BAR_SCHEMA`, perhaps with ``is_final``; bars
            of which nothing else is said are final.
        actions: frame of :data:`stockstream.market.actions.ACTION_SCHEMA`.
        fetched_at: when each symbol came, ISO 8601.

    Returns:
        Columns of :data:`stockstream.lake.raw.RAW_SCHEMA` without ``batch_number``, and whatever
        else the bars have.
    """
    final = pl.col("is_final").fill_null(value=True) if "is_final" in bars.columns else pl.lit(True)
    rows = bars.with_columns(is_final=final).join(
        _events(actions), on=KEY, how="full", coalesce=True, maintain_order="left"
    )
    stamps = dict(fetched_at or {})
    return rows.with_columns(
        pl.col("is_final").fill_null(value=False),
        pl.coalesce("provider", "provider_right").alias("provider"),
        fetch_timestamp=pl.col("symbol").replace_strict(
            list(stamps), list(stamps.values()), default=None, return_dtype=pl.String
        ),
    ).drop("provider_right")


def _events(actions: pl.DataFrame) -> pl.DataFrame:
    """symbol, date, provider_right, dividends, splits; each day once."""
    value, kind = pl.col("value"), pl.col("kind")

    def of(name: str, together: pl.Expr) -> pl.Expr:
        return pl.when((kind == name).any()).then(together)

    return (
        actions.filter(kind.is_in(["dividend", "split"]))
        .group_by(KEY, maintain_order=True)
        .agg(
            provider_right=pl.col("provider").first(),
            dividends=of("dividend", value.filter(kind == "dividend").sum()),
            splits=of("split", value.filter(kind == "split").product()),
        )
    )
