"""The list of one day: what the exchange sent, and what is believed beyond it.

A list that lacks a symbol proves little, so the symbol stays until several days' lists lacked it. A
list that does not say something (a market cap, a name) leaves what was said before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stockstream.errors import DataError
from stockstream.market.frames import fit
from stockstream.market.listings.changes import compare
from stockstream.market.spreadsheet import escape_formulas, restore_formulas

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["DAY_LIST_SCHEMA", "day_changes", "next_day_list", "read_symbols_csv", "symbols_csv"]

DAY_LIST_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "name": pl.String(),
        "sector": pl.String(),
        "market_cap": pl.Float64(),
        "industry_group": pl.String(),
        "listing_date": pl.Date(),
        "market_cap_date": pl.Date(),
        "last_listed": pl.Date(),
        "missed": pl.Int64(),
        "renamed_from": pl.String(),
    }
)
"""A symbol of a day's list; the columns of ``symbols/DATE-symbols.csv``, in this order.

``market_cap_date`` is the session that the market cap was told for, and ``last_listed`` the last
one whose accepted list had the symbol; ``missed`` counts the days since then whose accepted lists
lacked it. ``renamed_from`` is the symbol that the company had before this one.
"""

_REQUIRED: Final = 4
_OPTIONAL: Final = tuple(DAY_LIST_SCHEMA)[_REQUIRED:]


def next_day_list(
    before: pl.DataFrame | None, listing: pl.DataFrame, session: dt.date, removal_days: int
) -> pl.DataFrame:
    """The list of a session, from the one before and an accepted list.

    A symbol that the list lacks is removed with the list of the ``removal_days``-th day that lacks
    it; a list that has it starts the count again. A renamed company changes its symbol at once.

    Args:
        before: the day list before, of :data:`DAY_LIST_SCHEMA`; None if there is none.
        listing: of :data:`stockstream.market.listings.LISTING_SCHEMA`.
        session: whose list this is.
        removal_days: 1 removes at once.

    Returns:
        Frame of :data:`DAY_LIST_SCHEMA`, sorted by symbol.
    """
    known = DAY_LIST_SCHEMA.to_frame() if before is None else before
    renamed = compare(known, listing).renamed
    present = _present(listing, known, {new: old for old, new in renamed}, session)
    absent = known.join(listing, on="symbol", how="anti").with_columns(pl.col("missed") + 1)
    staying = absent.filter(
        ~pl.col("symbol").is_in([old for old, _ in renamed]), pl.col("missed") < removal_days
    )
    return pl.concat([present, staying]).sort("symbol")


def _present(
    listing: pl.DataFrame, known: pl.DataFrame, origins: dict[str, str], session: dt.date
) -> pl.DataFrame:
    """Rows of the symbols that a list has, with what it does not say from the list before.

    Args:
        listing: the accepted list.
        known: the day list before.
        origins: the symbol before of each that is new because its company was renamed.
        session: whose list this is.
    """
    rows = listing.with_columns(origin=pl.col("symbol").replace(origins)).join(
        known.rename({"symbol": "origin"}), on="origin", how="left", suffix="_before"
    )
    is_renamed = pl.col("origin") != pl.col("symbol")
    is_classified = pl.any_horizontal(pl.col("sector", "industry_group").is_not_null())
    has_cap = pl.col("market_cap").is_not_null()
    filled = rows.with_columns(
        pl.coalesce("name", "name_before"),
        pl.coalesce("listing_date", "listing_date_before"),
        pl.coalesce("market_cap", "market_cap_before"),
        pl.when(is_classified).then("sector").otherwise("sector_before"),
        pl.when(is_classified).then("industry_group").otherwise("industry_group_before"),
        market_cap_date=pl.when(has_cap).then(session).otherwise("market_cap_date"),
        last_listed=session,
        missed=0,
        renamed_from=pl.when(is_renamed).then("origin").otherwise("renamed_from"),
    )
    return filled.select(DAY_LIST_SCHEMA.names()).cast(DAY_LIST_SCHEMA)


def day_changes(before: pl.DataFrame | None, today: pl.DataFrame) -> dict[str, list[Any]]:
    """What a day's list changed, as JSON values; nothing if there is no list before it.

    Returns:
        ``added`` and ``removed`` symbols, ``renamed`` pairs of symbols, which are in neither, and
        ``reclassified``: symbol, industry group before, and after.
    """
    if before is None:
        return {"added": [], "removed": [], "renamed": [], "reclassified": []}
    changes = compare(before, today)
    gone, come = set(changes.removed), set(changes.added)
    pairs = today.filter(pl.col("symbol").is_in(come), pl.col("renamed_from").is_in(gone))
    renamed = pairs.select("renamed_from", "symbol").sort("renamed_from").rows()
    return {
        "added": sorted(come - {new for _, new in renamed}),
        "removed": sorted(gone - {old for old, _ in renamed}),
        "renamed": [list(pair) for pair in renamed],
        "reclassified": [list(change) for change in changes.reclassified],
    }


def symbols_csv(rows: pl.DataFrame) -> str:
    """The text of ``symbols/DATE-symbols.csv``: no cell of it runs as a formula in a spreadsheet.

    Args:
        rows: a day list, of :data:`DAY_LIST_SCHEMA`.
    """
    cap = pl.col("market_cap")
    whole = cap.cast(pl.Int64, strict=False)
    amount = pl.when(whole == cap).then(whole.cast(pl.String)).otherwise(cap.cast(pl.String))
    plain = rows.with_columns(market_cap=amount)
    return escape_formulas(plain).write_csv()


def read_symbols_csv(content: bytes) -> pl.DataFrame:
    """Read what :func:`symbols_csv` wrote.

    The first four columns are enough: then nothing is known beyond them, and nothing was missed.

    Raises:
        DataError: it is not such a file.
    """
    try:
        text = restore_formulas(pl.read_csv(content, infer_schema=False))
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"it is not a table with equal rows: {reason}") from error
    rows = fit(text, DAY_LIST_SCHEMA, defaults={"missed": 0}, optional=_OPTIONAL)
    return rows.with_columns(pl.col("missed").fill_null(0)).sort("symbol")
