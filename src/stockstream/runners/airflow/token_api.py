"""An Airflow that one runs oneself, asked over HTTP with a token."""

from __future__ import annotations

import html
import json
import re
import ssl
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.airflow.api import AirflowApi, Answer, OldAirflowError, detail_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.request import OpenerDirector

__all__ = ["TokenApi", "clean_url"]

PATIENCE: Final = 30.0
"""Seconds for one answer."""

API: Final = "/api/v2"
LOGIN: Final = "/auth/token"

_NEXT = "set airflow.url to the address of its API server, such as http://127.0.0.1:8080"
_HOW_TO_LOG_IN = (
    "set airflow.username and STOCKSTREAM__AIRFLOW__PASSWORD, or STOCKSTREAM__AIRFLOW__TOKEN"
)


@dataclass
class TokenApi(AirflowApi):
    """An Airflow by its address.

    Attributes:
        url: of its API server, as :func:`clean_url` gives it.
        username: who logs in; empty with a token, or where everybody may.
        password: of the user.
        token: a JSON Web Token that was made before; wins over the user.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    patience: float = PATIENCE
    _given: str = field(default="", repr=False, init=False)

    def __post_init__(self) -> None:
        self.url = clean_url(self.url)
        self.name = f"the Airflow at {self.url}"
        if self.token and not re.fullmatch(r"[\x21-\x7e]+", self.token):
            raise ConfigError(
                "airflow.token is no token: it has spaces or signs that none has; make one with a "
                f"POST to {LOGIN}, or set airflow.username and STOCKSTREAM__AIRFLOW__PASSWORD"
            )
        self._opener = _opener(self.url)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """See :meth:`AirflowApi.ask`; logs in at first, and again where the login has ended."""
        there = API + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        fresh = not self.token and not self._given
        answer = self._send(method, there, body, self._login())
        if _is_ended(answer) and not self.token and not fresh:
            self._given = ""
            answer = self._send(method, there, body, self._login())
        if _is_ended(answer) and self.token:
            raise CloudError(
                f"{self.name} does not accept the token: it has ended, or is of another Airflow; "
                f"{_HOW_TO_LOG_IN}"
            )
        return answer

    def version(self) -> str:
        """See :meth:`AirflowApi.version`; needs no login."""
        answer = self._send("GET", f"{API}/version")
        if answer.status == 200 and "version" in answer.document:
            return str(answer.document["version"])
        raise self._no_airflow(answer)

    def notes(self) -> list[str]:
        """See :meth:`AirflowApi.notes`."""
        parts = urlsplit(self.url)
        if parts.scheme == "https" or _is_here(str(parts.hostname)):
            return []
        return [f"{self.url} is not encrypted: passwords and tokens can be read on the way"]

    def _login(self) -> str:
        """The token to send."""
        if self.token or self._given:
            return self.token or self._given
        if self.username:
            login = {"username": self.username, "password": self.password}
            answer = self._send("POST", LOGIN, login)
        else:
            answer = self._send("GET", LOGIN)  # where everybody is let in, this gives a token
        given = answer.document.get("access_token")
        if 200 <= answer.status < 300 and isinstance(given, str) and given.isascii():
            self._given = given
            return given
        raise self._no_entry(answer)

    def _no_entry(self, answer: Answer) -> CloudError:
        who = f"the user {self.username!r}" if self.username else "anybody without a login"
        if answer.status in {400, 401, 403, 422} or (answer.status == 405 and not self.username):
            return CloudError(f"{self.name} does not let {who} in; {_HOW_TO_LOG_IN}")
        return self._no_airflow(answer)

    def _no_airflow(self, answer: Answer) -> CloudError:
        """Why an answer is not one of an Airflow 3."""
        if answer.status == 0:
            return CloudError(f"{self.name} does not answer: {answer.detail}; {_NEXT}")
        if answer.status >= 500:
            return CloudError(
                f"{self.name} is in trouble ({answer.status}); the log of its API server says more"
            )
        before = self._send("GET", "/api/v1/version")
        if before.status == 200 and "version" in before.document:
            return OldAirflowError(self.name, str(before.document["version"]))
        why = answer.detail or f"it answers {answer.status} where Airflow 3 has {API}/version"
        return CloudError(f"there is no Airflow at {self.url}: {why}; {_NEXT}")

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = ""
    ) -> Answer:
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = Request(self.url + path, content, headers, method=method)  # noqa: S310 - clean_url
        try:
            with self._opener.open(request, timeout=self.patience) as response:
                return self._answer(response.status, response.read())
        except HTTPError as error:
            with error:
                if 300 <= error.code < 400:
                    return Answer(error.code, {}, _moved(error.headers.get("Location")))
                return self._answer(error.code, _rest(error))
        except (OSError, HTTPException, ValueError) as error:
            return Answer(0, {}, self._without_secrets(_why(error)))

    def _answer(self, status: int, content: bytes) -> Answer:
        """The answer, if it is a JSON object; a page for people is no answer."""
        try:
            document = json.loads(content) if content.strip() else {}
        except ValueError:
            page = "a web page" if b"<html" in content[:1000].lower() else "something"
            return Answer(status, {}, f"it sent {page} and not JSON")
        if not isinstance(document, dict):
            return Answer(status, {"value": document})
        detail = "" if status < 300 else self._without_secrets(detail_of(document))
        return Answer(status, document, detail)

    def _without_secrets(self, text: str) -> str:
        for secret in filter(None, (self.password, self.token, self._given)):
            for written in (secret, quote(secret), quote(secret, safe=""), html.escape(secret)):
                text = text.replace(written, "***")
        return text


def clean_url(url: str) -> str:
    """The address of an API server, without what people paste along with it.

    Raises:
        ConfigError: it is no such address, or has a password in it.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises for one that is no number
    except ValueError:
        raise ConfigError(f"airflow.url cannot be read as an address; {_NEXT}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "airflow.url has a login in it, which would be seen in logs: leave it out there, and "
            + _HOW_TO_LOG_IN
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"airflow.url is no address of the web; {_NEXT}")
    if not url.isascii() or not url.strip().isprintable() or " " in url.strip():
        raise ConfigError(f"airflow.url has signs that no address has; {_NEXT}")
    path = re.sub(r"(/api/v2|/home|/dags)?/*$", "", parts.path)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _is_ended(answer: Answer) -> bool:
    """Whether a token counts no more: it has ended, or the server was started anew without it."""
    return answer.status == 401 or (answer.status == 403 and "JWT" in answer.detail)


class _Stay(HTTPRedirectHandler):
    """Follows no redirection: the token would go along, to wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    """What sends requests; never through a proxy to this machine."""
    here = _is_here(str(urlsplit(url).hostname))
    return build_opener(_Stay, *([ProxyHandler({})] if here else []))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _rest(error: HTTPError) -> bytes:
    try:
        return error.read()
    except (OSError, HTTPException):
        return b""


def _moved(where: str | None) -> str:
    """Where a redirection leads, without what it says there."""
    if where and (host := urlsplit(where).hostname):
        scheme = urlsplit(where).scheme or "http"
        return f"it sends on to {scheme}://{host}, perhaps to log in with a browser"
    return "it sends on to another page, perhaps to log in with a browser"


def _why(error: Exception) -> str:
    """Why nobody answered, in a few words."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(reason, TimeoutError):
        return "it took too long"
    if isinstance(reason, ssl.SSLError):
        return f"the encryption failed ({getattr(reason, 'reason', None) or 'no reason given'})"
    if isinstance(reason, ConnectionError | HTTPException):
        return "it broke off"
    if isinstance(reason, OSError):
        return f"{reason.strerror or 'it cannot be reached'}"
    return "it cannot be reached"
