"""The door of the emulation: requests to S3 may fail here, and its own questions are answered."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stockstream.aws.local.faults import Misfortune

__all__ = ["OWN", "Door"]

OWN = "/_stockstream/"
"""Paths that are about the emulation itself."""

SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code>'
    b"<Message>Please reduce your request rate.</Message><RequestId>injected</RequestId></Error>"
)

NOT_FOR_BROWSERS = b"This is for AWS clients on this machine; web pages are refused.\n"

MOST_ANSWERS = 2000
"""Answers that are kept for a client that asks again."""

HERE = frozenset({"127.0.0.1", "localhost"})

Environ: TypeAlias = "dict[str, Any]"
Start: TypeAlias = "Callable[..., Any]"
Application: TypeAlias = "Callable[[Environ, Start], Iterable[bytes]]"


class Door:
    """Stands before moto.

    Args:
        inside: moto.
        misfortune: what goes wrong with S3.
        questions: answers by the last part of the path, each from the JSON value that was sent.
    """

    def __init__(
        self,
        inside: Application,
        misfortune: Misfortune,
        questions: dict[str, Callable[[Any], Any]],
    ) -> None:
        self._inside, self._misfortune, self._questions = inside, misfortune, questions
        self._answers: OrderedDict[str, tuple[str, Any, list[bytes]]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer a request."""
        if not _is_ours(environ):
            return _reply(start, "403 Forbidden", "text/plain", NOT_FOR_BROWSERS)
        path = environ.get("PATH_INFO", "")
        if path.startswith(OWN):
            return self._answer(path.removeprefix(OWN), environ, start)
        if _is_s3(environ):
            time.sleep(self._misfortune.s3_delay())
            if self._misfortune.fails_s3():
                _read_body(environ)  # else the connection breaks before the answer is read
                return _reply(start, "503 Slow Down", "application/xml", SLOW_DOWN)
            return self._inside(environ, start)
        return self._once(environ, start)

    def _once(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Do what is asked for once, though the answer was lost and the client asks again.

        Every SDK gives its attempts at a call one id. The server drops a connection now and then.
        """
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        with self._lock:
            kept = self._answers.get(call)
        if kept:
            start(*kept[:2])
            return kept[2]
        said: list[Any] = []

        def noted(status: str, headers: Any, *more: Any) -> Any:
            said[:] = [status, headers]
            return start(status, headers, *more)

        body = list(self._inside(environ, noted))
        if call and said and said[0].startswith("2"):
            with self._lock:
                self._answers[call] = (said[0], said[1], body)
                while len(self._answers) > MOST_ANSWERS:
                    self._answers.popitem(last=False)
        return body

    def _answer(self, name: str, environ: Environ, start: Start) -> Iterable[bytes]:
        if name not in self._questions:
            return _reply(start, "404 Not Found", "text/plain", b"")
        answer = self._questions[name](json.loads(_read_body(environ) or b"null"))
        return _reply(start, "200 OK", "application/json", json.dumps(answer).encode())


def _is_ours(environ: Environ) -> bool:
    """Not from a web page: it could deploy code here, and run it.

    A browser says where the page is from, and a page that has its own name lead to this machine
    asks for that name.
    """
    host = environ.get("HTTP_HOST", "").rpartition(":")[0]
    return "HTTP_ORIGIN" not in environ and (host in HERE or host.endswith(".localhost"))


def _is_s3(environ: Environ) -> bool:
    return "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")


def _read_body(environ: Environ) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def _reply(start: Start, status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
