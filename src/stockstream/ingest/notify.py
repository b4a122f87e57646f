"""Messages about a run, through Apprise: mail, chat, telephone, whatever its URLs reach.

The URLs hold tokens. They show in no message, no log and no failure: a channel is called by its
place in the list and its kind.
"""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from stockstream.errors import ConfigError
from stockstream.providers.base import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stockstream.ingest.run_summary import UpdateSummary

    Level = Literal["success", "warning", "failure"]

__all__ = ["Message", "describe_error", "describe_run", "import_apprise", "notify"]

PIPELINE: Final = "Stock Stream Pipeline"
MOST_LINES: Final = 20
"""Of what failed, in one message."""

_STATES: Final[Mapping[str, tuple[str, Level]]] = {
    "failed": ("Failed", "failure"),
    "partial": ("Partial", "warning"),
}
_TALKATIVE: Final = ("apprise", "urllib3", "requests")
_KIND: Final = re.compile(r"([a-z][a-z0-9]{0,15})://", re.IGNORECASE)


class Message(NamedTuple):
    """What is sent."""

    title: str
    body: str
    level: Level


def describe_run(summary: UpdateSummary) -> Message:
    """The message about a run that came to its end: the four counters and what failed."""
    failed = [f"batch {number}: {reason}" for number, reason in summary.batches_failed.items()]
    failed += [f"{symbol}: {reason}" for symbol, reason in summary.symbols_failed.items()]
    lines = [f"session {summary.session}, lake {summary.lake}"]
    lines += [f"{name}: {number:,}" for name, number in summary.counters.items()]
    if failed:
        lines += ["", "Failed:", *(f"- {line}" for line in failed[:MOST_LINES])]
    if len(failed) > MOST_LINES:
        lines.append(f"and {len(failed) - MOST_LINES:,} more")
    state, level = _STATES.get(summary.state, ("Succeeded", "success"))
    return Message(f"{PIPELINE} {state}", "\n".join(lines), level)


def describe_error(error: Exception, what: str) -> Message:
    """The message about a run that did not come to its end.

    Args:
        error: why; its text is sent, so it must hold nothing secret.
        what: which run, such as its lake.
    """
    return Message(f"{PIPELINE} Failed", f"{what}\n{type(error).__name__}: {error}", "failure")


def notify(urls: Sequence[str], title: str, body: str, level: Level) -> list[Failure]:
    """Send a message to every channel. What a channel does wrong is returned, never raised.

    Args:
        urls: Apprise URLs; secret.
        title: subject.
        body: plain text.
        level: how bad it is; channels show it as a colour or a sign.

    Returns:
        The channels that did not take it.

    Raises:
        ConfigError: there are URLs, and Apprise is not installed.
    """
    if not urls:
        return []
    with _quiet():
        apprise = import_apprise()
        sent = (
            (_name(place, url), _send(apprise, url, title, body, level))
            for place, url in enumerate(urls, start=1)
        )
        return [Failure(name, reason, "transient") for name, reason in sent if reason]


def _send(apprise: Any, url: str, title: str, body: str, level: Level) -> str:
    """Why the channel did not take the message; empty if it did."""
    try:
        channel = apprise.Apprise()
        if not channel.add(url):
            return "is no URL that Apprise understands; see the list of its services"
        if channel.notify(title=title, body=body, notify_type=apprise.NotifyType(level)):
            return ""
    except Exception as error:  # noqa: BLE001 - a channel must not end a run; its text may show the URL
        return f"broke with a {type(error).__name__}"
    return "did not take the message; check the URL and the network"


def import_apprise() -> Any:
    """The library that sends.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import apprise
    except ImportError as error:
        raise ConfigError(
            "messages need the extra [notify]: pip install 'stockstream[notify]'; or remove the "
            "URLs from the setting notify.urls"
        ) from error
    return apprise


@contextmanager
def _quiet() -> Iterator[None]:
    """Apprise and what it stands on log URLs; here they say nothing, at any level."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its plug-ins import what Python deprecates
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _name(place: int, url: str) -> str:
    """``channel 2 (mailto)``."""
    kind = _KIND.match(url.strip())
    return f"channel {place} ({kind[1].lower()})" if kind else f"channel {place}"
