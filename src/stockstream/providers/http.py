"""HTTP for the providers: one client, the answers it gets, and what their statuses mean."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections import deque
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode, urlsplit

from stockstream.errors import (
    ConfigError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from curl_cffi.requests import Response, Session

__all__ = ["Answer", "HttpClient", "demand_ok", "redact", "retry_after", "secrets_in"]

BROWSER: Final = "chrome"
"""Yahoo's edge refuses a client whose TLS handshake is not a browser's."""
MOST_REDIRECTS: Final = 5
HIDDEN: Final = "***"

_MAY_PASS: Final = (408, 425)
_CREDENTIALS: Final = re.compile(r"(?<=[:/]/)(?![A-Z]+@)(?:[^/?#\s:]*:\S+|[^/?#\s]+)(?=@)")
"""User and password of a URL, also of one that was taken for a path and has lost a slash, or whose
password has signs that belong encoded. ``USER@`` in an example is none."""
_PRIVATE: Final = r"[\w.-]*(?:token|key|secret|pass|crumb|sig|auth|credential)[\w.-]*"
"""Names of parameters whose values nobody should see."""
_SECRET_PARAMETER: Final = re.compile(rf"([?&]{_PRIVATE}=)[^&\s'\"]+", re.IGNORECASE)
_CURL_TROUBLE: Final = re.compile(r"curl: \(\d+\) (.*?)\.? See https://curl\.se", re.DOTALL)


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        status: the HTTP status.
        headers: by lower-case name.
        body: decompressed; without the secrets of the request, which some servers repeat.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Gets pages of one server and keeps its connections open between requests.

    Threads may share it: each request has a session of its own, taken from those at rest.

    Args:
        base_url: what stands in front of every path, such as ``"https://example.com"``.
        timeout: most seconds for a whole request.
        secrets: texts that must not show in any message or answer, beside those in ``base_url``.
        headers: sent with every request, beside those of a browser.

    Raises:
        ConfigError: ``base_url`` is not the address of a web server.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 20.0,
        secrets: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._base_url = base_url
        self._server = _server_of(base_url, secrets)
        self._timeout = timeout
        self._secrets = (*secrets, *secrets_in(base_url))
        ways = [re.escape(way.encode()) for way in _ways(self._secrets)]
        self._hidden = re.compile(b"|".join(ways)) if ways else None
        self._headers = dict(headers or {})
        self._at_rest: deque[Session[Response]] = deque()
        self._closed = False

    def get(self, path: str = "", params: Mapping[str, object] | None = None) -> Answer:
        """Ask for one page. Any status is an answer; :func:`demand_ok` judges it.

        Args:
            path: below the base URL, percent-encoded.
            params: of the query, not encoded.

        Raises:
            TransientError: no connection, a time-out, or an answer that broke off.
            ConfigError: the client is closed.
        """
        from curl_cffi import CurlError  # takes 0.1 s

        session, url = self._take_session(), self._url(path, params)
        try:
            response = session.get(url, quote=False)
        except CurlError as error:
            trouble = f"{self._server}{urlsplit(url).path}: {_plain(str(error))}"
            # None: curl's own message may quote the URL
            raise TransientError(redact(trouble, self._secrets)) from None
        finally:
            self._give_back(session)
        headers = {
            name.lower(): redact(value or "", self._secrets)
            for name, value in response.headers.items()
        }
        return Answer(response.status_code, headers, self._without_secrets(response.content))

    def close(self) -> None:
        """Close every connection; the ones in use, when their request ends."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._at_rest.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"HttpClient({self._server!r})"

    def _url(self, path: str, params: Mapping[str, object] | None) -> str:
        url = f"{self._base_url.rstrip('/')}/{path.lstrip('/')}" if path else self._base_url
        if not params:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(params, safe=',')}"

    def _without_secrets(self, body: bytes) -> bytes:
        return self._hidden.sub(HIDDEN.encode(), body) if self._hidden else body

    def _take_session(self) -> Session[Response]:
        if self._closed:
            raise ConfigError(f"this client of {self._server} is closed; make another")
        with suppress(IndexError):
            return self._at_rest.pop()  # the last one used: its connection is the freshest
        from curl_cffi.requests import Session

        return Session(
            impersonate=BROWSER,
            timeout=self._timeout,
            headers=self._headers,
            max_redirects=MOST_REDIRECTS,
            discard_cookies=True,
            use_thread_local_curl=False,  # else only the thread that used it could close it
        )

    def _give_back(self, session: Session[Response]) -> None:
        self._at_rest.append(session)
        if self._closed:
            self.close()


def demand_ok(answer: Answer, what: str) -> None:
    """Raise unless the status says that the server gave what it was asked for.

    Args:
        answer: of the server; its body is not looked at.
        what: what was asked for, for the message.

    Raises:
        NotFoundError: status 404.
        RateLimitedError: status 429, with the seconds of its ``Retry-After``.
        TransientError: status 408, 425 or 5xx.
        MalformedError: any other status that is not a success.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    if status == 404:
        raise NotFoundError(f"{what}: not found (HTTP 404)")
    if status == 429:
        raise RateLimitedError(f"{what}: asked too often (HTTP 429)", retry_after(answer))
    if status >= 500 or status in _MAY_PASS:
        error = TransientError(f"{what}: the server failed (HTTP {status}); try again later")
        error.retry_after = retry_after(answer)
        raise error
    raise MalformedError(f"{what}: the server refused or sent something else (HTTP {status})")


def retry_after(answer: Answer) -> float:
    """Seconds of the header ``Retry-After``; 0 if it is absent or unreadable.

    The header may be a moment; it is then measured from the answer's own ``Date``.
    """
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return 0.0
    return max(wait.total_seconds(), 0.0)


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Take secrets out of a text: the given ones, and what URLs show of keys and passwords.

    >>> redact("GET https://me:pw@example.com/eod?api_token=abc&fmt=json")
    'GET https://***@example.com/eod?api_token=***&fmt=json'
    """
    for way in _ways(secrets):
        text = text.replace(way, HIDDEN)
    return _SECRET_PARAMETER.sub(rf"\g<1>{HIDDEN}", _CREDENTIALS.sub(HIDDEN, text))


def secrets_in(url: str) -> list[str]:
    """Keys and passwords that a URL holds, decoded.

    >>> secrets_in("https://me:p%40ss@example.com/eod?api_token=abc&fmt=json")
    ['abc', 'p@ss', 'me:p@ss']
    """
    parts = urlsplit(url)
    is_secret = re.compile(_PRIVATE, re.IGNORECASE).fullmatch
    found = [value for name, value in parse_qsl(parts.query) if is_secret(name)]
    if parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        found += [password, f"{user}:{password}"]  # base64 of the latter is what is sent
    return found


def _ways(secrets: Collection[str]) -> list[str]:
    """Every way in which URLs, headers and bodies write these secrets, the longest first."""
    ways = {way for secret in filter(None, secrets) for way in _ways_of(secret)}
    return sorted(ways, key=len, reverse=True)


def _ways_of(secret: str) -> Iterator[str]:
    yield from (secret, html.escape(secret), json.dumps(secret)[1:-1], secret.replace('"', '""'))
    for to_base64 in (b64encode, urlsafe_b64encode):
        yield to_base64(secret.encode()).decode().rstrip("=")
    for safe in ("", "/", ","):
        for encoded in (quote(secret, safe), quote_plus(secret, safe)):
            yield encoded
            yield re.sub(r"%..", lambda found: found[0].lower(), encoded)


def _server_of(base_url: str, secrets: Collection[str]) -> str:
    """Host and port of a URL."""
    with suppress(ValueError):
        parts = urlsplit(base_url)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return parts.netloc.rpartition("@")[2]
    raise ConfigError(
        f"{redact(base_url, secrets)!r} is not the address of a web server; "
        "give one such as https://example.com"
    )


def _plain(message: str) -> str:
    """The trouble in curl's message, without what it adds for programmers."""
    found = _CURL_TROUBLE.search(message)
    return found[1] if found else message
