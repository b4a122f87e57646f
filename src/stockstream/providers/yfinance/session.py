"""The session that yfinance asks through. It reads the status of a chart before yfinance can.

Left to itself yfinance takes an error of the server for a delisted symbol. It also answers every
status from 400 on by signing in anew and asking again, and goes on to look for the symbol
elsewhere: up to 30 requests for one that does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from curl_cffi.requests import Response, Session

from stockstream.errors import EmptyError
from stockstream.providers.http import BROWSER, Answer, demand_ok

if TYPE_CHECKING:
    from curl_cffi.requests.session import HttpMethod

__all__ = ["ChartSession"]

CHART: Final = "/v8/finance/chart/"
WHAT: Final = "Yahoo's chart"

_SIGN_IN: Final = (401, 403)
"""Yahoo wants another cookie or crumb, which is what yfinance is good at."""
_NO_DATA: Final = b"data doesn't exist"


class ChartSession(Session[Response]):
    """A session of a browser.

    Attributes:
        chart: the newest answer about a chart.

    Args:
        base_url: server that stands in for all of Yahoo's; None asks those.
        timeout: most seconds for a request, whatever yfinance thinks.
    """

    chart: Response

    def __init__(self, base_url: str | None, timeout: float) -> None:
        # one thread asks at a time; a curl of each thread's own could be closed by that thread only
        super().__init__(impersonate=BROWSER, use_thread_local_curl=False)
        self._base_url, self._most = base_url, timeout

    def request(self, method: HttpMethod, url: str, *args: Any, **options: Any) -> Response:
        """Ask; yfinance comes through here with everything.

        Raises:
            FetchError: the status of a chart says that it did not come.
            curl_cffi.CurlError: no answer.
        """
        asks_for_chart = CHART in url
        if self._base_url is not None:
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            url = f"{self._base_url.rstrip('/')}{parts.path}{query}"
        options["timeout"] = self._most
        response = super().request(method, url, *args, **options)
        if asks_for_chart:
            self.chart = response
            _demand_chart(response)
        return response


def _demand_chart(response: Response) -> None:
    status = response.status_code
    if status in {400, 404, 422} and _NO_DATA in response.content.lower():
        raise EmptyError(f"{WHAT}: no data for these days (HTTP {status})")
    if status not in _SIGN_IN:
        headers = {name.lower(): value or "" for name, value in response.headers.items()}
        demand_ok(Answer(status, headers, b""), WHAT)
