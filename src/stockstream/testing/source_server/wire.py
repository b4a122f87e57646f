"""What goes back over the wire, and how."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CSV", "HTML", "JSON", "TEXT", "Manner", "Reply", "head_of"]

Manner: TypeAlias = Literal["whole", "cut", "reset", "silent"]
"""Sent whole; cut off half-way; the connection reset instead; or no answer until time is up."""

JSON: Final = "application/json;charset=utf-8"
HTML: Final = "text/html;charset=utf-8"
TEXT: Final = "text/plain;charset=utf-8"
CSV: Final = "text/csv"

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class Reply(NamedTuple):
    """One answer.

    Attributes:
        body: the bytes.
        status: HTTP status.
        content_type: of the body.
        headers: more headers.
        manner: how it is sent.
        seconds: how long a silent connection is held before it is dropped.
    """

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] | None = None
    manner: Manner = "whole"
    seconds: float = 0.0


def head_of(reply: Reply) -> bytes:
    """Status line and headers of an answer; the body's full length, however much of it is sent."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (reply.headers or {}).items())
    return (
        f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, 'Unknown')}\r\n"
        f"Content-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n{more}\r\n"
    ).encode()
