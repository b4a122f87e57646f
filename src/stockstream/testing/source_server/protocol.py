"""HTTP/1.1 by hand, over asyncio: as little work for each request as there can be.

The server shares two cores with the client that it is there to test. A web framework spends more
time on a request than the client does on reading its answer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Final, TypeAlias

from stockstream.testing.source_server.wire import TEXT, Reply, head_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer: TypeAlias = Callable[[str, str, bytes], Reply]

__all__ = ["LOOPBACK", "Connection", "listen"]

LOOPBACK: Final = "127.0.0.1"
END_OF_HEAD: Final = b"\r\n\r\n"
LONGEST_HEAD: Final = 65_536
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends RST, not FIN."""


async def listen(answer: Answer, port: int = 0) -> tuple[asyncio.Server, int]:
    """Listen on this machine only.

    Args:
        answer: from method, target and body of a request to its answer.
        port: 0 takes one that is free.

    Returns:
        The server, and its port.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answer), LOOPBACK, port)
    return server, server.sockets[0].getsockname()[1]


class Connection(asyncio.Protocol):
    """One connection, kept alive; asyncio itself sets TCP_NODELAY on it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._transport.is_closing():
            head, end, rest = self._buffer.partition(END_OF_HEAD)
            if not end:
                if len(head) > LONGEST_HEAD:
                    self._transport.abort()
                return
            length = 0 if head.startswith(b"GET ") else _content_length(head)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._respond(head, rest[:length])

    def _respond(self, head: bytes, body: bytes) -> None:
        method, _, line = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target, _, version = line.rpartition(" ")
        if not version.startswith("HTTP/"):
            reply = Reply(b"not HTTP", 400, TEXT)
        else:
            reply = self._answer(method, target, body)
        self._send(reply)
        last = version != "HTTP/1.1" or b"\r\nconnection: close" in head.lower()
        if last and reply.manner == "whole":
            self._transport.close()

    def _send(self, reply: Reply) -> None:
        if reply.manner == "whole":
            self._transport.write(head_of(reply) + reply.body)
        elif reply.manner == "cut":
            self._transport.write(head_of(reply) + reply.body[: len(reply.body) // 2])
            self._transport.close()
        elif reply.manner == "reset":
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._transport.abort()
        else:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(reply.seconds, self._transport.abort)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
