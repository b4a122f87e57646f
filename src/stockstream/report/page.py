"""Self-contained HTML pages: everything inside, nothing asked for."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file
from stockstream.report import theme

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import plotly.graph_objects as go
    from jinja2 import Environment

__all__ = ["render_page", "render_part", "table_styles", "write_page"]


def render_page(
    name: str,
    *,
    title: str,
    figures: Mapping[str, go.Figure],
    script: bool = False,
    **content: object,
) -> str:
    """A page from its template, ``templates/NAME.html.j2``.

    Args:
        name: of the template.
        title: of the page.
        figures: charts by the name under which the template places them.
        script: whether the page has a script of its own, ``templates/NAME.js``.
        content: what the template shows; every text in it is escaped.
    """
    own = [_packaged(f"{name}.js")] if script else []
    scripts = [_library(), _packaged("charts.js"), *own]
    return (
        _templates()
        .get_template(f"{name}.html.j2")
        .render(
            title=title,
            figures={name: _as_json(figure) for name, figure in figures.items()},
            policy=_policy(scripts),
            scripts=scripts,
            light=theme.css_variables(theme.LIGHT),
            dark=theme.css_variables(theme.DARK),
            twins=theme.dark_twins(),
            font=theme.FONT,
            **content,
        )
    )


def render_part(name: str, *given: object) -> str:
    """A part that pages share, by its macro in ``templates/parts.html.j2``.

    Args:
        name: of the macro.
        given: what it shows; every text in it is escaped.
    """
    return str(getattr(_templates().get_template("parts.html.j2").module, name)(*given))


def table_styles() -> str:
    """Style of the tables of all pages; its colours are the variables of a palette."""
    return _packaged("tables.css")


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("stockstream.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def write_page(page: str, path: Path, what: str) -> Path:
    """Write a page; an older file at that path is replaced whole or not at all.

    Args:
        page: the page as text.
        path: where to; its folder is made if it is missing.
        what: what it is, for the message.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as fresh:
            fresh.write_bytes(page.encode())
    except OSError as error:
        raise DataError(
            f"cannot write {what} to {path}: {error.strerror or error}; choose another file"
        ) from error
    return path


def _as_json(figure: go.Figure) -> Any:
    return json.loads(figure.to_json(engine="json"))


def _library() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


@cache
def _packaged(name: str) -> str:
    return (resources.files("stockstream.report") / "templates" / name).read_text(encoding="utf-8")


def _policy(scripts: list[str]) -> str:
    """A content security policy: only these very scripts run, and nothing is fetched."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
