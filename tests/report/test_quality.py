"""The page about the quality of data: what it says, that it asks for nothing, how it looks."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.errors import DataError
from stockstream.market.actions import conform_actions, empty_actions
from stockstream.market.bars import conform, empty_bars
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.market.quality import assess
from stockstream.report import theme
from stockstream.report.formats import DASH
from stockstream.report.quality import render_quality, write_quality
from stockstream.report.quality.charts import coverage_chart, coverage_map
from stockstream.report.quality.view import ROWS, Source, quality_sheet
from stockstream.report.thinning import MAX_POINTS
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Open

    from stockstream.market.quality import Quality

ASX = get_calendar("XASX")
SOURCE = Source("/srv/market", "bars@7 actions@2", "XASX")
HOSTILE = "</script><script>alert(1)</script>"


def judge(symbols: int = 30, sessions: int = 120, first: str = "S000.AX") -> Quality:
    """A market with a session that lacks, one that is short, a gap, an end, a bad row, a jump."""
    days = ASX.sessions("2022-11-01", "2023-12-31")[:sessions]
    names = [first, *(f"S{i:03}.AX" for i in range(1, symbols))]
    frame = pl.DataFrame({"symbol": names}).join(
        pl.DataFrame({"date": days}).with_row_index("at"), how="cross"
    )
    at, of = pl.col("at"), pl.col("symbol")
    short = (at == 60) & (of > "S004.AX")
    gap, end = (of == "S005.AX") & at.is_between(70, 85), (of == "S006.AX") & (at > 90)
    close = pl.when((of == first) & (at > 100)).then(33.0).otherwise(10.0 + at % 2)
    close = pl.when((of == "S007.AX") & (at == 20)).then(-1.0).otherwise(close)
    kept = frame.filter(at != 40, ~short, ~gap, ~end).with_columns(close=close, volume=7)
    prices = kept.with_columns(open="close", high="close", low="close", adjusted_close="close")
    bars = conform(prices, provider="test", basis="raw")
    dividend = {"symbol": [first], "date": [dt.date(2023, 1, 3)], "kind": ["dividend"]}
    paid = conform_actions(pl.DataFrame({**dividend, "value": [0.5]}), provider="test")
    checked = check_bars(bars, ASX, paid)
    return assess(checked.bars, paid, ASX, QualitySettings(), quarantine=checked.quarantine)


@pytest.fixture(scope="module")
def quality() -> Quality:
    return judge()


@pytest.fixture(scope="module")
def html(quality: Quality) -> str:
    return render_quality(quality, SOURCE)


def test_the_page_says_everything(quality: Quality) -> None:
    sheet = quality_sheet(quality, SOURCE)
    assert sheet.subtitle.startswith("30 symbols \u00b7 3,")
    assert [badge.text for badge in sheet.badges] == ["2 errors", "1 warning"]
    cards = {card.label: (card.value, card.doubt) for card in sheet.cards}
    assert cards == {
        "Whole sessions": ("98.3%", "2 of 120 lack"),
        "Errors": ("2", "2 rules"),
        "Warnings": ("1", "1 rule"),
        "Remarks": ("2", "2 rules"),
        "Set aside": ("1", "0 replaced since"),
        "Adjusted closes": ("97%", "1 of 30 differ"),
    }
    firsts = {
        name: [row[0].text for row in getattr(sheet, name).rows]
        for name in ("rules", "quarantine", "symbol_gaps", "ends", "adjusted")
    }
    assert firsts == {
        "rules": ["missing_session", "short_session", "jump", "long_gap", "tail_gap"],
        "quarantine": ["not_positive"],
        "symbol_gaps": ["S005.AX"],
        "ends": ["S006.AX"],
        "adjusted": ["S000.AX"],
    }
    assert {fact.label: fact.value for fact in sheet.thresholds}["jump_above"] == "1.5"


def test_neighbouring_sessions_that_lack_are_one_gap() -> None:
    sheet = quality_sheet(judge(), SOURCE)
    states = [(row[2].text, row[3].text, row[4].text) for row in sheet.market_gaps.rows]
    assert states == [("missing", "1", "0"), ("short", "1", "5")]
    few = pl.DataFrame({"date": ASX.sessions("2023-01-03", "2023-01-31")})
    bars = few.with_columns(symbol=pl.lit("A"), volume=1, close=1.0 + pl.col("date").dt.day() / 9)
    prices = bars.with_columns(open="close", high="close", low="close")
    holed = prices.filter(~pl.col("date").is_between(dt.date(2023, 1, 9), dt.date(2023, 1, 12)))
    found = assess(
        conform(holed, provider="x", basis="raw"), empty_actions(), ASX, QualitySettings()
    )
    (gap,) = quality_sheet(found, SOURCE).market_gaps.rows
    assert [cell.text for cell in gap] == [
        *("9 Jan 2023", "12 Jan 2023", "missing", "4", "0", DASH)
    ]


def test_long_tables_say_what_they_leave_out() -> None:
    sheet = quality_sheet(judge(symbols=ROWS + 20, sessions=70), SOURCE)
    assert (len(sheet.symbols.rows), sheet.symbols.total) == (ROWS, ROWS + 20)
    page = render_quality(judge(symbols=ROWS + 20, sessions=70), SOURCE)
    assert f"{ROWS} of {ROWS + 20} shown." in " ".join(page.split())


def test_a_clean_market_is_told_so() -> None:
    days = ASX.sessions("2023-01-03", "2023-02-28")
    frame = pl.DataFrame({"date": days}).with_row_index("at").with_columns(symbol=pl.lit("A"))
    prices = frame.with_columns(close=10.0 + pl.col("at") % 2, volume=3)
    bars = conform(
        prices.with_columns(open="close", high="close", low="close"), provider="x", basis="raw"
    )
    clean = assess(bars, empty_actions(), ASX, QualitySettings())
    sheet = quality_sheet(clean, Source("x", "v", "XASX", simulated=True, asked="A"))
    assert [badge.text for badge in sheet.badges] == ["simulated data", "nothing found"]
    assert [fact.label for fact in sheet.identity] == ["Lake", "Version", "Calendar", "Asked for"]
    page = render_quality(clean, SOURCE)
    for text in ("Nothing was found.", "No row was set aside.", "Every session has its bars."):
        assert text in page


def test_no_bar_at_all_makes_a_page_too() -> None:
    nothing = assess(empty_bars(), empty_actions(), None, QualitySettings())
    page = render_quality(nothing, SOURCE)
    assert "There is no bar." in page
    assert "data-figure" not in page.partition("<script>")[0]


def test_the_same_data_gives_the_same_bytes(quality: Quality, html: str, tmp_path: Path) -> None:
    path = write_quality(quality, SOURCE, tmp_path / "deep" / "quality.html")
    assert path.read_text(encoding="utf-8") == html


def test_a_page_that_cannot_be_written_is_one_clear_error(quality: Quality, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write the quality report to"):
        write_quality(quality, SOURCE, tmp_path / "file" / "quality.html")


def test_names_from_outside_stay_text() -> None:
    hostile = judge(first=HOSTILE)
    page = render_quality(hostile, Source(HOSTILE, "v", "XASX", asked=HOSTILE))
    assert HOSTILE not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page


def test_the_page_asks_for_nothing(html: str) -> None:
    markup = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r"\b(?:src|srcset|action|poster)=", markup)
    assert set(re.findall(r'href="(.)', markup)) == {"#", "d"}
    assert "default-src &#39;none&#39;" in markup


def parts(figure: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    loaded = json.loads(figure.to_json(engine="json"))
    return loaded["data"], loaded["layout"]


def test_sessions_that_lack_are_marked() -> None:
    dates = np.array(["2023-01-03", "2023-01-04", "2023-01-05"], "datetime64[D]")
    symbols, usual = np.array([30.0, 4.0, 0.0]), np.array([np.nan, 30.0, 30.0])
    states = np.array(["ok", "short", "missing"])
    traces, _ = parts(coverage_chart(dates, symbols, usual, states))
    assert [trace["name"] for trace in traces] == [
        *("usual", "symbols with a bar", "short", "missing")
    ]
    assert (traces[2]["x"], traces[3]["x"]) == (["2023-01-04"], ["2023-01-05"])
    assert traces[0]["y"] == [None, 30.0, 30.0]
    whole, _ = parts(coverage_chart(dates, symbols, usual, np.array(["ok"] * 3)))
    assert len(whole) == 2


def test_a_week_is_as_good_as_its_worst_session() -> None:
    dates = np.array(["2022-12-30", "2023-01-03", "2023-01-04", "2023-01-10"], "datetime64[D]")
    symbols, usual = np.array([9.0, 30.0, 15.0, 40.0]), np.array([np.nan, 30.0, 30.0, 30.0])
    figure = coverage_map(dates, symbols, usual)
    (trace,) = figure.data
    assert list(trace["y"]) == ["2022", "2023"]
    cells = trace["z"]
    assert cells.shape == (2, 53)
    assert (cells[0, 51], cells[1, 0], cells[1, 1]) == (1.0, 0.5, 1.0)
    assert np.isfinite(cells).sum() == 3
    assert trace["text"][1][0] == "4 Jan 2023: 15 of usually 30 symbols"
    assert trace["text"][0][51] == "30 Dec 2022: 9 symbols"
    assert figure.layout["xaxis"]["ticktext"][0] == "Jan"


def test_every_colour_has_a_twin_for_the_night(html: str) -> None:
    figures = re.findall(r'<script type="application/json" id="figure-.*?</script>', html)
    assert len(figures) == 2
    used = set(re.findall(r"#[0-9a-f]{6}", "".join(figures)))
    assert used
    assert used <= theme.dark_twins().keys()


def test_long_histories_are_thinned() -> None:
    total = 40_000
    dates = np.datetime64("1900-01-01") + np.arange(total).astype("timedelta64[D]")
    symbols = np.random.default_rng(1).uniform(0, 10, total)
    traces, _ = parts(coverage_chart(dates, symbols, symbols, np.full(total, "ok")))
    assert len(traces[0]["x"]) <= MAX_POINTS


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("width", "colours"), [(1280, "light"), (1280, "dark"), (820, "light"), (390, "light")]
)
def test_the_page_is_whole_at_every_width(
    visit: Open, quality: Quality, tmp_path: Path, width: int, colours: str
) -> None:
    path = write_quality(quality, SOURCE, tmp_path / "quality.html")
    seen = visit(path, width, color_scheme=colours)
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    charts = seen.page.query_selector_all(".chart")
    assert len(charts) == 2
    for box in charts:
        drawn, column = box.query_selector(".main-svg"), box.bounding_box()
        size = drawn.bounding_box() if drawn else None
        assert size is not None
        assert column is not None
        assert 200 < size["width"] <= column["width"] + 1
    cells = seen.page.locator("#rules tbody tr td:first-child").all_inner_texts()
    assert cells[:2] == ["missing_session", "short_session"]
    seen.page.close()
