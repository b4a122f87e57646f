"""Rows of a table of the lake, as text."""

from typing import TYPE_CHECKING, Any

from stockstream.cli.console import show_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["cell", "show_rows"]


def show_rows(rows: "pl.DataFrame") -> None:
    """Print rows as they are, numbers to the right."""
    align = "".join("r" if dtype.is_numeric() else "l" for dtype in rows.dtypes)
    show_table(rows.columns, [[cell(value) for value in row] for row in rows.rows()], align=align)


def cell(value: Any) -> str:
    """A value; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
