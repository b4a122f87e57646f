"""Whether a source has divided a symbol's history anew, seen from the days that come twice.

A source of split-adjusted prices changes every older price on the day of a split. A store that
only appends would then hold two scales in one series. So some stored sessions are fetched again
with the new ones, and the two are compared:

=============== ==================================================================================
``same``        the closes are equal
``corrected``   some differ, in no common way: the source changed its mind about some days
``restated``    stored and fetched closes differ by one ratio: the history is on another scale
``apart``       there are stored bars and none of them is of a day that came
``new``         there is no stored bar
=============== ==================================================================================

The oldest of these days decide. A split changes all days before it, and a source that is late with
it sends its last days on the new scale already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import polars as pl

from stockstream.market.bars import KEY, PRICES
from stockstream.market.findings import FINDING_SCHEMA

__all__ = [
    "VERDICT_SCHEMA",
    "Replacement",
    "Verdict",
    "compare_overlap",
    "replacement",
    "rescale_dividends",
]

Verdict: TypeAlias = Literal["same", "corrected", "restated", "apart", "new"]

VERDICT_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "verdict": pl.String(),
        "ratio": pl.Float64(),
        "days": pl.UInt32(),
        "split": pl.Boolean(),
    }
)
"""One row for each symbol that came, by symbol.

``ratio`` is a stored price over the fetched one of the same day, null unless ``restated``; ``days``
is how many days were compared; ``split`` tells whether a known split explains the ratio.
"""

EQUAL: Final = 1e-5
"""Relative difference of two closes that count as one: six digits of each, single precision."""

LOOSE: Final = 1e-4
"""Relative difference that a ratio may have beyond what the rounding of the prices explains."""

DECIMALS: Final = range(2, 7)
"""Prices are quoted in cents or finer; what has more than six decimals is not rounded."""

OLDEST: Final = 0.4
"""Share of the compared days, the oldest, that decide."""

MOST: Final = 0.7
"""Share of all compared days that must be on either of the two scales."""

FEW_DAYS: Final = 3
PLAIN: Final = 1.1
"""On fewer days than that a ratio counts only if it is plain to see: no correction is so large."""

_ONE_ODD_OF: Final = 4
"""From so many deciding days one may be odd: the day that was also corrected."""


def compare_overlap(
    stored: pl.DataFrame, fetched: pl.DataFrame, splits: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Compare the closes of the days that are both stored and fetched.

    Closes are rounded, at 0.001 to a price that is 50 % off. So each day gives the span of ratios
    that the decimals of both its prices allow, and a ratio is constant if it lies in those spans.

    Args:
        stored: symbol, date, close of final bars.
        fetched: the same, and perhaps ``is_final``: bars that are not final are left out.
        splits: actions (symbol, date, kind, value) that the stored prices do not have in them yet;
            they explain a ratio that rounding hides, and say it exactly.

    Returns:
        Frame of :data:`VERDICT_SCHEMA`. Symbols without a usable fetched bar are not in it.
    """
    came = _usable(fetched)
    days = _spans(_usable(stored).rename({"close": "before"}).join(came, on=KEY))
    measured = _measured(days, _news(splits, days))
    known = pl.col("symbol").is_in(stored["symbol"].unique().implode())
    verdict = pl.coalesce("verdict", pl.when(known).then(pl.lit("apart")).otherwise(pl.lit("new")))
    return (
        came.select(pl.col("symbol").unique())
        .join(measured, on="symbol", how="left")
        .with_columns(verdict, pl.col("days").fill_null(0), pl.col("split").fill_null(value=False))
        .select(VERDICT_SCHEMA.names())
        .cast(VERDICT_SCHEMA)
        .sort("symbol")
    )


@dataclass(frozen=True, eq=False)
class Replacement:
    """What takes the place of restated symbols' stored bars.

    Attributes:
        bars: what came, and the stored bars that did not come, on the new scale.
        findings: frame of :data:`stockstream.market.findings.FINDING_SCHEMA`.
    """

    bars: pl.DataFrame
    findings: pl.DataFrame


def replacement(stored: pl.DataFrame, fetched: pl.DataFrame, verdicts: pl.DataFrame) -> Replacement:
    """The whole new history of restated symbols.

    A stored bar of a day that did not come again is divided by the ratio, unless the days around it
    were on the new scale already. Nothing is left out.

    Args:
        stored: all stored bars of the symbols.
        fetched: their bars as they were fetched in full; same columns.
        verdicts: from :func:`compare_overlap`; only symbols that are ``restated`` count.

    Returns:
        Bars sorted by symbol and date, and a finding for each symbol and ratio by which stored bars
        were divided.
    """
    restated = verdicts.filter(pl.col("ratio").is_not_null())
    ours = pl.col("symbol").is_in(restated["symbol"].implode())
    lacking = stored.filter(ours).join(fetched, on=KEY, how="anti").sort(KEY)
    ratio = pl.col("_ratio")
    rescaled = _with_ratio(lacking, _scales(stored, fetched, restated)).with_columns(
        pl.col(*PRICES, "adjusted_close") / ratio,
        (pl.col("volume") * ratio).round().cast(pl.Int64),
    )
    bars = pl.concat([fetched.filter(ours), rescaled.drop("_ratio")]).sort(KEY)
    return Replacement(bars, _noted(rescaled))


def rescale_dividends(
    actions: pl.DataFrame, stored: pl.DataFrame, fetched: pl.DataFrame, verdicts: pl.DataFrame
) -> pl.DataFrame:
    """Stored dividends that did not come again, per share of the new scale.

    Args:
        actions: stored actions that are not among the fetched ones.
        stored: all stored bars of the symbols.
        fetched: their bars as they were fetched in full.
        verdicts: from :func:`compare_overlap`.

    Returns:
        The dividends of restated symbols whose value changes, as actions.
    """
    restated = verdicts.filter(pl.col("ratio").is_not_null())
    ours = pl.col("symbol").is_in(restated["symbol"].implode())
    dividends = actions.filter(ours & (pl.col("kind") == "dividend")).sort(KEY)
    return (
        _with_ratio(dividends, _scales(stored, fetched, restated))
        .filter(pl.col("_ratio") != 1.0)
        .with_columns(pl.col("value") / pl.col("_ratio"))
        .drop("_ratio")
    )


def _usable(rows: pl.DataFrame) -> pl.DataFrame:
    """symbol, date, close of final bars with a price, each day once (the last one that came)."""
    price = pl.col("close").is_finite() & (pl.col("close") > 0.0)
    if "is_final" in rows.columns:
        price &= pl.col("is_final").fill_null(value=True)
    return rows.filter(price).select(*KEY, "close").unique(KEY, keep="last", maintain_order=True)


def _spans(days: pl.DataFrame) -> pl.DataFrame:
    """Each day's ratio with the least and greatest one that the decimals of its prices allow."""
    before, close = pl.col("before"), pl.col("close")
    half_before, half = _half_a_step("before"), _half_a_step("close")
    return (
        days.sort(KEY)
        .with_columns(
            ratio=before / close,
            least=(before - half_before) / (close + half) * (1 - LOOSE),
            most=pl.when(close > half)
            .then((before + half_before) / (close - half) * (1 + LOOSE))
            .otherwise(float("inf")),
            equal=(before - close).abs() <= EQUAL * before,
            oldest=pl.int_range(pl.len()).over("symbol")
            < (pl.len().over("symbol") * OLDEST).ceil(),
        )
        .with_columns(unmoved=_allows(pl.lit(1.0)))
    )


def _half_a_step(column: str) -> pl.Expr:
    """Half of the last decimal that a symbol's prices have; 0 if they have very many."""
    price = pl.col(column)
    step = pl.lit(0.0)
    for decimals in reversed(DECIMALS):
        fits = ((price.round(decimals) - price).abs() <= EQUAL / 10 * price).all().over("symbol")
        step = pl.when(fits).then(0.5 * 10.0**-decimals).otherwise(step)
    return step


def _allows(ratio: pl.Expr) -> pl.Expr:
    return (pl.col("least") <= ratio) & (ratio <= pl.col("most"))


def _meets_middle() -> pl.Expr:
    """Whether a day's span and that of the day in the middle have a ratio in common."""
    return (pl.col("least") <= pl.col("most_mid")) & (pl.col("least_mid") <= pl.col("most"))


def _news(splits: pl.DataFrame | None, days: pl.DataFrame) -> pl.DataFrame:
    """symbol, told: the product of the splits after the first compared day."""
    if splits is None:
        return pl.DataFrame(schema={"symbol": pl.String, "told": pl.Float64})
    first = days.group_by("symbol").agg(first=pl.col("date").min())
    return (
        splits.filter(pl.col("kind") == "split")
        .join(first, on="symbol")
        .filter(pl.col("date") > pl.col("first"))
        .group_by("symbol")
        .agg(told=pl.col("value").product())
    )


def _measured(days: pl.DataFrame, news: pl.DataFrame) -> pl.DataFrame:
    """symbol, verdict, ratio, days, split of symbols that have a day in common."""
    oldest = pl.col("oldest")
    middle = pl.col("ratio", "least", "most").filter(oldest).median().over("symbol")
    facts = (
        days.with_columns(middle.name.suffix("_mid"))
        .join(news, on="symbol", how="left")
        .with_columns(fits=_meets_middle(), told_fits=_allows(pl.col("told")))
        .group_by("symbol")
        .agg(
            pl.len().alias("days"),
            pl.col("told", "ratio_mid").first(),
            same=pl.col("equal").all(),
            deciding=oldest.sum(),
            equal=(oldest & pl.col("equal")).sum(),
            unmoved=(oldest & pl.col("unmoved")).sum(),
            fits=(oldest & pl.col("fits")).sum(),
            told_fits=(oldest & pl.col("told_fits")).sum(),
            on_a_scale=(pl.col("fits") | pl.col("unmoved")).mean(),
            ratio=pl.col("before").filter(oldest & pl.col("fits")).sum()
            / pl.col("close").filter(oldest & pl.col("fits")).sum(),
        )
    )
    return facts.with_columns(**_judged()).with_columns(_verdict(), _ratio())


def _judged() -> dict[str, pl.Expr]:
    """``split``: a known split explains it; ``constant``: one ratio does, whatever caused it."""
    odd = (pl.col("deciding") >= _ONE_ODD_OF).cast(pl.Int64)
    needed = pl.col("deciding") - odd
    plain = ~pl.col("ratio_mid").is_between(1 / PLAIN, PLAIN)
    split = (pl.col("told") != 1.0) & (pl.col("told_fits") >= needed) & (pl.col("equal") <= odd)
    constant = (
        (pl.col("fits") >= needed)
        & (pl.col("unmoved") <= odd)
        & (pl.col("on_a_scale") >= MOST)
        & (plain | (pl.col("days") >= FEW_DAYS))
    )
    return {"split": split.fill_null(value=False), "constant": constant}


def _verdict() -> pl.Expr:
    return (
        pl.when("same")
        .then(pl.lit("same"))
        .when(pl.col("split") | pl.col("constant"))
        .then(pl.lit("restated"))
        .otherwise(pl.lit("corrected"))
        .alias("verdict")
    )


def _ratio() -> pl.Expr:
    """The split itself, else the ratio of the sums: the dearest days are the least rounded."""
    return (
        pl.when(pl.col("same"))
        .then(None)
        .when("split")
        .then("told")
        .when("constant")
        .then("ratio")
        .alias("ratio")
    )


def _scales(stored: pl.DataFrame, fetched: pl.DataFrame, restated: pl.DataFrame) -> pl.DataFrame:
    """symbol, date, scale: on each common day the ratio, or 1 if it was on the new scale before."""
    days = _usable(stored).rename({"close": "before"}).join(_usable(fetched), on=KEY)
    return (
        _spans(days)
        .join(restated.select("symbol", _ratio="ratio"), on="symbol")
        .with_columns(
            pl.when(_allows(pl.col("_ratio")) & ~pl.col("equal"))
            .then("_ratio")
            .when("unmoved")
            .then(1.0)
            .otherwise("_ratio")
        )
        .select(*KEY, "_ratio")
    )


def _with_ratio(rows: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    """The rows with the scale of the nearest day that came."""
    return rows.join_asof(
        scales, on="date", by="symbol", strategy="nearest", check_sortedness=False
    ).with_columns(pl.col("_ratio").fill_null(1.0))


def _noted(rescaled: pl.DataFrame) -> pl.DataFrame:
    moved = (
        rescaled.filter(pl.col("_ratio") != 1.0)
        .group_by("symbol", "_ratio", maintain_order=True)
        .agg(pl.col("date").min(), last=pl.col("date").max(), bars=pl.len())
    )
    if moved.is_empty():
        return FINDING_SCHEMA.to_frame()
    return moved.rechunk().select(
        "symbol",
        "date",
        rule=pl.lit("restated_by_ratio"),
        severity=pl.lit("warning"),
        detail=pl.format(
            "{} stored bar(s) up to {} did not come again and were divided by {}",
            "bars",
            "last",
            pl.col("_ratio").round_sig_figs(9),
        ),
    )
