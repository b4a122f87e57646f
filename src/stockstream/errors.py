"""Everything stockstream raises on purpose.

The tree; each error is also the builtin that fits it, so callers may catch either::

    StockstreamError
    ├── ConfigError(ValueError)           an option, parameter or date that cannot be used
    │   ├── UnknownNameError(LookupError) a name that does not exist; says which ones do
    │   └── GridError                     a grid, constraint or sample of it; says where in its text
    ├── DataError(ValueError)             data that cannot be read or trusted
    │   ├── NoDataError(LookupError)      nothing there for this question
    │   └── FetchError                    a source did not give what it was asked for
    │       ├── NotFoundError(LookupError)      it says that it does not know the symbol
    │       ├── RateLimitedError                it was asked too often
    │       ├── TransientError(ConnectionError) it failed in a way that may pass
    │       ├── EmptyError                      it knows the symbol and sent no bar
    │       └── MalformedError                  what it sent cannot be read
    ├── LakeError(OSError)                the lake cannot be opened or written
    ├── CloudError(ConnectionError)       an account, a service of it or what talks to it refused
    ├── StrategyError(RuntimeError)       a strategy failed or broke a rule of the engine
    │   └── LookAheadError                it looked into the future
    └── PartialError                      part of the work was done; carries what was not

Every message says what was wrong, what exists, and what to do next.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CloudError",
    "ConfigError",
    "DataError",
    "EmptyError",
    "FailureKind",
    "FetchError",
    "GridError",
    "LakeError",
    "LookAheadError",
    "MalformedError",
    "NoDataError",
    "NotFoundError",
    "PartialError",
    "RateLimitedError",
    "StockstreamError",
    "StrategyError",
    "TransientError",
    "UnknownNameError",
]

SHOWN_NAMES = 12
SHOWN_TEXT = 60

FailureKind: TypeAlias = Literal["not_found", "rate_limited", "transient", "empty", "malformed"]
"""Why a source gave nothing for a symbol. None of them means that the symbol is delisted."""


class StockstreamError(Exception):
    """Base of every error raised on purpose."""


class ConfigError(StockstreamError, ValueError):
    """An option, parameter or date that cannot be used."""


class UnknownNameError(ConfigError, LookupError):
    """A name that does not exist, with the nearest ones that do.

    Args:
        kind: what was looked for, such as ``"strategy"``.
        name: what was asked for.
        known: every name that exists.
        hint: what to do next, if the list of names does not say it.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(_unknown_name_message(kind, name, self.known, hint))


class GridError(ConfigError):
    """A grid, a constraint or a sample that cannot be used.

    Attributes:
        text: what was given; empty if it was no text.
        position: index into ``text`` at which it went wrong; None if it is no single place.
        hint: what to write in its place.

    Args:
        what: what is wrong.
        hint: see above.
        text: see above.
        position: see above.
    """

    def __init__(self, what: str, hint: str, text: str = "", position: int | None = None) -> None:
        self.text, self.position, self.hint = text, position, hint
        where = "" if position is None else f" ({_place(text, position)})"
        super().__init__(f"{what}{where}: {hint}")


class DataError(StockstreamError, ValueError):
    """Data that cannot be read or trusted."""


class NoDataError(DataError, LookupError):
    """There is nothing for this question."""


class FetchError(DataError):
    """A source did not give what it was asked for.

    Attributes:
        kind: which of the five ways.
        retry_after: seconds after which the source wants to be asked again; 0 if it did not say.
    """

    kind: ClassVar[FailureKind]
    retry_after: float = 0.0


class NotFoundError(FetchError, LookupError):
    """The source says that it does not know the symbol. It may be wrong, or know it tomorrow."""

    kind = "not_found"


class RateLimitedError(FetchError):
    """The source was asked too often.

    Args:
        message: what it answered.
        retry_after: seconds to wait, if it said so.
    """

    kind = "rate_limited"

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class TransientError(FetchError, ConnectionError):
    """The source failed in a way that may pass: no connection, a time-out, a server error."""

    kind = "transient"


class EmptyError(FetchError):
    """The source knows the symbol and sent no bar for the days asked for."""

    kind = "empty"


class MalformedError(FetchError):
    """What the source sent cannot be read, whatever its status said."""

    kind = "malformed"


class LakeError(StockstreamError, OSError):
    """The lake cannot be opened or written."""


class CloudError(StockstreamError, ConnectionError):
    """An account in the cloud, a service of it, or a program that talks to it refused."""


class StrategyError(StockstreamError, RuntimeError):
    """A strategy failed, or broke a rule of the engine."""


class LookAheadError(StrategyError):
    """A strategy looked into the future."""


class PartialError(StockstreamError):
    """Part of the work was done; the rest is listed.

    Args:
        message: what was done and what was not.
        failures: one entry for each piece that was not done.
    """

    def __init__(self, message: str, failures: Iterable[str]) -> None:
        self.failures = tuple(failures)
        super().__init__(message)


def _place(text: str, position: int) -> str:
    """Where in a text something is, with what stands around it."""
    first, stop = max(position - SHOWN_TEXT // 2, 0), position + SHOWN_TEXT // 2
    around = f"{'...' * (first > 0)}{text[first:stop]}{'...' * (stop < len(text))}"
    return f"character {position + 1:,} of {around!r}"


def _unknown_name_message(kind: str, name: str, known: tuple[str, ...], hint: str) -> str:
    folded = {option.casefold(): option for option in known}
    wanted = name.casefold()
    starts = [option for option in folded if wanted and option.startswith(wanted)]
    close = starts[:3] or get_close_matches(wanted, folded, n=3, cutoff=0.6)
    parts = [f"unknown {kind} {name!r}"]
    if close:
        parts.append("did you mean " + " or ".join(repr(folded[match]) for match in close) + "?")
    if known:
        shown = ", ".join(sorted(known)[:SHOWN_NAMES])
        more = f" and {len(known) - SHOWN_NAMES} more" if len(known) > SHOWN_NAMES else ""
        parts.append(f"known: {shown}{more}")
    if hint:
        parts.append(hint)
    return "; ".join(parts)
