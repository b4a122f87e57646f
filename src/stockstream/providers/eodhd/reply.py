"""From an HTTP answer to the rows in it, or to the reason why there are none."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import from_json

from stockstream.errors import ConfigError, MalformedError, RateLimitedError
from stockstream.providers.http import demand_ok

if TYPE_CHECKING:
    from stockstream.providers.http import Answer

    Rows: TypeAlias = list[dict[str, Any]]

__all__ = ["read_rows"]

SETTING: Final = "setting 'eodhd.token' (in the environment STOCKSTREAM__EODHD__TOKEN)"
DAY: Final = dt.timedelta(days=1)

_REFUSED: Final = b"Unauthenticated"
"""The whole body, whatever format was asked for."""


def read_rows(answer: Answer, what: str) -> Rows:
    """The rows of a report.

    Args:
        answer: of the server.
        what: what was asked for, for messages; they show nothing of the body, which may repeat the
            token.

    Raises:
        ConfigError: the token is refused, or its plan lacks the report; so for every symbol.
        RateLimitedError: asked too often in this minute, or on this day.
        NotFoundError: EODHD does not know the symbol.
        TransientError: the server failed.
        MalformedError: anything else that is no list of rows.
    """
    if answer.status in {401, 403} or answer.body.strip() == _REFUSED:
        raise ConfigError(
            f"EODHD refuses the token for {what} (HTTP {answer.status}); put one whose plan has it "
            f"into {SETTING}"
        )
    if answer.status == 402:
        raise RateLimitedError(
            f"{what}: the calls of this day are used up (HTTP 402)", _seconds_left(answer)
        )
    demand_ok(answer, what)
    try:
        rows = from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        kind = answer.headers.get("content-type", "without a type")
        raise MalformedError(f"{what}: not JSON (HTTP {answer.status}, {kind})") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedError(f"{what}: JSON, but no list of rows (HTTP {answer.status})")
    return rows


def _seconds_left(answer: Answer) -> float:
    """Until the next midnight in UTC, when EODHD counts anew; a day if the answer has no time."""
    try:
        now = parsedate_to_datetime(answer.headers.get("date", "")).astimezone(dt.UTC)
    except ValueError:
        return DAY.total_seconds()
    midnight = dt.datetime.combine(now.date() + DAY, dt.time(), dt.UTC)
    return (midnight - now).total_seconds()
