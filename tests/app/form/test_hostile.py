"""Ten thousand hostile inputs: typed errors only, nothing run, nothing written elsewhere."""

from __future__ import annotations

import datetime as dt
import random
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from stockstream.app.form.check import check
from stockstream.app.form.draft import FIELDS, Draft
from stockstream.app.form.market import Market
from stockstream.app.request import Request
from stockstream.errors import StockstreamError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INPUTS: Final = 10_000

MARKET: Final = Market(
    "lake",
    ("BHP.AX", "CBA.AX", "WES.AX"),
    dt.date(2019, 1, 2),
    dt.date(2021, 12, 31),
    "bars@1 actions@1",
    "XASX",
)

PIECES: Final = (
    *("<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "{%import os%}", "%s%n", "`id`"),
    *("=HYPERLINK(1)", "+cmd|' /C calc'!A0", "@SUM(1)", "__import__('os').system('id')", "$(id)"),
    *("../../etc/passwd", "/etc/passwd", "..\\..\\", "file:///etc/passwd", "s3://b/k", "C:\\x"),
    *("mine.py:Strategy", "os.py:system", "stockstream.cli:main", "nul\0byte", "\x1b[31m", "\r\n"),
    *("1e308", "1e999", "-1e999", "9" * 400, "0x10", "1_000", "inf", "nan", "-0", "1:10**9:1"),
    *("1:9999999999:9999999999", "0:1:1000000000", "1,2,3", "7:91:5", "5", "[1,2]", "[[[[[[", "]"),
    *("\u0661\u0662", "\uff11\uff10", "\u00b2", "\u202e", "\ud800", "\u200b", "\U0001f600"),
    *("fast_period < slow_period", "a < b < c", "().__class__", "lambda: 0", "' OR 1"),
    "x" * 20_001,
    *("walk_forward(train=3y,test=1y)", "walk_forward(train=9999y)", "hold_out(2)", "year", "none"),
    *("2020-02-30", "2020-01-02", "0000-00-00", "BHP.AX", "BHP", "*", ";", ",,,,", "\t", ""),
)


def texts(source: random.Random) -> str:
    """One to three pieces, glued together."""
    return source.choice(("", " ", ",", "\n")).join(source.choices(PIECES, k=source.randint(1, 3)))


def inputs() -> Iterator[dict[str, Any]]:
    """Drafts with some hostile fields, among them fields that there are not and no texts."""
    source = random.Random(8)  # noqa: S311 - the same each time
    names = [*FIELDS, "__class__", "password", "values"]
    for _ in range(INPUTS):
        given: dict[str, Any] = {}
        for name in source.sample(names[: -3 if source.random() < 0.9 else None], 3):
            odd = source.random() < 0.03
            given[name] = source.choice((None, 7, [], {}, True)) if odd else texts(source)
        if source.random() < 0.6:
            keys = ("fast_period", "slow_period", texts(source))
            given["values"] = {key: texts(source) for key in source.sample(keys, 2)}
        yield given


class Guard:
    """Notes what must not happen while it watches; hooks of the interpreter stay for ever."""

    WATCHED: Final = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen")

    def __init__(self) -> None:
        self.watching, self.seen = False, list[str]()
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event in self.WATCHED or event.startswith("socket."):
            self.seen.append(event)
        elif event == "exec" and not arguments[0].co_filename.endswith(".py"):
            self.seen.append(f"exec {arguments[0]!r}")


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard()


@pytest.mark.slow
def test_typed_errors_only_and_nothing_is_run(guard: Guard, tmp_path: Path) -> None:
    check(Draft(), MARKET)  # what is imported on the way is imported now
    runs, refused, kept = tmp_path / "runs", 0, set[str]()
    for number, given in enumerate(inputs()):
        guard.watching = True
        try:
            draft = Draft.of(given)
            found = check(draft, MARKET)
            if number % 20 == 0:
                kept.add(Request(draft, "lake", MARKET.version).keep(runs).name)
        except StockstreamError:
            refused += 1
            continue
        finally:
            guard.watching = False
        assert (found.config is None) == bool(found.problems), given
        assert all(len(one.what) <= 240 and len(one.hint) <= 240 for one in found.problems.values())
    assert guard.seen == []
    assert refused > INPUTS // 100
    assert {path.name for path in tmp_path.iterdir()} <= {"runs"}
    assert {path.name for path in (runs / "requests").iterdir()} == kept
    files = [path for path in runs.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"request.json"}
    for name in kept:
        assert Request.read(name, runs).name == name


@pytest.mark.parametrize("name", ["..", "../q-0123456789ab", "/etc", "q-0", "q-0123456789ab\n", ""])
def test_a_name_of_a_request_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    with pytest.raises(StockstreamError):
        Request.read(name, tmp_path)


@pytest.mark.parametrize("strategy", ["mine.py:Strategy", "../x.py:Y", "os", "__main__", ""])
def test_only_a_registered_strategy_is_taken(strategy: str) -> None:
    found = check(replace(Draft(), strategy=strategy), MARKET)
    assert found.config is None
    assert "strategy" in found.problems
