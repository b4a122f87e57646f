"""Downloading the list of an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream.errors import (
    ConfigError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)
from stockstream.providers.directory import DirectorySource

if TYPE_CHECKING:
    from tests.providers.conftest import Loopback

    from stockstream.errors import FetchError

TOKEN = "83ff96335c2d45a094df02a206a39ff4"  # noqa: S105 - made up
BODY = b"ASX code,Company name\nBHP,BHP GROUP\n"
PATH = "/research/directory/file"


@pytest.fixture
def url(loopback: Loopback) -> str:
    loopback.say(BODY, headers={"Content-Type": "text/csv"})
    return loopback.url + PATH


def test_a_download(loopback: Loopback, url: str) -> None:
    with DirectorySource(url) as source:
        assert source.download() == (BODY, "text/csv")
    assert [(asked.path, asked.query) for asked in loopback.asked] == [(PATH, {})]


def test_a_server_that_does_not_say_what_it_sends(loopback: Loopback, url: str) -> None:
    loopback.say(BODY)
    with DirectorySource(url) as source:
        assert source.download() == (BODY, "")


def test_the_token_is_sent_and_so_is_the_query_of_the_url(loopback: Loopback, url: str) -> None:
    with DirectorySource(f"{url}?market=ASX&q=a%26b", TOKEN) as source:
        source.download()
    assert loopback.asked[0].query == {"market": "ASX", "q": "a&b", "access_token": TOKEN}


def test_a_token_in_the_url_is_one_too_and_the_setting_wins(loopback: Loopback, url: str) -> None:
    with DirectorySource(f"{url}?access_token={TOKEN}") as source:
        source.download()
        assert TOKEN not in repr(source)
    with DirectorySource(f"{url}?access_token=old", TOKEN) as source:
        source.download()
    assert [asked.query for asked in loopback.asked] == [{"access_token": TOKEN}] * 2


@pytest.mark.parametrize(
    ("status", "error", "wait"),
    [
        (403, MalformedError, 0.0),
        (404, NotFoundError, 0.0),
        (429, RateLimitedError, 7.0),
        (500, TransientError, 7.0),
        (503, TransientError, 7.0),
    ],
)
def test_a_status_that_is_no_success(
    loopback: Loopback, url: str, status: int, error: type[FetchError], wait: float
) -> None:
    loopback.say(TOKEN.encode(), status, {"Retry-After": "7"})
    with (
        DirectorySource(url, TOKEN) as source,
        pytest.raises(error, match=f"the symbol list: .*HTTP {status}") as caught,
    ):
        source.download()
    assert TOKEN not in str(caught.value)
    assert caught.value.retry_after == wait


def test_an_answer_that_breaks_off(loopback: Loopback, url: str) -> None:
    loopback.say(BODY, missing=100)
    with DirectorySource(url, TOKEN) as source, pytest.raises(TransientError) as caught:
        source.download()
    assert TOKEN not in str(caught.value)
    assert PATH in str(caught.value)


def test_a_server_that_is_not_there(loopback: Loopback, url: str) -> None:
    loopback.stop()
    with DirectorySource(url, TOKEN) as source, pytest.raises(TransientError) as caught:
        source.download()
    assert TOKEN not in str(caught.value)


def test_a_token_that_the_server_repeats_does_not_come_through(
    loopback: Loopback, url: str
) -> None:
    loopback.say(f'{{"fault":"Invalid token {TOKEN} for /file?access_token={TOKEN}"}}'.encode())
    with DirectorySource(url, TOKEN) as source:
        assert source.download().body == (
            b'{"fault":"Invalid token *** for /file?access_token=***"}'
        )


def test_every_key_of_the_url_is_a_secret(loopback: Loopback, url: str) -> None:
    loopback.say(b"asked with k3y/k3y, k3y%2Fk3y and plain")
    with DirectorySource(f"{url}?X-Signature=k3y%2Fk3y&q=plain") as source:
        assert source.download().body == b"asked with ***, *** and plain"


@pytest.mark.parametrize(
    "url", ["", "asx.com.au/file", "ftp://example.com/file", "http://[::1/file?access_token=t"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address of a web server"):
        DirectorySource(url, TOKEN)
