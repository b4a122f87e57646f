"""What a fault makes of an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stockstream.testing.source_server import chart, eodhd
from stockstream.testing.source_server.directory import HEADER
from stockstream.testing.source_server.injection import DIRECTORY
from stockstream.testing.source_server.plan import draw
from stockstream.testing.source_server.wire import CSV, HTML, TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.testing.source_server.injection import Fault

    Change: TypeAlias = Callable[[Reply], Reply]
    Changes: TypeAlias = Mapping[str, Change]

__all__ = ["CHART", "spoil"]

CHART: Final = "chart"
"""Names Yahoo's endpoint; all others that are asked for a symbol are EODHD's."""

UNAVAILABLE: Final = Reply(
    b"<html><head><title>503 Service Unavailable</title></head></html>", 503, HTML
)
AWAY: Final = Reply(b"<html><body>Will be right back...</body></html>", content_type=HTML)
REJECTED: Final = Reply(
    b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    b"Please consult with your administrator.</body></html>",
    content_type=HTML,
)
ERROR: Final = Reply(b'{"error":{"code":500,"errors":[{}]}}')


def spoil(reply: Reply, fault: Fault, endpoint: str, seed: int) -> Reply:
    """The answer that is sent in place of the right one.

    Args:
        reply: the right answer.
        fault: what goes wrong.
        endpoint: who answers.
        seed: of the rows that a short list lacks.
    """
    if fault.kind == "rate_limited":
        headers = {} if fault.amount is None else {"Retry-After": f"{fault.amount:g}"}
        return Reply(b"Too Many Requests\r\n", 429, TEXT, headers)
    if fault.kind == "timeout":
        return reply._replace(manner="silent", seconds=fault.amount or 0.0)
    if fault.kind == "short":
        return reply._replace(body=_thinned(reply.body, fault.amount or 0.0, seed))
    own = {DIRECTORY: _DIRECTORY, CHART: _YAHOO}.get(endpoint, _EODHD)
    change = _ANYWHERE.get(fault.kind) or own[fault.kind]
    return change(reply)


def _thinned(body: bytes, share: float, seed: int) -> bytes:
    header, *rows = body.splitlines(keepends=True)
    return b"".join([header, *(row for row in rows if draw(seed, row) >= share)])


def _half(reply: Reply) -> Reply:
    """A whole answer, as far as HTTP can tell."""
    return reply._replace(body=reply.body[: len(reply.body) // 2], status=200)


def _changed(change: Callable[[dict[str, Any]], None]) -> Change:
    """Change the chart in a body, if there is one."""

    def apply(reply: Reply) -> Reply:
        document = json.loads(reply.body)
        for result in document["chart"]["result"] or ():
            change(result)
        return reply._replace(body=json.dumps(document).encode())

    return apply


def _wrong_symbol(result: dict[str, Any]) -> None:
    result["meta"]["symbol"] = "WRONG" + result["meta"]["symbol"]


def _without_bars(result: dict[str, Any]) -> None:
    for name in ("timestamp", "events", "indicators"):
        result.pop(name, None)
    result["indicators"] = {"quote": [{}], "adjclose": [{}]}


def _without_last_prices(result: dict[str, Any]) -> None:
    """The volume stays, as it did in July 2026."""
    (quote,), (adjusted,) = result["indicators"]["quote"], result["indicators"]["adjclose"]
    for name, column in {**quote, **adjusted}.items():
        if name != "volume":
            column[-1] = None


def _last_row_null(reply: Reply) -> Reply:
    rows = json.loads(reply.body)
    for name in rows[-1].keys() - {"date", "volume"} if rows else ():
        rows[-1][name] = None
    return reply._replace(body=json.dumps(rows).encode())


_ANYWHERE: Final[Changes] = {
    "server_error": lambda _: UNAVAILABLE,
    "reset": lambda reply: reply._replace(manner="reset"),
    "truncated": lambda reply: reply._replace(manner="cut"),
    "malformed": _half,
}
_YAHOO: Final[Changes] = {
    "html": lambda _: AWAY,
    "not_found": lambda _: chart.NOT_FOUND,
    "null_chart": lambda _: chart.NULL,
    "wrong_symbol": _changed(_wrong_symbol),
    "empty": _changed(_without_bars),
    "null_bar": _changed(_without_last_prices),
}
_EODHD: Final[Changes] = {
    "html": lambda _: AWAY,
    "not_found": lambda _: eodhd.NOT_FOUND,
    "null_chart": lambda reply: reply._replace(body=b"null"),
    "wrong_symbol": _half,  # its rows do not say whose they are
    "empty": lambda reply: reply._replace(body=b"[]"),
    "null_bar": _last_row_null,
}
_DIRECTORY: Final[Changes] = {
    "html": lambda _: REJECTED,
    "header_only": lambda _: Reply(f"{HEADER}\n".encode(), content_type=CSV),
    "error_json": lambda _: ERROR,
}
