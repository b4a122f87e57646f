"""A store behind a URL: how it is reached, and what its refusals mean.

Stores answer with a page of XML, and libraries wrap it in one more of their own. A user needs the
store's word for what is wrong, and where to look.
"""

from __future__ import annotations

import datetime as dt
import html
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import ObjectStore

__all__ = ["open_store", "talking", "without_keys", "without_password"]

RETRIES = 5
"""After a failure that may pass. The waits double: 3 s in all, so that a wrong address is told."""

PATIENCE = dt.timedelta(seconds=60)

_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
_ADVICE = {
    r"169\.254\.169\.254": f"no credentials were found; set {_KEYS}",
    r"403 Forbidden|401 Unauthorized": (
        f"the store refused{{code}}; check {_KEYS}, AWS_REGION and what they may do in this bucket"
    ),
    r"<Code>NoSuchBucket</Code>": "there is no such bucket; make it, or correct its name",
    r"builder error": "{endpoint} is not encrypted; if that is meant, set AWS_ALLOW_HTTP=true",
    r"error sending request|operation timed out": (
        "{endpoint} does not answer; check the network, AWS_REGION and AWS_ENDPOINT_URL"
    ),
}


def open_store(url: str) -> ObjectStore:
    """The store and folder of a URL; nothing is asked of it yet.

    Raises:
        ConfigError: it is not the URL of a store.
    """
    try:
        return obstore.store.from_url(
            url, retry_config={"max_retries": RETRIES, "retry_timeout": PATIENCE}
        )
    except (BaseError, ValueError) as error:
        raise ConfigError(
            f"{url} is not the URL of a folder; one looks like s3://my-bucket/market"
        ) from error


@contextmanager
def talking() -> Iterator[None]:
    """Turn what a store says into one sentence, with advice where the cause is known.

    The store's own words can hold keys and passwords, so they are not kept as the cause.

    Raises:
        FileNotFoundError: there is no such file.
        AlreadyExistsError: there is one already.
        OSError: anything else.
    """
    try:
        yield
    except AlreadyExistsError:
        raise
    except (BaseError, FileNotFoundError) as error:
        said = str(error)
        advice = next((text for sign, text in _ADVICE.items() if re.search(sign, said)), None)
        if advice is not None:
            code = re.search(r"<Code>(\w+)</Code>", said)
            refusal = f" ({code[1]})" if code else ""
            raise OSError(advice.format(code=refusal, endpoint=_endpoint())) from None
        kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
        raise kind(without_password(said.partition("\n")[0])) from None


def without_password(text: str) -> str:
    """The text without the login that a URL in it may have, and without the keys of the store.

    A store may repeat the request in its answer, and the request names keys.
    """
    for key in filter(None, map(os.environ.get, _VARIABLES)):
        for written in (key, html.escape(key), quote(key, safe="")):
            text = text.replace(written, "***")
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)


def without_keys(error: BaseException) -> BaseException | None:
    """The error, to be named as a cause; None if its text holds a key of the store."""
    text = str(error)
    return error if without_password(text) == text else None


def _endpoint() -> str:
    url = os.environ.get("AWS_ENDPOINT_URL")
    return f"the endpoint {without_password(url)}" if url else "the store"
