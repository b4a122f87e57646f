"""The server of the page: it listens, serves, and ends when it is asked to."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

import uvicorn

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["address_in_words", "listen", "serve"]

APP: Final = "stockstream.app.asgi:app"
PATIENCE: Final = 1
"""Seconds that open pages are given when the server ends; they find it again by themselves."""

REASONS: Final = {
    errno.EADDRINUSE: "something else listens there: choose another --port, or end that",
    errno.EACCES: "only the administrator may use a port below 1024: choose another --port",
    errno.EADDRNOTAVAIL: "this machine has no such address: --address 127.0.0.1 is its own",
}


def listen(address: str, port: int) -> socket.socket:
    """Begin to listen.

    Args:
        address: of this machine, or a name of it.
        port: 0 takes one that is free.

    Raises:
        ConfigError: nobody can listen there; says why.
    """
    try:
        family, *_, place = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(place[:2], family=family)
    except OSError as error:
        why = REASONS.get(error.errno or 0, error.strerror or "it is no address")
        raise ConfigError(f"the page cannot listen on {address}:{port}: {why}") from None


def address_in_words(listening: socket.socket) -> str:
    """What to type into a browser."""
    address, port = listening.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"


class _Telling(uvicorn.Server):
    """Says when the application has been started, so that nobody comes too early."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_ready()


def serve(listening: socket.socket, when_ready: Callable[[], None]) -> None:
    """Serve the page until the process is told to end, by Control-C or SIGTERM.

    Args:
        listening: of :func:`listen`; it is closed at the end.
        when_ready: called when the application is there.

    Raises:
        ConfigError: the application cannot be made.
    """
    with closing(listening), _ended_by_sigterm(), suppress(KeyboardInterrupt):
        config = uvicorn.Config(
            APP,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        config.load()
        # Streamlit, which is loaded with the page, lets it speak again
        logging.getLogger("uvicorn.access").handlers.clear()
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        _Telling(config, when_ready).run([listening])


def _is_news(record: logging.LogRecord) -> bool:
    """Not how the server starts and ends, and not that open pages are cut off when it does."""
    return record.levelno >= logging.WARNING and "graceful shutdown" not in str(record.msg)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM mean what Control-C means: whoever stops a container asks for no failure."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
