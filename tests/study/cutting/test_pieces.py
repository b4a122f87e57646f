"""A piece of a panel is what the lake gives for it, and its trial an ordinary backtest."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import NoDataError
from stockstream.lake import Lake
from stockstream.market.actions import conform_actions
from stockstream.market.bars import conform
from stockstream.market.panel import DIVIDEND, SPLIT
from stockstream.study.cutting.pieces import Piece, warmup_start
from stockstream.study.cutting.splits import Split, pieces_of
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from stockstream.market.panel import Panel

LOOKBACK = 40
SPLITS = (
    "none",
    "ticker",
    "year",
    "walk_forward(train=1y,test=3m,purge=5)",
    "walk_forward(train=60,test=47,anchored)",
    "hold_out(0.4,purge=3)",
    "cross_validation(groups=6,test=2,embargo=5)",
)
COLUMNS = ("factor:DebtToEquity", "listed", "age")


@pytest.fixture(scope="module")
def lake() -> Lake:
    """Forty simulated companies: splits, dividends, halts, listings and delistings."""
    return simulated_lake(companies=40, seed=5)


def config_of(start: str, end: str, lookback: int = LOOKBACK) -> BacktestConfig:
    day = dt.date.fromisoformat(start)
    return BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date=start,
        end_date=end,
        warmup_start=warmup_start(day, lookback),
    )


def whole(lake: Lake, config: BacktestConfig) -> Panel:
    return lake.panel(
        config.universe or lake.symbols(),
        config.start_date,
        config.end_date,
        config.warmup_start or 0,
        columns=COLUMNS,
    )


def demand_equal(cut: Panel, read: Panel) -> None:
    """Everything a backtest can read, name by name so that a difference says where it is."""
    assert cut.symbols == read.symbols
    np.testing.assert_array_equal(cut.dates, read.dates)
    np.testing.assert_array_equal(cut.offsets, read.offsets)
    assert cut.first == read.first
    for name in cut.actions._fields:
        np.testing.assert_array_equal(getattr(cut.actions, name), getattr(read.actions, name))
    np.testing.assert_array_equal(cut.delisted, read.delisted)
    assert cut.columns.keys() == read.columns.keys()
    assert cut.digest == read.digest
    assert cut.version == read.version
    np.testing.assert_array_equal(cut.signal_column("close"), read.signal_column("close"))


@pytest.mark.slow
@pytest.mark.parametrize("text", SPLITS)
def test_a_piece_is_what_the_lake_gives_for_it(lake: Lake, text: str) -> None:
    config = config_of("2019-03-11", "2021-10-29")
    panel = whole(lake, config)
    pieces = pieces_of(Split.parse(text), config, panel.dates, panel.symbols, LOOKBACK)
    empty = 0
    for piece in pieces:
        cut = piece.cut(panel)
        try:
            read = whole(lake, piece.config(config))
        except NoDataError:
            assert cut.first == cut.sessions
            empty += 1
            continue
        demand_equal(cut, read)
    assert empty < len(pieces)


def test_a_piece_is_a_plain_configuration() -> None:
    config = config_of("2019-03-11", "2021-10-29").changed(universe=("B.AX", "A.AX"), seed=7)
    days = dt.date(2020, 1, 1), dt.date(2020, 12, 31), dt.date(2019, 11, 2)
    year = Piece(2020, "all", None, *days).config(config)
    assert (year.start_date, year.end_date, year.warmup_start) == days
    assert year.universe == ("B.AX", "A.AX")
    assert year.changed(**_window(config)) == config
    assert Piece("A.AX", "all", ("A.AX",), *days).config(config).universe == ("A.AX",)


def _window(config: BacktestConfig) -> dict[str, dt.date | None]:
    return {
        "start_date": config.start_date,
        "end_date": config.end_date,
        "warmup_start": config.warmup_start,
    }


def test_cutting_leaves_the_panel_as_it_was(lake: Lake) -> None:
    config = config_of("2019-03-11", "2021-10-29")
    panel = whole(lake, config)
    before = panel.digest
    for text in ("year", "ticker", "none"):
        for piece in pieces_of(Split.parse(text), config, panel.dates, panel.symbols, LOOKBACK):
            piece.cut(panel)
    assert whole(lake, config).digest == before == replace(panel).digest
    [piece] = pieces_of(Split(), config, panel.dates, panel.symbols, LOOKBACK)
    assert piece.cut(panel) is panel


def test_a_split_on_the_first_bar_of_a_piece_is_in_its_prices(awkward: Lake) -> None:
    """Nothing was held over it, and the prices of the piece begin on the basis after it."""
    panel = awkward.panel(["ALL"], day(0), day(DAYS - 1))
    assert panel.actions.bar[panel.actions.kind == SPLIT].tolist() == [30, 60, 80]
    cut = Piece(None, "all", None, day(60), day(70), day(60)).cut(panel)
    assert cut.actions.kind.tolist() == [DIVIDEND]
    np.testing.assert_array_equal(cut.signal_column("close"), cut.close)
    warm = Piece(None, "all", None, day(60), day(70), day(59)).cut(panel)
    assert warm.actions.bar[warm.actions.kind == SPLIT].tolist() == [1]


def test_warm_up_is_some_days_more_than_the_lookback() -> None:
    start = dt.date(2020, 6, 1)
    assert warmup_start(start, 0) == start
    assert (start - warmup_start(start, 100)).days == 180
    assert warmup_start(start, 10**9) == dt.date.min


def test_the_simulated_market_has_what_can_go_wrong(lake: Lake) -> None:
    """Else the test above shows nothing."""
    panel = whole(lake, config_of("2019-03-11", "2021-10-29"))
    kinds = panel.actions.kind
    assert (kinds == SPLIT).any()
    assert (kinds == DIVIDEND).any()
    assert (panel.delisted < panel.sessions).any()
    opening = panel.bar[panel.offsets[:-1]]
    closing = panel.bar[panel.offsets[1:] - 1]
    assert (opening > panel.first).any()  # listed meanwhile
    assert (np.diff(panel.offsets) < closing - opening + 1).any()  # halted


FIRST = dt.date(2020, 1, 1)
DAYS = 120


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def bars_of(symbol: str, *spans: tuple[int, int]) -> pl.DataFrame:
    days = [number for first, stop in spans for number in range(first, stop)]
    closes = [10.0 + number / 8 for number in days]
    return pl.DataFrame(
        {
            "symbol": symbol,
            "date": [day(number) for number in days],
            "open": closes,
            "high": [close + 1.0 for close in closes],
            "low": [close - 0.5 for close in closes],
            "close": closes,
            "volume": 1000,
            "basis": "raw",
        }
    )


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Eleven symbols, most with something that happens at an awkward time."""
    parts = {
        "ALL.AX": [(0, DAYS)],
        "HALT.AX": [(0, 25), (47, 90), (95, DAYS)],
        "LATE.AX": [(52, DAYS)],
        "GONE.AX": [(0, 60)],  # told on the day after
        "SILENT.AX": [(0, 44)],  # nobody tells
        "SLOW.AX": [(0, 50)],  # told three weeks later
        "BACK.AX": [(0, 40), (85, DAYS)],  # told, and wrong
        "EDGE.AX": [(0, 61)],  # the last bar of a piece
        "SHORT.AX": [(20, 24)],
        "OLD.AX": [(0, 57)],
        "NEW.AX": [(57, DAYS)],  # which OLD became
    }
    actions = [
        ("GONE.AX", 60, "delisting", 1.0),
        ("SLOW.AX", 71, "delisting", 1.0),
        ("BACK.AX", 41, "delisting", 1.0),
        ("EDGE.AX", 61, "delisting", 1.0),
        *((name, at, "split", 2.0) for name in ("ALL.AX", "HALT.AX") for at in (30, 60, 80)),
        *((name, at, "dividend", 0.5) for name in ("ALL.AX", "HALT.AX") for at in (31, 61, 92)),
        ("LATE.AX", 52, "split", 3.0),
        ("NEW.AX", 60, "split", 5.0),
    ]
    frame = pl.DataFrame(
        [(name, day(at), kind, value) for name, at, kind, value in actions],
        ["symbol", "date", "kind", "value"],
        orient="row",
    )
    made = Lake.create(tmp_path_factory.mktemp("awkward") / "lake")
    bars = pl.concat(bars_of(name, *spans) for name, spans in parts.items())
    made.merge(conform(bars, provider="test"), conform_actions(frame, provider="test"))
    renamed = {"symbol": "OLD.AX", "valid_from": FIRST, "valid_to": day(57), "renamed_to": "NEW.AX"}
    rows = [renamed, {"symbol": "NEW.AX", "valid_from": day(57)}]
    made.record_universe(pl.DataFrame([{"known_from": FIRST, **row} for row in rows]), "list")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "size", "step"), [(0, 15, 7), (33, 31, 10), (0, 7, 1), (33, 15, 1)]
)
def test_so_it_is_at_awkward_times(awkward: Lake, first: int, size: int, step: int) -> None:
    """Windows that begin and end at any distance from a split, a halt, a delisting, a rename."""
    lookback = 3
    end = DAYS - 1
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date=day(first),
        end_date=day(end),
        warmup_start=day(first) - dt.timedelta(days=lookback),
    )
    panel = awkward.panel(
        awkward.symbols(), config.start_date, config.end_date, config.warmup_start or 0
    )
    assert "OLD.AX" not in panel.symbols
    for start in range(first, end - size, step):
        for symbols in (None, ("HALT.AX",), ("NEW.AX",), ("BACK.AX",), ("SLOW.AX", "LATE.AX")):
            warm = day(start) - dt.timedelta(days=lookback)
            piece = Piece(None, "all", symbols, day(start), day(start + size), warm)
            cut = piece.cut(panel)
            try:
                own = piece.config(config)
                read = awkward.panel(
                    own.universe or awkward.symbols(), own.start_date, own.end_date, warm
                )
            except NoDataError:
                assert cut.first == cut.sessions
                continue
            demand_equal(cut, read)
