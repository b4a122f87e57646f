"""The page about the lake: every tab, and lakes that are empty, absent or damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.data.lakes import HOSTILE, plain_lake, told_lake

from stockstream.app.pages.data import TABS
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Show: TypeAlias = Callable[..., AppTest]

pytestmark = pytest.mark.slow


def script() -> None:
    from stockstream.app.pages.data import data

    data()


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Show:
    """Shows the page for a lake and an address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(tmp_path / "runs"))

    def shown(lake: Lake | Path, **address: Any) -> AppTest:
        monkeypatch.setenv("STOCKSTREAM__LAKE", str(getattr(lake, "location", lake)))
        page = AppTest.from_function(script, default_timeout=60)
        for name, value in address.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return shown


def errors(page: AppTest) -> str:
    return " ".join(one.value for one in page.error)


@pytest.fixture
def told(tmp_path: Path) -> Lake:
    return told_lake(tmp_path)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_a_lake_with_hostile_text(show: Show, told: Lake, tab: str) -> None:
    page = show(told, tab=tab)
    assert not page.error
    kinds = (page.markdown, page.caption, page.info)
    marked = [one.value for kind in kinds for one in kind]
    assert not [text for text in marked for bad in HOSTILE if bad.strip() in text]


def test_contents_are_counted(show: Show, told: Lake) -> None:
    page = show(told)
    metrics = {one.label: one.value for one in page.metric}
    assert metrics["Symbols"] == "6"
    assert metrics["Bars"] == f"{told.info().bars:,}"
    tables = page.dataframe[0].value.set_index("table")
    assert tables.loc["quarantine", "rows"] == len(HOSTILE)
    assert tables.loc["bars", "version"] == told.published.read(None).version.bars


def test_an_empty_lake(show: Show, tmp_path: Path) -> None:
    empty = Lake.create(tmp_path / "empty")
    for tab in TABS:
        page = show(empty, tab=tab)
        assert not page.dataframe or tab == "Contents"
        assert str(tmp_path) not in errors(page)
    assert "no bars yet" in show(empty).info[0].value


def test_no_lake(show: Show, tmp_path: Path) -> None:
    page = show(tmp_path / "nowhere")
    assert len(page.error) == 1
    assert str(tmp_path) not in errors(page)
    assert "stockstream demo" in page.info[0].value


def test_a_damaged_table_is_named_and_the_others_are_shown(show: Show, tmp_path: Path) -> None:
    lake = plain_lake(tmp_path)
    log = Path(lake.location.path("findings/_delta_log"))
    for file in log.iterdir():
        file.write_bytes(b"{")
    page = show(lake)
    assert "findings" in errors(page)
    assert str(tmp_path) not in errors(page)
    assert page.metric[0].value == "6"
    assert errors(show(lake, tab="Findings"))
    assert not errors(show(lake, tab="Prices"))


def test_lost_bars_are_told_without_a_path(show: Show, tmp_path: Path) -> None:
    lake = plain_lake(tmp_path)
    for file in Path(lake.location.path("bars")).rglob("*.parquet"):
        file.unlink()
    for tab in ("Prices", "Coverage"):
        page = show(lake, tab=tab)
        assert errors(page)
        assert str(tmp_path) not in errors(page)
        assert os.sep + "lake" not in errors(page).replace("\\", "")


def test_prices_of_the_address(show: Show, told: Lake) -> None:
    symbol = told.symbols()[3]
    page = show(told, tab="Prices", symbol=symbol, indicators=["sma:50", "rsi"], span="all")
    assert page.selectbox(key="symbol").value == symbol
    assert page.multiselect(key="indicators").value == ["sma:50", "rsi"]
    names = [trace["name"] for trace in _drawn(page)["data"]]
    assert names[:4] == [symbol, "volume", "sma_50", "rsi_14"]


@pytest.mark.parametrize(
    "typed", ["nothing", "evil.py:Mine", "sma:0", "sma:x", "sma:" + "9" * 5_000, "../../x"]
)
def test_an_indicator_that_cannot_be_used_leaves_the_prices(
    show: Show, told: Lake, tmp_path: Path, typed: str
) -> None:
    (tmp_path / "evil.py").write_text("open('ran', 'w')")
    page = show(told, tab="Prices", indicators=[typed])
    assert len(page.error) == 1
    assert not (tmp_path / "ran").exists()
    assert _drawn(page)["data"]


def test_a_symbol_that_is_not_there(show: Show, told: Lake) -> None:
    page = show(told, tab="Prices", symbol=HOSTILE[0])
    assert "<script>" not in page.warning[0].value
    assert page.selectbox(key="symbol").value == told.symbols()[0]


def test_daily_runs_and_their_words(show: Show, told: Lake) -> None:
    page = show(told, tab="Daily runs")
    assert {one.label: one.value for one in page.metric}["Symbols fetched"] == "5 of 6"
    [run] = page.dataframe[0].value.to_dict("records")
    assert (run["state"], run["bars added"], run["set aside"]) == ("partial", 12, 3)
    health = show(told, tab="Health", level="error")
    assert len(health.dataframe[1].value) == len(HOSTILE)
    assert not show(told, tab="Health", level="info").dataframe


def test_set_aside_rows_are_filtered_and_safe_for_a_spreadsheet(show: Show, told: Lake) -> None:
    page = show(told, tab="Set aside", **{"quarantine-symbol": "hyperlink"})
    rows = page.dataframe[1].value
    assert rows["symbol"].to_list() == ["'" + HOSTILE[2]]


def test_changes_of_the_list(show: Show, told: Lake) -> None:
    rows = show(told, tab="List changes", change="renamed").dataframe[0].value
    assert rows[["symbol", "change"]].to_numpy().tolist() == [["OLD", "renamed to NEW"]]
    assert len(show(told, tab="List changes", who="nobody").dataframe[0].value) == 0


def test_coverage_by_month_of_some_symbols(show: Show, told: Lake) -> None:
    symbol = told.symbols()[0]
    page = show(told, tab="Coverage", symbols=symbol.lower(), by="month")
    figure = _drawn(page)
    assert figure["data"][0]["x"][0] == "2019-01"
    assert figure["layout"]["yaxis"]["ticktext"] == [symbol]


def _drawn(page: AppTest) -> dict[str, Any]:
    import json

    chart = page.get("plotly_chart")[0]
    found: dict[str, Any] = json.loads(chart.proto.spec or chart.proto.figure.spec)
    return found
