"""Which answers are charts, and what the others mean. None of them means a delisting."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import (
    EmptyError,
    FetchError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    TransientError,
)
from stockstream.providers.http import Answer
from stockstream.providers.yahoo.reply import read_chart

if TYPE_CHECKING:
    from tests.providers.conftest import AsBody, MakeChart

DAYS = [dt.date(2025, 4, 3), dt.date(2025, 4, 4)]
NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
NO_DATA = "Data doesn't exist for startDate = 1743426000, endDate = 1743512400"
HTML = b"<html><body>Will be right back...</body></html>"


def error_of(answer: Answer) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read_chart(answer, "TST.AX")
    assert "delist" not in str(caught.value)
    return caught.value


def test_a_chart(make_chart: MakeChart, as_body: AsBody) -> None:
    chart = make_chart(DAYS)
    assert read_chart(Answer(200, {}, as_body(chart)), "TST.AX") == chart
    assert read_chart(Answer(200, {}, as_body(chart)), "tst.ax") == chart


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        HTML,
        b"Edge: Too Many Requests",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b'{"chart": null}',
        b'{"chart": []}',
        b'{"chart": {"result": null, "error": null}}',
        b'{"chart": {"result": [], "error": null}}',
        b'{"chart": {"result": [null], "error": null}}',
        b'{"chart": {"result": [{}], "error": null}}',
        b'{"chart": {"result": [{"meta": null}], "error": null}}',
        b'{"chart": {"result": {"meta": {}}, "error": null}}',
        b'{"chart": {"result": [{"meta": {}}, {"meta": {}}], "error": null}}',
        b'{"chart": {"result": [{"meta": {}}], "error": null}}',
        b'{"chart": {"result": null, "error": "odd"}}',
        b'{"chart": {"result": null, "error": {}}}',
        b'{"finance": {"result": null, "error": {"code": "Not Found"}}}',
        b'{"chart": {"result": [{"meta": {"symbol": "TST.AX", "n": NaN}}], "error": null}}',
        b'{"chart": {"result": [{"meta": {"symbol": "TST.AX"',
    ],
)
def test_a_success_without_a_chart(body: bytes) -> None:
    assert type(error_of(Answer(200, {}, body))) is MalformedError


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"symbol": "BHP.AX"}, "another symbol, 'BHP.AX'"),
        ({"symbol": None}, "another symbol, None"),
        ({"dataGranularity": "1m"}, "bars of '1m' instead of '1d'"),
        ({"dataGranularity": None}, "bars of None"),
    ],
)
def test_a_chart_of_something_else(
    meta: dict[str, object], said: str, make_chart: MakeChart, as_body: AsBody
) -> None:
    error = error_of(Answer(200, {}, as_body(make_chart(DAYS, meta=meta))))
    assert type(error) is MalformedError
    assert said in str(error)


def test_long_stories_are_cut(make_chart: MakeChart, as_body: AsBody) -> None:
    long = "x" * 5000
    bodies = [
        as_body(make_chart(DAYS, meta={name: long})) for name in ("symbol", "dataGranularity")
    ]
    bodies.append(as_body(error={"code": long, "description": long}))
    for body in (*bodies, long.encode()):
        assert 60 < len(str(error_of(Answer(200, {}, body)))) < 300


@pytest.mark.parametrize("status", [200, 400, 404, 422])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NOT_FOUND, NotFoundError),
        ({"code": "Not Found"}, NotFoundError),
        ({"code": "Bad Request", "description": NO_DATA}, EmptyError),
        ({"code": "Unprocessable Entity", "description": NO_DATA}, EmptyError),
        ({"code": "Not Found", "description": NO_DATA}, EmptyError),
        ({"code": "Too Many Requests", "description": None}, RateLimitedError),
        ({"code": "Internal Server Error", "description": "x"}, TransientError),
        ({"code": "internal-error", "description": "x"}, TransientError),
        ({"code": "Unauthorized", "description": "Invalid Crumb"}, MalformedError),
        ({"code": 7, "description": ["x"]}, MalformedError),
    ],
)
def test_what_yahoo_itself_says(
    status: int, error: object, expected: type[FetchError], as_body: AsBody
) -> None:
    found = error_of(Answer(status, {"retry-after": "9"}, as_body(error=error)))
    assert type(found) is expected
    assert found.retry_after == (9.0 if expected is RateLimitedError else 0.0)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_without_a_reason(status: int, make_chart: MakeChart, as_body: AsBody) -> None:
    """A page of some gateway says nothing about the symbol; neither does a chart."""
    for body in (b"", HTML, b"{}", b'{"chart": {"result": null, "error": null}}'):
        assert type(error_of(Answer(status, {}, body))) is MalformedError
    assert type(error_of(Answer(status, {}, as_body(make_chart(DAYS))))) is MalformedError


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, RateLimitedError),
        (500, TransientError),
        (502, TransientError),
        (503, TransientError),
        (408, TransientError),
        (302, MalformedError),
        (401, MalformedError),
        (403, MalformedError),
        (999, TransientError),
    ],
)
def test_troubles_of_the_server_are_believed(
    status: int, expected: type[FetchError], as_body: AsBody
) -> None:
    for body in (b"", HTML, b"Too Many Requests\r\n", as_body(error=NOT_FOUND)):
        error = error_of(Answer(status, {"retry-after": "3"}, body))
        assert type(error) is expected
        assert error.retry_after == (0.0 if expected is MalformedError else 3.0)
