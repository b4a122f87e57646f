"""What stores say, in words that help and hold no secret. How a real one says it: test_s3."""

from __future__ import annotations

import pytest
from obstore.exceptions import AlreadyExistsError, GenericError

from stockstream.errors import ConfigError
from stockstream.lake import Lake
from stockstream.lake.remote import talking, without_password


@pytest.mark.parametrize("place", ["s4://bucket/market", "s3://", "ftp://there"])
def test_an_address_that_is_not_a_bucket(place: str) -> None:
    with pytest.raises(ConfigError, match="is not the URL of a folder; one looks like s3://"):
        Lake.open(place)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("GET http://me:hush@host/x: 404", "GET http://host/x: 404"),
        ("two: https://a@b, https://c:d@e/f@g", "two: https://b, https://e/f@g"),
        ("s3://bucket/me@home", "s3://bucket/me@home"),
        ("", ""),
    ],
)
def test_passwords_are_left_out(said: str, shown: str) -> None:
    assert without_password(said) == shown


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("PUT http://169.254.169.254/latest/api/token", "no credentials were found; set AWS_ACC"),
        ("403 Forbidden: <Code>AccessDenied</Code>", r"the store refused \(AccessDenied\); check"),
        ("401 Unauthorized", "the store refused; check AWS_ACCESS_KEY_ID"),
        ("HTTP error: error sending request", "the store does not answer; check the network"),
        ("503 from http://me:hush@host\nDebug source: hush", "503 from http://host$"),
    ],
)
def test_a_store_is_given_the_floor_for_one_sentence(
    said: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(OSError, match=told) as failure, talking():
        raise GenericError(said)
    assert "hush" not in str(failure.value)
    assert failure.value.__suppress_context__


def test_what_callers_wait_for_passes() -> None:
    with pytest.raises(FileNotFoundError, match=r"^not found$"), talking():
        raise FileNotFoundError("not found\nand a page more")
    with pytest.raises(AlreadyExistsError), talking():
        raise AlreadyExistsError("exists")
