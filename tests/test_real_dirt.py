"""Every file of real dirt, by name, through the commands: what must become of it.

What is in it cell by cell is tested where it is read (``tests/market/test_dirt.py``,
``tests/providers/test_yahoo_recorded.py``, ``tests/market/test_listings_recorded.py``).
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest

from stockstream.cli import main
from stockstream.errors import MalformedError
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.market.listings import demand_credible, next_day_list, read_listing
from stockstream.testing.source_server import SourceServer, market_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Run = Callable[..., dict[str, Any]]

pytestmark = [pytest.mark.shared, pytest.mark.slow]

FOLDERS = (
    "raw-csv",
    "asx-listings",
    "yahoo-fixtures/recorded",
    "yahoo-fixtures/synthetic",
    "yahoo-fixtures/yfinance-bad-data",
)
LAKE = "lake"
ASXGYM = ("--suffix", ".AX", "--columns", "symbol,date,open,close,high,low,volume")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder of its own, and gives the document that it prints."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: object, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*map(str, words), "--lake", LAKE, "--json"]) == code
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return invoke


def test_every_file_is_named_by_a_test(shared_data: Path) -> None:
    tests = Path(__file__).parent.rglob("*.py")
    named = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    files = [file for name in FOLDERS for file in (shared_data / name).rglob("*") if file.is_file()]
    assert len(files) > 70
    assert [file.name for file in files if file.name not in named] == []


class Dirt(NamedTuple):
    """A file, and what must become of it.

    Attributes:
        file: its name.
        rows: rows that it has.
        set_aside: rows that go into quarantine, by rule.
        noted: what must be among the findings, by rule.
        events: splits and dividends that must be known.
    """

    file: str
    rows: int
    set_aside: Mapping[str, int] = {}
    noted: Mapping[str, int] = {}
    events: tuple[tuple[str, str, float], ...] = ()

    @property
    def symbol(self) -> str:
        return self.file.split("_")[2]


PRICES = [
    Dirt("yahoo_2016_VAS.AX_bad_ohlc.csv", 1896, {"close_outside_range": 1}),
    Dirt(
        "yahoo_2026_A1N.AX_dividend_on_null_row.csv",
        495,
        {"not_finite": 1},
        events=(
            ("2024-02-29", "dividend", 0.036),
            ("2024-09-02", "dividend", 0.012),
            ("2025-03-06", "dividend", 0.011),
            ("2025-09-04", "dividend", 0.012),
        ),
    ),
    Dirt(
        "yahoo_2026_AOH.AX_wrong_timezone.csv",
        500,
        {"not_a_session": 8},
        {"foreign_time_zone": 2, "jump": 1},
        (("2025-03-20", "split", 0.2),),
    ),
    Dirt(
        "yahoo_2026_CYB.AX_split_on_null_row.csv",
        403,
        {"close_outside_range": 1, "not_finite": 1},
        events=(("2024-06-04", "split", 0.1),),
    ),
]


@pytest.mark.parametrize("case", PRICES, ids=lambda case: case.symbol)
def test_prices_from_yahoo(case: Dirt, shared_data: Path, run: Run) -> None:
    path = shared_data / "raw-csv" / case.file
    found = run("import", path, "--symbol", case.symbol, code=3)
    assert (found["rows"], found["quarantined"]) == (case.rows, case.set_aside)
    assert found["added"] == case.rows - sum(case.set_aside.values())
    assert found["findings"].items() >= case.noted.items()
    lake = Lake.open(LAKE)
    actions = lake.actions().select(pl.col("date").cast(pl.String), "kind", "value")
    assert actions.rows() == [*case.events]
    assert len(lake.quarantine()) == sum(case.set_aside.values())


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("alphavantage_2021_BF.B_error_body.csv", "is JSON or an error message, not CSV"),
        ("yahoo_2016_AMM.AX_is_html_404.csv", "is a web page ('Yahoo! - 404 Not Found')"),
        ("asxgym_2020_09_16_full.csv", "no header line"),
    ],
)
def test_files_that_are_no_prices(file: str, message: str, shared_data: Path, run: Run) -> None:
    found = run("import", shared_data / "raw-csv" / file, code=1)
    assert message in found["error"]["message"]
    assert not Path(LAKE).exists()


def test_a_day_that_collapsed_to_37_rows(shared_data: Path, run: Run) -> None:
    folder = shared_data / "raw-csv"
    whole = run("import", folder / "asxgym_2020_09_16_full.csv", *ASXGYM)
    assert (whole["added"], whole["symbols"]) == (1597, 1597)
    short = run("import", folder / "asxgym_2020_09_17_only_37_rows.csv", *ASXGYM)
    assert (short["added"], short["quarantined"]) == (37, {})
    last = Lake.open(LAKE).bars(start=dt.date(2020, 9, 17))
    assert len(last) == 37
    assert len(Lake.open(LAKE).symbols()) == 1597  # a short day deletes nobody


BAD_DATA: Mapping[str, tuple[Mapping[str, int], Mapping[str, int], int]] = {
    # what must be set aside, what must be noted, and how many events there are
    "8TRA-DE-1d-missing-div-adjust.csv": ({}, {}, 1),
    "8TRA-DE-1d-missing-div-adjust-fixed.csv": ({}, {}, 1),
    "AET-L-1d-100x-error.csv": ({"hundredfold": 14}, {}, 0),
    "AET-L-1d-100x-error-fixed.csv": ({}, {}, 0),
    "ALPHA-PA-1d-bad-stock-split.csv": ({}, {"jump": 6}, 1),
    "ALPHA-PA-1d-bad-stock-split-fixed.csv": ({}, {"jump": 4}, 1),
    "CALM-1d-no-bad-divs.csv": ({}, {}, 10),
    "DEX-AX-1d-bad-stock-split.csv": ({}, {"jump": 1}, 1),
    "DEX-AX-1d-bad-stock-split-fixed.csv": ({}, {}, 1),
    "KEN-TA-1d-bad-div.csv": ({"open_outside_range": 4, "not_finite": 1}, {"odd_dividend": 1}, 5),
    "KEN-TA-1d-bad-div-fixed.csv": ({"open_outside_range": 4, "not_finite": 1}, {}, 4),
    "NVT-L-1d-bad-div.csv": (
        {"open_outside_range": 247, "hundredfold": 35, "close_outside_range": 1},
        {"odd_dividend": 1},
        5,
    ),
    "NVT-L-1d-bad-div-fixed.csv": (
        {"open_outside_range": 247, "hundredfold": 35, "close_outside_range": 1},
        {},
        5,
    ),
    "SSW-JO-1d-100x-error.csv": ({"hundredfold": 18, "open_outside_range": 4}, {}, 0),
    "SSW-JO-1d-100x-error-fixed.csv": ({"open_outside_range": 4}, {}, 0),
}
EXPECTED = ("zero_volume", "stale_run")
"""What shares have that are hardly ever traded; the tests of the check count them."""


@pytest.mark.parametrize("file", BAD_DATA)
def test_what_yfinance_repairs_is_never_repaired_here(
    file: str, shared_data: Path, run: Run
) -> None:
    """Set aside or noted, and otherwise as it is: no price is invented."""
    set_aside, noted, events = BAD_DATA[file]
    path = shared_data / "yahoo-fixtures" / "yfinance-bad-data" / file
    found = run("import", path, "--symbol", "BAD", code=3 if set_aside else 0)
    assert found["quarantined"] == set_aside
    assert {k: n for k, n in found["findings"].items() if k not in EXPECTED} == noted
    assert found["actions_added"] == events
    sent = pl.read_csv(path, infer_schema_length=None).drop_nulls("Close")
    kept, aside = Lake.open(LAKE).bars(), Lake.open(LAKE).quarantine().drop_nulls("close")
    both = pl.concat([kept["close"], aside["close"]]).sort()
    assert both.equals(sent["Close"].cast(pl.Float64).sort())


CHARTS = {
    "chart-AAPL-2020-08-31-to-2020-11-07.json": ("AAPL", 49),
    "chart-BTC-USD-2020-01-01-to-2020-01-03.json": ("BTC-USD", 3),
    "chart-EURUSD=X-2020-01-01-to-2020-01-03.json": ("EURUSD=X", 3),
    "chart-OCDO.L-2020-01-01-to-2020-01-03.json": ("OCDO.L", 1),
    "chart-WSKT.JK-2020-01-01-to-2020-01-03.json": ("WSKT.JK", 1),
    "chart-WSU.DE-2023-08-04-to-2023-08-09.json": ("WSU.DE", 3),
    "historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json": ("MSFT", 252),
    "historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json": ("NVDA", 252),
}
NO_CHARTS = {
    "getCrumb-getcrumb.json": "CRUMB",
    "getCrumb-quote-AAPL.json": "QUOTE",
    "getCrumb-quote-AAPL-consent.html.json": "CONSENT",
    "getCrumb-quote-AAPL-collectConsentSubmit.json": "SUBMIT",
    "getCrumb-quote-AAPL-copyConsent.json": "COPY",
}


def test_recorded_answers_of_yahoo(
    shared_data: Path, run: Run, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fetch over all of them: charts go in, pages about cookies are failures."""
    bodies = {}
    symbols = {file: symbol for file, (symbol, _) in CHARTS.items()} | NO_CHARTS
    for file, symbol in symbols.items():
        path = shared_data / "yahoo-fixtures" / "recorded" / file
        response = json.loads(path.read_bytes())["response"]
        body = json.dumps(response["bodyJson"]) if file in CHARTS else response["bodyText"] or ""
        bodies[symbol] = (response["status"], "application/json", body.encode())
    with SourceServer.start(bodies=bodies) as server:
        monkeypatch.setenv("STOCKSTREAM__YAHOO__BASE_URL", server.url)
        monkeypatch.setenv("STOCKSTREAM__FETCH__RATE", "1000")
        words = ("--provider", "yahoo", "--start", "1990-01-01", "--calendar", "none")
        found = run("fetch", *words, "--symbols", ",".join(bodies), code=3)
    failed = {failure["name"]: failure["kind"] for failure in found["failures"]}
    assert failed == dict.fromkeys(NO_CHARTS.values(), "malformed")
    lake = Lake.open(LAKE)
    rows = pl.concat([lake.bars(), lake.quarantine().select(lake.bars().columns)])
    counted = dict(rows["symbol"].value_counts().iter_rows())
    assert counted == dict(CHARTS.values())


MONDAY = dt.date(2024, 7, 1)
BODIES = {
    "apigee_fault.json": "is JSON, such as an error",
    "bad_gateway.txt": "it starts 'Bad Gateway'",
    "error_500.json": "is JSON, such as an error",
    "header_only.csv": "a header and no company",
    "waf_request_rejected_SYNTHETIC.html": "a web page ('Request Rejected')",
}
LISTS = {
    "2026-07-13T1728Z_partial_1547.csv": "shrank by 15.6%",
    "2026-05-23T0213Z_partial_1130.csv": "shrank by 38.3%",
}


def test_lists_that_must_not_be_believed(
    shared_data: Path, run: Run, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight days of the exchange's server at its worst, and nobody is added or removed."""
    folder = shared_data / "asx-listings"
    good = folder / "markit-directory" / "2026-07-13T1810Z_full_1832.csv"
    bad = {folder / "markit-bad-responses" / name: said for name, said in BODIES.items()}
    bad |= {folder / "markit-directory" / name: said for name, said in LISTS.items()}
    days = get_calendar("XASX").sessions(MONDAY, MONDAY + dt.timedelta(days=14)).tolist()
    lists = {day: path.read_bytes() for day, path in zip(days, [good, *bad], strict=False)}
    bar = dict.fromkeys(("open", "high", "low", "close"), 1.0)
    bars = pl.DataFrame([{"symbol": "AAA.AX", "date": MONDAY, **bar, "volume": 1}])
    with SourceServer.start(market_frames(bars, lists=lists)) as server:
        monkeypatch.setenv("STOCKSTREAM__SYMBOLS__URL", server.directory_url)
        server.today(days[0])
        first = run("symbols", "--session", days[0])
        for day in days[1 : len(lists)]:
            server.today(day)
            assert run("symbols", "--session", day, code=3)["symbols"] == first["symbols"]
    assert len(first["symbols"]) == 1832


@pytest.mark.parametrize(("name", "said"), [*BODIES.items(), *LISTS.items()])
def test_why_they_are_not_believed(name: str, said: str, shared_data: Path) -> None:
    (path,) = (shared_data / "asx-listings").glob(f"*/{name}")
    full = path.parents[1] / "markit-directory" / "2026-07-13T1810Z_full_1832.csv"
    before = next_day_list(None, read_listing(full.read_bytes()).rows, MONDAY, 3)
    with pytest.raises(MalformedError) as caught:
        demand_credible(before, read_listing(path.read_bytes()), 0.03)
    assert said in str(caught.value)
