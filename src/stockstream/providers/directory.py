"""The directory of an exchange: one download lists every company.

The ASX's own site downloads it from ``https://asx.api.markitdigital.com/asx-research/1.0/
companies/directory/file``, as CSV. Some requests of it carry a token, which changes now and then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from stockstream.providers.http import HttpClient, demand_ok, secrets_in

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["DirectorySource", "Download"]

TOKEN: Final = "access_token"  # noqa: S105 - the name of the parameter, not a token


class Download(NamedTuple):
    """What a server sent under a status of success. It may still be anything.

    Attributes:
        body: decompressed.
        content_type: what the server says that it is; empty if it does not say.
    """

    body: bytes
    content_type: str


class DirectorySource:
    """Where the list of all symbols is downloaded.

    Args:
        url: of the file; its query is sent along.
        token: sent as parameter ``access_token``; no message shows it.
        timeout: most seconds for the download.

    Raises:
        ConfigError: ``url`` is not the address of a file on a web server.
    """

    name: Final = "directory"

    def __init__(self, url: str, token: str = "", timeout: float = 20.0) -> None:
        address, _, query = url.partition("#")[0].partition("?")
        self._params = dict(parse_qsl(query, keep_blank_values=True))
        if token:
            self._params[TOKEN] = token
        secrets = secrets_in(f"?{urlencode(self._params)}")
        self._client = HttpClient(address, timeout=timeout, secrets=secrets)

    def download(self) -> Download:
        """Get the file.

        Raises:
            FetchError: the server did not answer, or not with a success.
        """
        answer = self._client.get(params=self._params)
        demand_ok(answer, "the symbol list")
        return Download(answer.body, answer.headers.get("content-type", ""))

    def close(self) -> None:
        self._client.close()

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
        return f"DirectorySource({self._client!r})"
