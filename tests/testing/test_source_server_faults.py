"""Planned faults: each kind, when it strikes, and that order does not matter."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import ConfigError
from stockstream.testing.source_server import Burst, DirectoryFault, FaultPlan, Poison

if TYPE_CHECKING:
    from tests.testing.conftest import Desk, MakeDesk

    from stockstream.testing.source_server import MarketFrames
    from stockstream.testing.source_server.wire import Reply

CHART = "/v8/finance/chart/AAA.AX?range=1mo&interval=1d&events=div,split"
DIRECTORY = "/asx-research/1.0/companies/directory/file"
EOD = "/api/eod/AAA.AU?fmt=json&api_token=key"
LAST = dt.date(2024, 4, 10)


def poisoned(make_desk: MakeDesk, kind: Any, path: str = CHART) -> Reply:
    return make_desk(plan=FaultPlan(poison=(Poison(kind, ("AAA.AX",)),))).get(path)


def result_of(reply: Reply) -> Any:
    (result,) = json.loads(reply.body)["chart"]["result"]
    return result


def test_without_a_plan_nothing_fails(desk: Desk) -> None:
    assert result_of(desk.get(CHART))["meta"]["symbol"] == "AAA.AX"
    assert desk.control("faults") == []


def test_faults_that_a_client_may_try_again(make_desk: MakeDesk) -> None:
    error = poisoned(make_desk, "server_error")
    assert (error.status, error.content_type) == (503, "text/html;charset=utf-8")
    limited = poisoned(make_desk, "rate_limited")
    assert (limited.status, limited.headers) == (429, {})
    assert poisoned(make_desk, "reset").manner == "reset"
    assert poisoned(make_desk, "truncated").manner == "cut"
    silent = poisoned(make_desk, "timeout")
    assert (silent.manner, silent.seconds) == ("silent", 5.0)


def test_bodies_that_tell_lies_about_a_chart(make_desk: MakeDesk) -> None:
    malformed = poisoned(make_desk, "malformed")
    assert (malformed.status, malformed.manner) == (200, "whole")
    with pytest.raises(json.JSONDecodeError):
        json.loads(malformed.body)
    page = poisoned(make_desk, "html")
    assert (page.status, page.body[:6]) == (200, b"<html>")
    assert poisoned(make_desk, "not_found").status == 404
    assert json.loads(poisoned(make_desk, "null_chart").body)["chart"]["result"] is None
    assert result_of(poisoned(make_desk, "wrong_symbol"))["meta"]["symbol"] != "AAA.AX"
    empty = result_of(poisoned(make_desk, "empty"))
    assert "timestamp" not in empty
    assert empty["indicators"]["quote"] == [{}]
    bare = result_of(poisoned(make_desk, "null_bar"))
    (quote,) = bare["indicators"]["quote"]
    assert [quote[name][-1] for name in ("open", "high", "low", "close")] == [None] * 4
    assert quote["volume"][-1] == 1000
    assert quote["close"][-2] is not None


def test_bodies_that_tell_lies_over_eodhd(make_desk: MakeDesk) -> None:
    assert poisoned(make_desk, "not_found", EOD).body == b"Ticker Not Found."
    assert poisoned(make_desk, "empty", EOD).body == b"[]"
    assert poisoned(make_desk, "null_chart", EOD).body == b"null"
    for kind in ("malformed", "wrong_symbol", "html"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(poisoned(make_desk, kind, EOD).body)
    rows = json.loads(poisoned(make_desk, "null_bar", EOD).body)
    assert rows[-1] == {
        "date": "2024-04-10",
        **dict.fromkeys(("open", "high", "low", "close", "adjusted_close")),
        "volume": 1000,
    }


def test_poison_strikes_its_symbols_on_its_days_for_its_attempts(make_desk: MakeDesk) -> None:
    days = (dt.date(2024, 4, 8), dt.date(2024, 4, 9))
    desk = make_desk(plan=FaultPlan(poison=(Poison("server_error", ("AAA.AX",), days, 2),)))
    for day, wanted in (("2024-04-05", [200] * 3), ("2024-04-08", [503, 503, 200])):
        desk.today(day)
        assert [desk.get(CHART).status for _ in wanted] == wanted
        assert desk.get(CHART.replace("AAA.AX", "BBB.AX")).status == 200
    assert desk.control("faults") == [
        {
            "date": "2024-04-08",
            "endpoint": "chart",
            "symbol": "AAA.AX",
            "attempt": attempt,
            "kind": "server_error",
        }
        for attempt in (1, 2)
    ]


def test_a_burst_strikes_whatever_comes_at_its_time_of_day(make_desk: MakeDesk) -> None:
    burst = Burst(first=2, count=2, retry_after=1.5, dates=(LAST,))
    desk = make_desk(plan=FaultPlan(bursts=(burst,)))
    replies = [desk.get(path) for path in (CHART, DIRECTORY, CHART, CHART)]
    assert [reply.status for reply in replies] == [200, 429, 429, 200]
    assert replies[1].headers == {"Retry-After": "1.5"}
    desk.today("2024-04-09")
    assert [desk.get(CHART).status for _ in range(4)] == [200] * 4


def played(desk: Desk, seed: int) -> list[tuple[Any, ...]]:
    """Ask for everything five times on each of two days, in an order of its own."""
    for day in ("2024-04-08", "2024-04-09"):
        desk.today(day)
        asked = [f"S{number}.AX" for number in range(40)] * 5
        random.Random(seed).shuffle(asked)  # noqa: S311 - no secret
        for symbol in asked:
            desk.get(f"/v8/finance/chart/{symbol}?range=1d")
    return sorted(tuple(fault.values()) for fault in desk.control("faults"))


def test_the_order_of_requests_does_not_change_the_faults(make_desk: MakeDesk) -> None:
    plan = FaultPlan(seed=5, server_error=0.1, reset=0.05, timeout=0.05, truncated=0.1)
    first = played(make_desk(plan=plan), seed=1)
    assert played(make_desk(plan=plan), seed=2) == first
    assert played(make_desk(plan=FaultPlan(seed=6, server_error=0.3)), seed=1) != first
    counts = {kind: sum(fault[-1] == kind for fault in first) for kind, _ in plan.shares}
    for kind, share in plan.shares:
        assert counts[kind] / 400 == pytest.approx(share, abs=0.04), kind


def test_requests_in_a_burst_do_not_use_up_attempts(make_desk: MakeDesk) -> None:
    plan = FaultPlan(
        poison=(Poison("server_error", ("AAA.AX",), attempts=1),), bursts=(Burst(1, 3),)
    )
    desk = make_desk(plan=plan)
    assert [desk.get(CHART).status for _ in range(5)] == [429, 429, 429, 503, 200]


def test_the_directory_has_faults_of_its_own(make_desk: MakeDesk) -> None:
    def fails(kind: Any) -> Reply:
        return make_desk(plan=FaultPlan(directory=(DirectoryFault(kind),))).get(DIRECTORY)

    rejected = fails("html")
    assert (rejected.status, b"Request Rejected" in rejected.body) == (200, True)
    assert fails("header_only").body.count(b"\n") == 1
    assert "error" in json.loads(fails("error_json").body)
    assert fails("server_error").status == 503
    assert fails("reset").manner == "reset"
    assert make_desk(plan=FaultPlan(server_error=1.0)).get(DIRECTORY).status == 200


def test_a_short_list_lacks_the_same_rows_each_time(
    market: MarketFrames, make_desk: MakeDesk
) -> None:
    codes = [f"A{number:02}" for number in range(99)]
    body = "\n".join(["header", *(f'"{code}","{code} LIMITED"' for code in codes), ""]).encode()
    plan = FaultPlan(directory=(DirectoryFault("short", share=0.3, attempts=2),))
    desk = make_desk(market._replace(lists={LAST: body}), plan)
    first, second, third = (desk.get(DIRECTORY).body for _ in range(3))
    assert first == second
    assert third == body
    assert first.startswith(b"header\n")
    assert 55 < len(first.splitlines()) < 85
    assert set(first.splitlines()) < set(body.splitlines())


def test_a_new_plan_begins_anew(make_desk: MakeDesk) -> None:
    plan = FaultPlan(poison=(Poison("server_error", ("AAA.AX",), attempts=1),))
    desk = make_desk(plan=plan)
    statuses = [desk.get(CHART).status for _ in range(2)]
    desk.source.answer("PUT", "/control/plan", plan.to_json())
    assert desk.control("faults") == []
    assert [desk.get(CHART).status for _ in range(2)] == statuses == [503, 200]


def test_a_plan_survives_json() -> None:
    plan = FaultPlan(
        seed=1,
        reset=0.25,
        poison=(Poison("html", ("A.AX", "B.AX"), (LAST,), 3),),
        bursts=(Burst(5, 10, 0.5),),
        directory=(DirectoryFault("short", (LAST,), 0.5),),
    )
    assert FaultPlan.from_json(plan.to_json()) == plan
    assert FaultPlan.from_json("{}") == FaultPlan()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "Invalid JSON"),
        ('{"sever_error": 0.1}', "sever_error"),
        ('{"poison": [{"kind": "mad", "symbols": ["A"]}]}', r"poison\.0\.kind"),
        ('{"reset": 0.7, "timeout": 0.7}', "1 or less in all"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(text: str, message: str, desk: Desk) -> None:
    with pytest.raises(ConfigError, match=message):
        FaultPlan.from_json(text)
    assert desk.source.answer("PUT", "/control/plan", text.encode()).status == 400
