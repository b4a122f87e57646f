"""Nobody but this machine, whatever address an ASGI server was told to listen on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockstream.app.access import is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["LoopbackOnly"]

REASON: Final = (
    b"This page is for the machine that it runs on, since nobody signs in: set app.oidc, use a "
    b"tunnel (ssh -L), or set app.public.\n"
)
POLICY_VIOLATION: Final = 1008
"""Of RFC 6455, with which a WebSocket is refused."""


class LoopbackOnly:
    """Refuses what came in by another address than that of loopback.

    ``stockstream app`` does not listen there at all. Another ASGI server, such as ``uvicorn --host
    0.0.0.0``, decides that by itself.

    Args:
        app: what is guarded.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        came_by = scope.get("server")  # None, or a path, where the server listens on a socket file
        if scope["type"] == "lifespan" or not came_by or _is_ours(*came_by):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REASON})


def _is_ours(address: str, port: int | None) -> bool:
    return port is None or is_loopback(address)
