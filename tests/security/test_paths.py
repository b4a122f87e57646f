"""Names from outside never lead out of a folder or to another page of a server."""

from __future__ import annotations

import datetime as dt
import json
import posixpath
import re
from itertools import product
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.cli import main
from stockstream.errors import ConfigError, MalformedError
from stockstream.ingest.factors import FileSource, import_factors
from stockstream.ingest.fetch import fetch
from stockstream.ingest.importer import import_files
from stockstream.ingest.symbol_file import SymbolFile
from stockstream.ingest.symbols import update_symbols
from stockstream.ingest.update import update
from stockstream.lake import DataAggregator
from stockstream.lake.raw import RawZone
from stockstream.lake.store import Lake
from stockstream.market.actions import empty_actions
from stockstream.market.bars import BAR_SCHEMA
from stockstream.market.listings import read_listing
from stockstream.providers.base import FetchResult, Pace
from stockstream.providers.directory import Download
from stockstream.providers.eodhd.codes import code_of
from stockstream.providers.yahoo.request import chart_path
from stockstream.providers.yfinance.provider import _SYMBOL as YFINANCE_SYMBOL
from stockstream.report.tearsheet import write_tear_sheet
from stockstream.settings import FetchSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

PARTS: Final = (
    *(
        "..",
        ".",
        "/",
        "\\",
        "//",
        "C:",
        "~",
        "CON",
        "NUL",
        "BHP",
        ".AX",
        "A" * 300,
        "\0",
        "\n",
        " ",
    ),
    *("%2e%2e", "%2F", "%00", "%", "?", "#", "@", ":", "|", "$(id)", "-", "*", "[", "=", "^", ";"),
    *("\N{FULLWIDTH FULL STOP}", "\N{ONE DOT LEADER}", "\N{TWO DOT LEADER}", "\N{DIVISION SLASH}"),
    *("\N{FULLWIDTH SOLIDUS}", "\N{FRACTION SLASH}", "\N{FULLWIDTH LATIN CAPITAL LETTER B}"),
    *("\N{RIGHT-TO-LEFT OVERRIDE}", "\N{ARABIC-INDIC DIGIT ONE}", "\N{KELVIN SIGN}", "\ud800"),
)
WORST: Final = (
    "../../etc/passwd",
    "..\\..\\etc\\passwd",
    "/etc/passwd",
    "C:CON",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "BHP\0.AX",
    "BHP/../../x",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}\N{FULLWIDTH SOLIDUS}x",
    "A" * 5000,
)
SESSION: Final = dt.date(2024, 6, 28)
NAME: Final = re.compile(r"[\w.=-]+(/[\w.=-]+)*", re.ASCII)
TEXTS: Final = st.text(max_size=12) | st.sampled_from(PARTS)


def hostile_names() -> Iterable[str]:
    """Some 70,000 names: every three parts in every order."""
    for size in (1, 2, 3):
        yield from map("".join, product(PARTS, repeat=size))


def demand_one_segment(path: str, folder: str) -> None:
    """The page is right below the folder, whatever a server makes of the path."""
    parts = urlsplit(f"http://host{path}")
    assert (parts.netloc, parts.query, parts.fragment) == ("host", "", "")
    decoded = unquote(unquote(parts.path))
    assert posixpath.normpath(decoded) == decoded
    assert posixpath.dirname(decoded) == folder
    assert decoded.isascii()
    assert decoded.isprintable()
    assert "\\" not in decoded
    assert "%" not in decoded


def chart(name: str) -> None:
    demand_one_segment(chart_path(name), "/v8/finance/chart")


def report(name: str) -> None:
    demand_one_segment(f"/api/eod/{code_of(name).text}", "/api/eod")


def through_yfinance(name: str) -> None:
    if not YFINANCE_SYMBOL.fullmatch(name):
        raise MalformedError
    demand_one_segment(f"/v8/finance/chart/{name}", "/v8/finance/chart")


@pytest.mark.parametrize("ask", [chart, report, through_yfinance])
def test_no_name_leads_to_another_page(ask: Callable[[str], None]) -> None:
    accepted = set()
    for name in hostile_names():
        try:
            ask(name)
        except MalformedError:
            continue
        accepted.add(name)
    assert "BHP.AX" in accepted
    assert not {"..", "BHP/..", ".AX", "BHP?", "BHP\n", "%2e%2e", "BHP\0"} & accepted


@given(TEXTS)
def test_no_text_leads_to_another_page(name: str) -> None:
    for ask in (chart, report, through_yfinance):
        try:
            ask(name)
        except MalformedError:
            continue


def test_a_list_has_plain_codes_only() -> None:
    names = [name for name in (*hostile_names(), *WORST) if "\0" not in name]
    lines = (f'"{name}","COMPANY"' for name in names)
    body = "\n".join(["ASX code,Company name", "BHP,BHP GROUP", *lines])
    listing = read_listing(body.encode(errors="replace"))
    assert "BHP" in listing.rows["symbol"]
    assert not listing.rows["symbol"].str.contains(r"[^A-Z0-9]").any()
    assert (listing.rows["symbol"].str.len_bytes() <= 6).all()
    assert len(listing.skipped) > len(names) - len(listing.rows)


def test_a_list_with_a_nul_is_no_list() -> None:
    with pytest.raises(MalformedError, match="binary"):
        read_listing(b"ASX code,Company name\nBHP,BHP\nCBA\0/../x,CBA\n")


class Text:
    """A file that has just been written, without a disk."""

    def __init__(self, content: str) -> None:
        self.content = content

    def read_text(self, encoding: str) -> str:
        return self.content


def test_a_symbol_file_has_plain_symbols_only() -> None:
    refused = set()
    for name in hostile_names():
        file = Text(json.dumps({"symbols": ["BHP", name]}))
        try:
            symbols = SymbolFile.read(file).symbols  # type: ignore[arg-type]
        except ConfigError:
            refused.add(name)
            continue
        assert symbols == ("BHP", name)
        assert name.isascii()
        assert name.isprintable()
        assert not {"/", "\\", ":", "%", "~"} & set(name)
        assert name.strip(".") != ""
    assert {"..", ".AX", "BHP/..", "C:CON", "BHP\n", "%2e%2e"} <= refused


def test_no_prefix_leads_out_of_the_raw_zone(tmp_path: Path) -> None:
    for name in hostile_names():
        try:
            zone = RawZone(tmp_path, name)
        except ConfigError:
            continue
        place = posixpath.normpath(zone.location.path(zone.prefix))
        assert f"{place}/".startswith(f"{tmp_path}/"), name


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class Liar:
    """A source that adds bars of symbols that nobody asked for."""

    name = "liar"
    pace = Pace(1, None)

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        rows = [
            {"symbol": name, "date": end, "provider": self.name, "basis": "raw", "volume": 1}
            | dict.fromkeys(("open", "high", "low", "close"), 1.0)
            for name in (*WORST, *symbols)
        ]
        return FetchResult(pl.DataFrame(rows, BAR_SCHEMA), empty_actions())


def demand_plain(folder: Path) -> None:
    """Every file has a plain name, and none lies outside the lake."""
    for name in tree(folder):
        assert NAME.fullmatch(name), name


def test_a_list_of_hostile_codes(tmp_path: Path) -> None:
    class Source:
        name = "directory"

        def download(self) -> Download:
            rows = [f'"{name}","{name}"'.encode(errors="replace") for name in WORST]
            rows = [row for row in rows if b"\0" not in row]
            return Download(b"\n".join([b"ASX code,Company name", b"BHP,BHP", *rows]), "text/csv")

    listed = update_symbols(tmp_path / "lake", SESSION, Source())
    assert listed.result["symbols"] == ["BHP"]
    assert tree(tmp_path) == {f"lake/symbols/{SESSION}-symbols.csv"}
    assert [event.kind for event in listed.events] == ["list_row_skipped"]


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["yahoo", "eodhd"])
@pytest.mark.parametrize("target", ["--lake", "--output"])
def test_symbols_of_a_command_line(
    target: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is asked for: nobody listens at this address, and no time is spent on it."""
    monkeypatch.chdir(tmp_path)
    for name in ("YAHOO__BASE_URL", "EODHD__BASE_URL"):
        monkeypatch.setenv(f"STOCKSTREAM__{name}", "http://127.0.0.1:1")
    monkeypatch.setenv("STOCKSTREAM__EODHD__TOKEN", "key")
    monkeypatch.setenv("STOCKSTREAM__FETCH__ATTEMPTS", "1")
    symbols = ",".join(name for name in WORST if not name.startswith("A"))
    words = ("fetch", "--provider", provider, "--symbols", symbols, "--start", "2024-06-03")
    assert main([*words, target, "there"]) == 1
    assert tree(tmp_path) == set()


@pytest.mark.slow
def test_a_source_that_sends_other_symbols(tmp_path: Path) -> None:
    settings = Settings(fetch=FetchSettings(overlap=0, rate=1e9))
    file = SymbolFile(("BHP",), "ASX")
    summary = update(tmp_path / "lake", Liar(), file, settings=settings, session=SESSION)
    assert (summary.state, summary.added) == ("complete", 1)
    assert Lake.open(tmp_path / "lake").symbols() == ["BHP.AX"]
    demand_plain(tmp_path)


@pytest.mark.slow
def test_names_that_a_lake_takes_as_they_are(tmp_path: Path) -> None:
    """Whole files are taken as they are: their names are values, and never parts of a path."""
    place = tmp_path / "lake"
    fetch(Liar(), ["BHP.AX"], SESSION, SESSION, place)
    rows = pl.DataFrame({"symbol": WORST, "date": str(SESSION), "name": WORST, "value": 1.0})
    rows.write_parquet(tmp_path / "factors.parquet")
    import_factors([FileSource(tmp_path / "factors.parquet")], place, known_lag=1)
    lake = Lake.open(place)
    assert set(lake.symbols()) == {*WORST, "BHP.AX"}
    RawZone(place).write_batch(SESSION, 0, lake.bars())
    aggregator = DataAggregator(place)
    assert set(aggregator.load_symbols([*WORST])["symbol"]) == set(WORST)
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date=SESSION,
        end_date=SESSION,
        universe=(WORST[0],),
    )
    result = run_backtest(config, lake)
    write_tear_sheet(result, save_result(result, tmp_path / "runs") / "tearsheet.html")
    (tmp_path / "factors.parquet").unlink()
    demand_plain(tmp_path)


@pytest.mark.parametrize("name", [".. .. etc", "C:CON", "%2e%2e%2fx", "..\\x", "A" * 200])
def test_a_file_with_a_hostile_name(name: str, tmp_path: Path) -> None:
    text = f"date,open,high,low,close,volume\n{SESSION},1,1,1,1,1\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{name}.csv").write_text(text, encoding="utf-8")
    import_files([tmp_path / "in"], tmp_path / "lake")
    assert Lake.open(tmp_path / "lake").symbols() == [name]
    demand_plain(tmp_path / "lake")
