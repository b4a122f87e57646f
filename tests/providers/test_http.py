"""The client of the providers: answers, troubles, connections, and secrets that stay secret."""

from __future__ import annotations

import gzip
import html
import json
import traceback
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from curl_cffi.requests import Session
from curl_cffi.requests.exceptions import RequestException

from stockstream.errors import (
    ConfigError,
    FetchError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)
from stockstream.providers.http import (
    Answer,
    HttpClient,
    demand_ok,
    redact,
    retry_after,
    secrets_in,
)

if TYPE_CHECKING:
    from tests.providers.conftest import Loopback

SECRET = "k3y/of me+you"  # noqa: S105 - made up
WRITTEN = (SECRET, "k3y%2Fof%20me%2Byou", "k3y%2Fof+me%2Byou", "k3y/of+me%2Byou")


def fails_with(client: HttpClient, path: str = "/x") -> str:
    with pytest.raises(TransientError) as caught:
        client.get(path, {"api_token": SECRET})
    return str(caught.value)


def test_an_answer_of_any_status(loopback: Loopback) -> None:
    loopback.say(b"hello", 418, {"Content-Type": "text/plain", "X-Odd": "1"})
    with HttpClient(loopback.url) as client:
        answer = client.get("/a/b%5E", {"q": "x y", "list": "a,b", "n": 3})
    assert (answer.status, answer.body) == (418, b"hello")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-odd"] == "1"
    (asked,) = loopback.asked
    assert asked.path == "/a/b%5E"
    assert asked.query == {"q": "x y", "list": "a,b", "n": "3"}
    assert "Chrome" in asked.headers["User-Agent"]


def test_a_base_url_may_be_the_whole_address(loopback: Loopback) -> None:
    loopback.say(b"list")
    with HttpClient(f"{loopback.url}/file?kind=csv", headers={"X-Mine": "1"}) as client:
        client.get(params={"access_token": "t"})
        client.get()
    with HttpClient(f"{loopback.url}/v8/") as client:
        client.get("/chart")
    assert [asked.path for asked in loopback.asked] == ["/file", "/file", "/v8/chart"]
    assert loopback.asked[0].query == {"kind": "csv", "access_token": "t"}
    assert loopback.asked[1].query == {"kind": "csv"}
    assert loopback.asked[0].headers["X-Mine"] == "1"


def test_compressed_bodies_are_unpacked(loopback: Loopback) -> None:
    loopback.say(gzip.compress(b"x" * 1000), headers={"Content-Encoding": "gzip"})
    with HttpClient(loopback.url) as client:
        assert client.get("/").body == b"x" * 1000


def test_redirects_are_followed_without_cookies(loopback: Loopback) -> None:
    loopback.say(b"", 302, {"Location": "/there", "Set-Cookie": "a=1; Path=/"}, to="here")
    loopback.say(b"arrived", to="there")
    loopback.say(b"", 302, {"Location": "/loop"}, to="loop")
    with HttpClient(loopback.url) as client:
        assert client.get("/here").body == b"arrived"
        client.get("/there")
        assert "redirects" in fails_with(client, "/loop")
    assert "Cookie" not in loopback.asked[2].headers
    assert [asked.symbol for asked in loopback.asked[:3]] == ["here", "there", "there"]


def test_connections_are_kept(loopback: Loopback) -> None:
    loopback.say(b"ok")
    with HttpClient(loopback.url) as client:
        for _ in range(5):
            client.get("/x")
    assert len({asked.connection for asked in loopback.asked}) == 1


def test_threads_share_a_client_and_its_connections(loopback: Loopback) -> None:
    names = [f"S{number}" for number in range(40)]
    for name in names:
        loopback.say(name.encode() * 500, to=name)
    with HttpClient(loopback.url) as client, ThreadPoolExecutor(4) as pool:
        bodies = list(pool.map(lambda name: client.get(f"/{name}").body, names))
    assert bodies == [name.encode() * 500 for name in names]
    assert len({asked.connection for asked in loopback.asked}) <= 4


def test_a_body_that_breaks_off(loopback: Loopback) -> None:
    loopback.say(b'{"chart": {"res', missing=100)
    with HttpClient(loopback.url, secrets=[SECRET]) as client:
        assert "/x" in fails_with(client)
        loopback.say(b"whole")
        assert client.get("/x").body == b"whole"


def test_a_compressed_body_that_is_damaged(loopback: Loopback) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    loopback.say(packed[:20] + b"\0" * 20, headers={"Content-Encoding": "gzip"})
    with HttpClient(loopback.url) as client:
        fails_with(client)


def test_a_server_that_takes_too_long(loopback: Loopback) -> None:
    loopback.say(b"late", held=True)
    with HttpClient(loopback.url, timeout=0.05) as client:
        assert "timed out" in fails_with(client)


def test_a_server_that_is_not_there(loopback: Loopback) -> None:
    loopback.stop()
    with HttpClient(loopback.url, secrets=[SECRET]) as client:
        said = fails_with(client, "/v8/BHP.AX")
    assert said.startswith(f"{loopback.url.removeprefix('http://')}/v8/BHP.AX: ")
    assert "curl.se" not in said
    assert "api_token" not in said


def test_no_secret_in_what_curl_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where curl quotes the URL, and nowhere in the printed traceback."""

    def quote_the_url(session: object, url: str, **_: object) -> None:
        raise RequestException(f"Failed to perform, curl: (3) bad URL {url} {' '.join(WRITTEN)}")

    monkeypatch.setattr(Session, "get", quote_the_url)
    client = HttpClient("https://me:pass%20word@example.com", secrets=[SECRET])
    with client, pytest.raises(TransientError) as caught:
        client.get("/eod", {"api_token": SECRET, "other": "shown"})
    shown = "".join(traceback.format_exception(caught.value)) + repr(client)
    for secret in (*WRITTEN, "k3y", "pass%20word"):
        assert secret not in shown
    assert "bad URL https://***@example.com/eod?api_token=***&other=shown" in str(caught.value)
    assert repr(client) == "HttpClient('example.com')"


REPEATED = (
    *(*WRITTEN, *(way.lower() for way in WRITTEN[1:])),
    *("pass word", "pass%20word", "pass+word", b64encode(b"me:pass word").decode()),
)


def test_no_secret_in_an_answer_that_repeats_the_request(loopback: Loopback) -> None:
    body, hidden = " | ".join(REPEATED), " | ".join(["***"] * len(REPEATED))
    loopback.say(body.encode(), headers={"X-Asked": body})
    address = loopback.url.replace("://", "://me:pass%20word@")
    with HttpClient(address, secrets=[SECRET]) as client:
        answer = client.get("/x")
    assert answer.body.decode() == answer.headers["x-asked"] == hidden
    with HttpClient(loopback.url) as client:
        assert client.get("/x").body.decode() == body


@pytest.mark.parametrize("signs", ["&'<>", '"', "\\", "\n", "/+=", "é"])
def test_no_secret_in_whatever_way_a_body_is_written(loopback: Loopback, signs: str) -> None:
    secret = f"k3y{signs}y3k"
    ways = [secret, html.escape(secret), json.dumps(secret), quote(secret), quote_plus(secret)]
    ways += [f'"{secret.replace(chr(34), chr(34) * 2)}"', b64encode(secret.encode()).decode()]
    loopback.say(" ".join(ways).encode())
    with HttpClient(loopback.url, secrets=[secret]) as client:
        body = client.get("/x").body.decode()
    assert body.count("***") == len(ways)
    assert "k3y" not in body
    assert "y3k" not in body


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://example.com/a?fmt=json&from=1", []),
        ("https://me@example.com", []),
        ("https://:pw@example.com/x?ApiKey=k%2Fy&x-sig=s", ["k/y", "s", "pw", ":pw"]),
        ("?access_token=t&password=", ["t"]),
    ],
)
def test_secrets_in_a_url(url: str, secrets: list[str]) -> None:
    assert secrets_in(url) == secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no file postgresql:/me:pw@host/db", "no file postgresql:/***@host/db"),
        ("'mysql://me:p@/:?#w@host/db'", "'mysql://***@host/db'"),
        ("https://token@host, https://host/a@b", "https://***@host, https://host/a@b"),
        ("such as postgresql://USER@HOST/DATABASE", "such as postgresql://USER@HOST/DATABASE"),
        ("mail me@host at 10:30", "mail me@host at 10:30"),
    ],
)
def test_users_in_urls_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_redact() -> None:
    assert redact("no secret here", ["", "x1"]) == "no secret here"
    assert redact("abc and ab", ["ab", "abc"]) == "*** and ***"
    for written in WRITTEN:
        assert redact(f"<{written}>", [SECRET]) == "<***>"
    url = "https://u:p@h/x?access_token=1&ApiKey=2&a=3&crumb=4&x-signature=5"
    assert (
        redact(url) == "https://***@h/x?access_token=***&ApiKey=***&a=3&crumb=***&x-signature=***"
    )


@pytest.mark.parametrize("url", ["", "example.com", "file:///etc/passwd", "http://", "http://[::1"])
def test_what_is_not_a_web_server(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a web server"):
        HttpClient(url)


def test_a_wrong_address_keeps_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        HttpClient("ftp://me:word@host/x?token=abc")
    assert "word" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_a_closed_client(loopback: Loopback) -> None:
    loopback.say(b"ok")
    client = HttpClient(loopback.url)
    client.get("/x")
    client.close()
    client.close()
    with pytest.raises(ConfigError, match="closed"):
        client.get("/x")


def test_a_client_closed_during_a_request(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.say(b"ok")
    closed: list[object] = []
    ask, close = Session.get, Session.close
    client = HttpClient(loopback.url)

    def close_the_client_and_ask(session: object, *args: object, **options: object) -> object:
        client.close()
        assert not closed  # it is in use
        return ask(session, *args, **options)  # type: ignore[arg-type]

    def note(session: object) -> None:
        closed.append(session)
        close(session)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "get", close_the_client_and_ask)
    monkeypatch.setattr(Session, "close", note)
    assert client.get("/x").body == b"ok"
    assert len(closed) == 1


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success(status: int) -> None:
    demand_ok(Answer(status, {}, b""), "the list")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, NotFoundError),
        (429, RateLimitedError),
        (408, TransientError),
        (425, TransientError),
        (500, TransientError),
        (502, TransientError),
        (599, TransientError),
        (301, MalformedError),
        (400, MalformedError),
        (401, MalformedError),
        (403, MalformedError),
        (410, MalformedError),
        (0, MalformedError),
    ],
)
def test_what_a_status_means(status: int, expected: type[FetchError]) -> None:
    with pytest.raises(FetchError, match=rf"^the list: .*HTTP {status}") as caught:
        demand_ok(Answer(status, {"retry-after": "7"}, b"delisted"), "the list")
    assert type(caught.value) is expected
    assert "delist" not in str(caught.value)
    waits = expected in {RateLimitedError, TransientError}
    assert caught.value.retry_after == (7.0 if waits else 0.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 0 "}, 0.0),
        ({}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "1e9"}, 0.0),
        ({"retry-after": "²"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
                "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 07:27:00 GMT",
                "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            0.0,
        ),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
                "date": "Wed, 21 Oct 2015 07:28:00 -0000",
            },
            0.0,
        ),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(Answer(429, headers, b"")) == seconds
