"""What is to go wrong: a plan that can be written down, sent to the server, and run again."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads the annotations
from dataclasses import dataclass
from hashlib import blake2b
from typing import ClassVar, Final, Literal, TypeAlias

from stockstream.errors import ConfigError

__all__ = [
    "Burst",
    "DirectoryFault",
    "DirectoryKind",
    "FaultPlan",
    "Kind",
    "Poison",
    "Transport",
    "draw",
]

Transport: TypeAlias = Literal["server_error", "reset", "timeout", "truncated", "rate_limited"]
"""A 503 page, a reset connection, no answer, half a body, a 429: a client may try again."""

Kind: TypeAlias = (
    Transport
    | Literal["malformed", "html", "not_found", "null_chart", "wrong_symbol", "empty", "null_bar"]
)
"""Or a body that tells lies: broken JSON, a page with status 200, a 404 for a symbol that exists,
a chart of null, another symbol's chart, no bar at all, a last bar without prices."""

DirectoryKind: TypeAlias = Transport | Literal["html", "header_only", "short", "error_json"]
"""For the directory: a page "Request Rejected" with status 200, no row, too few rows, an error."""

STRICT: Final = {"extra": "forbid"}


@dataclass(frozen=True)
class Poison:
    """Symbols that fail in one way, whatever else is planned: one, or all of a batch.

    Attributes:
        kind: the way.
        symbols: as Yahoo writes them, for every endpoint.
        dates: on which days of the server's clock; empty is always.
        attempts: how many requests for a symbol fail on each day; 0 is all of them.
    """

    __pydantic_config__: ClassVar = STRICT
    kind: Kind
    symbols: tuple[str, ...]
    dates: tuple[dt.date, ...] = ()
    attempts: int = 0


@dataclass(frozen=True)
class Burst:
    """A run of requests that are answered with 429, whatever they ask for.

    Attributes:
        first: number of the first of them, counted from 1 on each day of the server's clock.
        count: how many.
        retry_after: seconds for the header of that name; None leaves it out.
        dates: on which days; empty is always.
    """

    __pydantic_config__: ClassVar = STRICT
    first: int
    count: int
    retry_after: float | None = None
    dates: tuple[dt.date, ...] = ()


@dataclass(frozen=True)
class DirectoryFault:
    """The directory fails in one way.

    Attributes:
        kind: the way.
        dates: on which days of the server's clock; empty is always.
        share: of the rows that a ``"short"`` list lacks.
        attempts: how many requests fail on each day; 0 is all of them.
    """

    __pydantic_config__: ClassVar = STRICT
    kind: DirectoryKind
    dates: tuple[dt.date, ...] = ()
    share: float = 0.2
    attempts: int = 0


@dataclass(frozen=True)
class FaultPlan:
    """Faults to inject; the default is none.

    The four shares are drawn for each request from a hash of the seed, the endpoint, the symbol,
    the day and how often that was asked for already, so that neither order nor concurrency changes
    what happens to a symbol. (Which symbols a burst hits does depend on the order; such a request
    does not count as an attempt.)

    Attributes:
        seed: of the hash.
        server_error: share of requests for a symbol answered with a 503 page.
        reset: share whose connection is reset.
        timeout: share that is not answered.
        truncated: share whose body ends half-way.
        timeout_seconds: after which a connection without an answer is dropped.
        poison: symbols that fail.
        bursts: runs of requests that fail.
        directory: how the directory fails.

    Raises:
        ConfigError: the shares are negative or add up to more than 1.
    """

    __pydantic_config__: ClassVar = STRICT
    seed: int = 7
    server_error: float = 0.0
    reset: float = 0.0
    timeout: float = 0.0
    truncated: float = 0.0
    timeout_seconds: float = 5.0
    poison: tuple[Poison, ...] = ()
    bursts: tuple[Burst, ...] = ()
    directory: tuple[DirectoryFault, ...] = ()

    def __post_init__(self) -> None:
        shares = [share for _, share in self.shares]
        if min(shares) < 0.0 or sum(shares) > 1.0:
            raise ConfigError(f"shares of faults are 0 or more and 1 or less in all, not {shares}")

    @property
    def shares(self) -> tuple[tuple[Transport, float], ...]:
        """The kinds that are drawn, each with its share of requests."""
        return (
            ("server_error", self.server_error),
            ("reset", self.reset),
            ("timeout", self.timeout),
            ("truncated", self.truncated),
        )

    def to_json(self) -> bytes:
        """The plan as JSON."""
        from pydantic import TypeAdapter

        return TypeAdapter(FaultPlan).dump_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> FaultPlan:
        """Read a plan.

        Raises:
            ConfigError: it is not JSON, a field does not exist, or a value cannot be used.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(FaultPlan).validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the text"
            raise ConfigError(
                f"a plan of faults cannot be read: {place}: {first['msg']}"
            ) from error


def draw(seed: int, *what: object) -> float:
    """A number from 0 to 1 that only depends on the seed and on what it is drawn for."""
    text = "|".join(map(str, (seed, *what))).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) / 2**64
