"""From an HTTP answer to the chart in it, or to the reason why there is none.

The body decides: Yahoo sends pages with status 200 that are no chart, and says "not found" with
several statuses. A status alone is believed only where it reports trouble of the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import from_json  # reads a body four times as fast as json

from stockstream.errors import (
    EmptyError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)
from stockstream.providers.http import demand_ok, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.errors import FetchError
    from stockstream.providers.http import Answer

    Chart: TypeAlias = Mapping[str, Any]

__all__ = ["read_chart"]

WHAT: Final = "Yahoo's chart"
SHOWN: Final = 60
"""Characters of what the server says that a message shows."""

_REFUSALS: Final = (400, 404, 422)
"""Statuses whose body says what they mean."""
_NO_DATA: Final = "data doesn't exist"
_MAY_PASS: Final = ("internal server error", "internal-error", "bad gateway", "service unavailable")


def read_chart(answer: Answer, symbol: str) -> Chart:
    """The one result of a chart: its ``meta``, ``timestamp``, ``indicators`` and ``events``.

    Raises:
        NotFoundError: Yahoo's own error says that it does not know the symbol.
        EmptyError: Yahoo's own error says that it has no data for these days.
        RateLimitedError: asked too often.
        TransientError: the server failed.
        MalformedError: anything else that is not a daily chart of this symbol.
    """
    if answer.status not in _REFUSALS:
        demand_ok(answer, WHAT)
    chart = _chart_of(answer)
    if chart.get("error") is not None:
        raise _as_error(chart["error"], answer)
    if answer.status in _REFUSALS:
        raise MalformedError(f"{WHAT}: refused without a reason (HTTP {answer.status})")
    match chart.get("result"):
        case [{"meta": dict(meta)} as result]:
            _demand_daily(meta, symbol)
            return dict(result)
    raise MalformedError(f"{WHAT}: neither a result nor an error in the answer")


def _chart_of(answer: Answer) -> Chart:
    try:
        payload = from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        start = answer.body[:SHOWN].decode(errors="replace")
        raise MalformedError(f"{WHAT}: not JSON but {start!r} (HTTP {answer.status})") from None
    match payload:
        case {"chart": dict(chart)}:
            return chart
    raise MalformedError(f"{WHAT}: an answer without a chart (HTTP {answer.status})")


def _as_error(error: object, answer: Answer) -> FetchError:
    """Yahoo's error as ours. Its own text may guess at a delisting, so it is not repeated."""
    said = error if isinstance(error, dict) else {}
    code, description = str(said.get("code")), str(said.get("description"))
    if _NO_DATA in description.casefold():
        return EmptyError(f"{WHAT}: no data for these days")
    match code.casefold():
        case "not found":
            return NotFoundError(f"{WHAT}: Yahoo does not know the symbol")
        case "too many requests":
            return RateLimitedError(f"{WHAT}: asked too often", retry_after(answer))
        case passing if passing in _MAY_PASS:
            return TransientError(f"{WHAT}: Yahoo failed ({code}); try again later")
    return MalformedError(f"{WHAT}: refused as {code!r:.{SHOWN}}: {description!r:.{SHOWN}}")


def _demand_daily(meta: Chart, symbol: str) -> None:
    sent = meta.get("symbol")
    if not isinstance(sent, str) or sent.upper() != symbol.upper():
        raise MalformedError(f"{WHAT}: the answer is of another symbol, {sent!r:.{SHOWN}}")
    if meta.get("dataGranularity") != "1d":
        shown = f"{meta.get('dataGranularity')!r:.{SHOWN}}"
        raise MalformedError(f"{WHAT}: bars of {shown} instead of '1d'")
