from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.archive import load_result, save_result
from stockstream.errors import DataError
from stockstream.report.contributions import by_symbol, strategy_table, year_table
from stockstream.report.formats import MINUS
from stockstream.report.metric_rows import labelled
from stockstream.report.tearsheet import render_tear_sheet, write_tear_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockstream.backtest.result import BacktestResult

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
LARGEST = 6_000_000


class Page(HTMLParser):
    """Collects tags with their attributes, the text people see, and the scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).split())


@pytest.fixture(scope="module")
def html(result: BacktestResult) -> str:
    return render_tear_sheet(result)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_identity_and_badges_stand_above_any_number(html: str) -> None:
    order = [html.index(mark) for mark in ('class="badges"', 'class="identity"', 'class="cards"')]
    assert order == sorted(order)


def test_every_section_is_there(page: Page, result: BacktestResult) -> None:
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert ids >= {
        *("equity", "confidence", "risk", "periods", "contribution", "trades", "drawdowns"),
        *("metrics", "reproduce"),
    }
    charts = ("equity", "months", "trades", "rolling", "exposure", "contribution")
    assert {f"figure-{name}" for name in (*charts, "excursions", "holding")} <= ids
    for digest in (result.identity.data_digest, result.identity.config_digest):
        assert digest[:10] in page.text
    assert "stockstream backtest" in page.text
    assert f"{result.metrics.trades} trades" in page.text


def test_same_result_same_bytes(result: BacktestResult, html: str) -> None:
    assert render_tear_sheet(result) == html


def test_a_kept_run_gives_the_same_page(result: BacktestResult, html: str, tmp_path: Path) -> None:
    assert render_tear_sheet(load_result(save_result(result, tmp_path))) == html


def test_nothing_is_fetched_and_only_our_scripts_may_run(page: Page) -> None:
    loading = {"src", "srcset", "data", "action", "poster", "background"}
    for tag, attributes in page.tags:
        assert not loading & set(attributes), tag
        assert tag not in {"iframe", "object", "embed", "base", "form"}
        link = attributes.get("href")
        assert link is None or link.startswith(("#", "data:image/svg+xml,"))
        assert not any(name.startswith("on") for name in attributes)
    policies = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    assert len(policies) == 1
    policy = str(policies[0])
    assert "default-src 'none'" in policy
    kinds = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    runnable = [s for s, kind in zip(page.scripts, kinds, strict=True) if kind is None]
    assert len(runnable) == 3
    for script in runnable:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.slow
def test_styles_fetch_nothing(html: str) -> None:
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_names_stay_text(result: BacktestResult) -> None:
    assert result.benchmark is not None
    hostile = replace(
        result,
        config=result.config.model_copy(
            update={
                "strategy_class": f"my.py:{HOSTILE}",
                "universe": (HOSTILE,),
                "parameters": {HOSTILE: HOSTILE},
            }
        ),
        flags=(HOSTILE,),
        benchmark=replace(result.benchmark, name=HOSTILE),
        frames=lambda: (result.fills, result.trades.with_columns(symbol=pl.lit(HOSTILE))),
    )
    page = Page(render_tear_sheet(hostile))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert len(page.scripts) == len(Page(render_tear_sheet(result)).scripts)
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert HOSTILE.rpartition("/")[2] in page.text


def test_no_number_is_nan(html: str, idle: BacktestResult) -> None:
    for text in (html, render_tear_sheet(idle)):
        page = Page(text)
        assert not re.search(r"\b(nan|NaN|inf|None|null)\b", page.text)
        assert not [a for _, a in page.tags if a.get("data-sort") in {"nan", "inf", "-inf", "None"}]


def test_zero_trades_are_loud(idle: BacktestResult, html: str) -> None:
    quiet = Page(render_tear_sheet(idle))
    assert ("section", {"class": "alarm", "role": "alert"}) in quiet.tags
    assert "Zero trades" in quiet.text
    assert 'class="alarm"' not in html


@pytest.mark.parametrize("sessions", [1, 2, 30])
def test_short_runs_can_be_read(backtest: Callable[..., BacktestResult], sessions: int) -> None:
    assert f"{sessions} sessions" in Page(render_tear_sheet(backtest(sessions=sessions))).text


def test_no_benchmark_no_column(result: BacktestResult) -> None:
    page = Page(render_tear_sheet(replace(result, benchmark=None)))
    assert "Benchmark" not in page.text
    assert "Beside the benchmark" not in page.text
    assert "Information ratio" not in page.text


def test_every_statistic_is_there_with_its_definition(result: BacktestResult, page: Page) -> None:
    for name in result.statistics.as_dict():
        assert labelled(name) in page.text
    assert f"{len(result.statistics.as_dict())} more" in page.text


def test_what_symbols_earned_adds_up(result: BacktestResult) -> None:
    table = year_table(result)
    assert table is not None
    whole = sum(float(row.cells[0].text.replace(MINUS, "-").replace(",", "")) for row in table.rows)
    assert whole == pytest.approx(result.equity[-1] - result.config.initial_capital, abs=2.0)
    assert by_symbol(result).contribution.sum() == pytest.approx(result.metrics.total_return)


def test_many_symbols_are_the_ends_and_all_others(result: BacktestResult) -> None:
    names = [f"S{index}" for index in range(100)]
    many = pl.DataFrame(
        {"strategy": "A", "symbol": names, "year": 2020, "pnl": [float(i) for i in range(100)]}
    )
    found = by_symbol(replace(result, accounts=lambda: (result.positions, many)))
    assert found.names[0] == "S99"
    assert found.names[-1] == "S0"
    assert len(found.names) == len(found.contribution) == 18
    assert "the 82 between them added +4.1% in all" in found.note
    assert by_symbol(result).note == ""


def test_several_strategies_have_a_table(result: BacktestResult) -> None:
    both = result.contributions.with_columns(
        strategy=pl.when(pl.col("symbol") == "BHP.AX").then(pl.lit("One")).otherwise(pl.lit("Two"))
    )
    table = strategy_table(replace(result, accounts=lambda: (result.positions, both)))
    assert table is not None
    assert {row.label for row in table.rows} == {"One", "Two"}
    assert strategy_table(result) is None


def test_costs_are_shown_where_they_are_given(result: BacktestResult, html: str) -> None:
    costs = pl.DataFrame(
        {"factor": [0.0, 1.0, 3.0], "sharpe": [0.9, 0.5, float("nan")], "total_return": [0.3] * 3}
    )
    page = Page(render_tear_sheet(result, costs=costs))
    assert "Had trading cost more, or less" in page.text
    assert "3\u00d7" in page.text
    assert 'id="costs"' not in html


def test_many_flags_are_folded(result: BacktestResult) -> None:
    page = Page(render_tear_sheet(replace(result, flags=tuple(f"flag {i}" for i in range(40)))))
    assert "28 more" in page.text
    assert "flag 39" in page.text


@pytest.mark.slow
def test_the_largest_page_stays_small(result: BacktestResult) -> None:
    sessions, symbols = 12_000, 2_000
    rng = np.random.default_rng(3)
    equity = 1e5 * np.cumprod(1 + rng.normal(0.0003, 0.01, sessions), dtype=np.float64)
    trades = result.trades.filter(~pl.col("open"))
    days = np.datetime64("1970-01-01") + np.arange(sessions).astype("timedelta64[D]")
    names, years = [f"S{index}.AX" for index in range(symbols)], range(1970, 2003)
    contributions = pl.DataFrame(
        [(year, name) for year in years for name in names], schema=("year", "symbol"), orient="row"
    ).with_columns(strategy=pl.lit("Many"), pnl=pl.Series(rng.normal(0, 100, len(years) * symbols)))
    assert result.benchmark is not None
    large = replace(
        result,
        dates=days,
        equity=equity,
        cash=equity * rng.uniform(-0.2, 1.0, sessions),
        invested=equity * rng.uniform(0.0, 2.0, sessions),
        benchmark=replace(result.benchmark, equity=equity[::-1]),
        frames=lambda: (result.fills, pl.concat([trades] * (60_000 // trades.height))),
        accounts=lambda: (result.positions, contributions),
        config=result.config.model_copy(update={"universe": tuple(names)}),
        flags=tuple(f"{name}: no bar after 2020-01-01, deemed delisted" for name in names[:500]),
    )
    page = render_tear_sheet(large)
    assert len(page.encode()) < LARGEST


def test_writing_replaces_whole_files(result: BacktestResult, html: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / "sheet.html"
    assert write_tear_sheet(result, target) == target
    assert target.read_text(encoding="utf-8") == html
    assert write_tear_sheet(result, target) == target
    assert [path.name for path in target.parent.iterdir()] == ["sheet.html"]


def test_a_page_that_cannot_be_written_leaves_nothing(
    result: BacktestResult, tmp_path: Path
) -> None:
    (tmp_path / "sheet.html").mkdir()
    with pytest.raises(DataError, match="cannot write the tear sheet"):
        write_tear_sheet(result, tmp_path / "sheet.html")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.html"]
