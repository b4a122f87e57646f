"""What is counted for the page, and how it is drawn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from tests.app.data.lakes import plain_lake

from stockstream.app.state.coverage import coverage
from stockstream.app.state.lake import fingerprint
from stockstream.report.charts import Bars, Event, Line, market_chart, presence_map
from stockstream.report.charts.coverage import ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.lake.store import Lake

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return plain_lake(tmp_path_factory.mktemp("lake"))


@pytest.mark.parametrize("every", ["year", "month"])
def test_coverage_is_what_the_bars_say(lake: Lake, every: str) -> None:
    found = coverage(lake, every)  # type: ignore[arg-type]
    bars = lake.bars().with_columns(
        period=pl.col("date").dt.strftime("%Y" if every == "year" else "%Y-%m")
    )
    sessions = dict(bars.group_by("period").agg(pl.col("date").n_unique()).iter_rows())
    assert found.periods == sorted(sessions)
    for row, symbol in enumerate(found.symbols):
        own = bars.filter(pl.col("symbol") == symbol)
        held = dict(own.group_by("period").len().iter_rows())
        first, last = own["period"].min(), own["period"].max()
        for column, period in enumerate(found.periods):
            share = found.share[row, column]
            if not str(first) <= period <= str(last):
                assert np.isnan(share)
            else:
                assert share == pytest.approx(held.get(period, 0) / sessions[period])


def test_many_symbols_share_rows() -> None:
    symbols, periods = [f"S{i:04}" for i in range(2_000)], [str(2005 + i) for i in range(20)]
    share = np.random.default_rng(1).uniform(0, 1, (2_000, 20))
    share[:10, 0] = np.nan
    began = time.perf_counter()
    figure = presence_map(symbols, periods, share)
    figure.to_json()
    assert time.perf_counter() - began < 2
    drawn = np.asarray(figure.data[0].z, dtype=float)
    assert drawn.shape == (ROWS, 20)
    assert np.isnan(drawn[0, 0])
    assert drawn[1, 1] == pytest.approx(share[10:20, 1].mean(), abs=1e-3)


def test_hostile_names_are_escaped() -> None:
    figure = presence_map([HOSTILE], ["2024"], np.array([[0.5]]))
    assert "<img" not in figure.to_json().replace("\\u003c", "<")
    chart = market_chart(HOSTILE, _bars(3), [Line(HOSTILE, np.ones(3), HOSTILE)], [])
    assert "<img" not in chart.to_json().replace("\\u003c", "<")


def test_the_market_chart_has_a_panel_for_each_group() -> None:
    bars = _bars(400)
    lines = [Line("sma_2", bars.close), Line("rsi_14", bars.close, "rsi"), Line("b", bars.close)]
    event = Event(bars.dates[5] + 1, "split", "split of 2 for 1")
    early = Event(bars.dates[0] - 9, "dividend", "before")
    figure = market_chart("X", bars, lines, [event, early])
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y", "y3", "y", "y"] or [
        trace.yaxis or "y" for trace in figure.data
    ] == ["y", "y2", "y", "y3", "y", "y"]
    assert figure.layout.xaxis.anchor == "y3"
    assert list(figure.data[-1].x) == [str(bars.dates[6])]
    assert figure.data[0].type == "scatter"
    assert market_chart("X", _bars(5)).data[0].type == "candlestick"


def test_the_fingerprint_changes_with_any_table(tmp_path: Path) -> None:
    own = plain_lake(tmp_path)
    before = fingerprint(own)
    own.record_health(
        pl.DataFrame(
            {"date": [own.last_session()], "run": ["1"], "level": ["info"], "kind": ["run"]}
        )
    )
    assert fingerprint(own) != before


def _bars(total: int) -> Bars:
    dates = np.datetime64("2020-01-01") + np.arange(total).astype("timedelta64[D]")
    close = 10 + np.sin(np.arange(total))
    return Bars(dates, close, close + 1, close - 1, close, np.full(total, 100.0))
