"""What the steps of the daily run are told and what they tell: read with care, kept short.

The data of a state hold 256 KB. So reasons are cut, and where many symbols failed they are named
with the kind of failure alone; the health table of the lake has all of it.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.ingest.run_summary import UpdateSummary

__all__ = [
    "aggregated",
    "batch_of",
    "day_of",
    "results_of",
    "shortened",
    "summarised",
    "within_limit",
]

LIMIT: Final = 256 * 1024
"""Bytes of JSON that may go from one state to the next."""

LONGEST: Final = 300
"""Characters of a reason."""

REASONS: Final = 20_000
"""Characters of the reasons of all batches: the cause of a failed execution holds 32,768."""

MOST: Final = 100
"""Symbols that are listed with reasons, and messages that are listed at all."""

BATCH: Final = '{"symbols": ["BHP", "CBA"], "batchNumber": 0, "date": "2025-12-26"}'


def day_of(event: Mapping[str, Any], *, needed: bool = True) -> dt.date | None:
    """The session that an event names.

    Args:
        event: ``{"date": "2025-12-26", ...}``.
        needed: whether it has to name one.

    Raises:
        ConfigError: it is no date, or there is none.
    """
    if not isinstance(event, dict):
        raise ConfigError(
            f'the event is {_shown(event)}; it must be an object like {{"date": ...}}'
        )
    given = event.get("date")
    if given is None and not needed:
        return None
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise ConfigError(
            f'the event\'s "date" is {_shown(given)}; write a session like "2025-12-26"'
        ) from None


def batch_of(event: Mapping[str, Any]) -> tuple[list[str], int]:
    """Symbols and number of the batch that an event asks for.

    Raises:
        ConfigError: one of them cannot be used.
    """
    names, number = event.get("symbols"), event.get("batchNumber")
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        raise ConfigError(f'"symbols" is {_shown(names)}; a batch looks like {BATCH}')
    if not names:
        raise ConfigError(f"the batch has no symbols; it looks like {BATCH}")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ConfigError(f'"batchNumber" is {_shown(number)}; a batch looks like {BATCH}')
    return names, number


def results_of(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers of the batches, each with its number, and a failed one with its reason.

    Args:
        event: ``{"batchResults": [...]}`` of the fetcher's answers and, for a batch that was given
            up, ``{"statusCode": 500, "metadata": {"batch_number": 3}, "error": {...}}`` with what
            the state machine caught, ``Error`` and ``Cause``.

    Raises:
        ConfigError: it lacks them, or one of them does not say which batch it is of.
    """
    results = event.get("batchResults")
    if not isinstance(results, list):
        raise ConfigError(f'"batchResults" is {_shown(results)}; give the list of the answers')
    return [_result(one) for one in results]


def _result(one: Any) -> dict[str, Any]:
    told = one.get("metadata") if isinstance(one, dict) else None
    number = told.get("batch_number") if isinstance(told, dict) else None
    if not isinstance(number, int):
        raise ConfigError(
            f"an answer of a batch is {_shown(one)}; it must have "
            '{"statusCode": 200, "metadata": {"batch_number": 0, ...}}'
        )
    if one.get("statusCode") == HTTPStatus.OK:
        return dict(one)
    reason = one.get("body") or _reason(one.get("error"))
    return {"statusCode": one.get("statusCode"), "metadata": told, "body": str(reason)[:LONGEST]}


def _reason(error: Any) -> str:
    """What a state machine's error says, without the stack that Lambda puts beside it."""
    if not isinstance(error, dict):
        return str(error or "it gave no answer")
    kind, cause = error.get("Error", "an error"), error.get("Cause", "")
    with suppress(TypeError, ValueError, KeyError):
        cause = json.loads(cause)["errorMessage"]
    return f"{kind}: {cause}"


def summarised(summary: UpdateSummary) -> dict[str, Any]:
    """A run's summary as JSON values that fit beside everything else.

    What the list of symbols changed is left out: the first step has told it.
    """
    values = summary.as_dict()
    del values["changes"], values["seconds"]
    failed, batches = values["symbols_failed"], values["batches_failed"]
    if len(failed) > MOST:
        values["symbols_failed"] = {n: why.partition(":")[0] for n, why in failed.items()}
    else:
        values["symbols_failed"] = {n: why[:LONGEST] for n, why in failed.items()}
    longest = min(LONGEST, REASONS // max(len(batches), 1))
    values["batches_failed"] = {str(n): why[:longest] for n, why in batches.items()}
    values["notices"] = shortened(values["notices"])
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def shortened(notices: Sequence[str]) -> list[str]:
    """The first messages, cut, and how many more there are."""
    more = [f"and {len(notices) - MOST} more"] if len(notices) > MOST else []
    return [*(notice[:LONGEST] for notice in notices[:MOST]), *more]


def aggregated(event: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of the whole run out of the data of the state machine.

    Args:
        event: the answer of the first step with ``batchResults`` and, below ``tables``, the
            ``summary`` of the tables. Without that the batches alone are summarised.

    Returns:
        ``date``, ``state`` (``complete``, ``partial`` or ``failed``), ``batches_failed`` with the
        reasons by number, what the tables' summary says, and ``list_key``.

    Raises:
        ConfigError: it is something else.
    """
    told = event.get("metadata") if isinstance(event, dict) else None
    if not isinstance(told, dict):
        raise ConfigError('the event has no "metadata"; give the data of the whole state machine')
    results = results_of(event)
    tables = (event.get("tables") or {}).get("summary")
    summary = dict(tables) if tables else _of_batches(results)
    notices = [*told.get("notices", ()), *summary.get("notices", ())]
    return {
        **summary,
        "date": told.get("date"),
        "list_key": told.get("s3_key"),
        "notices": list(dict.fromkeys(notices)),
    }


def _of_batches(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    good = [one["metadata"] for one in results if one["statusCode"] == HTTPStatus.OK]
    bad = [one for one in results if one["statusCode"] != HTTPStatus.OK]
    failed = [name for told in good for name in told["symbols_failed"]]
    worst = "failed" if bad and not good else "partial" if bad or failed else "complete"
    return {
        "state": worst,
        "symbols_fetched": sum(told["symbols_fetched"] for told in good),
        "symbols_failed": dict.fromkeys(failed, "see the health table"),
        "batches_processed": len(good),
        "batches_failed": {str(one["metadata"]["batch_number"]): one["body"] for one in bad},
    }


def within_limit(answer: dict[str, Any], what: str) -> dict[str, Any]:
    """An answer that fits into the data of a state.

    Raises:
        ConfigError: it does not.
    """
    size, most = len(json.dumps(answer).encode()), LIMIT * 3 // 4
    if size > most:  # the steps that follow put their answers beside it
        raise ConfigError(
            f"{what} make {size:,} bytes of JSON, more than the {most:,} that a state machine can "
            "hand on; use a list of fewer symbols (symbols.url), or run `stockstream update` on "
            "the same lake"
        )
    return answer


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
