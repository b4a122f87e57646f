"""Tables of a page, as its reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

__all__ = ["tables"]


def tables(page: AppTest) -> list[list[list[str]]]:
    """The cells of each table of a page, row by row; the first row are the heads."""
    bodies = [one.proto.body for one in page.get("html")]
    parts = [_read(body) for body in bodies if "<tr" in body]
    return [
        [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
        for part in parts
        for table in part.iter("table")
    ]


def _read(body: str) -> ET.Element:
    return ET.fromstring(f"<part>{body}</part>")  # noqa: S314 - our own template made it
