"""Write docs/strategies/NAME.png: each shipped strategy at work on the simulated market.

Run it from the repository with the development environment and a Chromium, when a strategy or the
market has changed: ``python scripts/make_strategy_pictures.py``. Each picture shows one symbol of
the run with what the strategy looks at and where it traded, and the equity of the whole run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import polars as pl

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.indicators import compute
from stockstream.report.charts.drawing import LEGEND_ABOVE, days, figure
from stockstream.report.theme import LIGHT, axis, base_layout
from stockstream.strategies import SHIPPED
from stockstream.strategy.registry import get_strategy
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.backtest.result import BacktestResult
    from stockstream.lake.store import Lake

    Floats = NDArray[np.float64]

FOLDER: Final = Path(__file__).parents[1] / "docs" / "strategies"
CHROMIUM: Final = "/usr/bin/chromium"
WIDTH, HEIGHT = 960, 640
LARGEST: Final = 150_000
"""Bytes: a picture that everybody who clones the repository fetches."""

COMPANIES, SEED = 20, 7
FIRST, LAST = dt.date(2019, 1, 1), dt.date(2023, 12, 31)
"""The market of the documents."""

START: Final = dt.date(2020, 1, 1)
SHOWN_FROM, SHOWN_TO = dt.date(2021, 7, 1), dt.date(2022, 12, 31)
"""The part of the run that the upper panels show, so that single trades can be seen."""

OVER: Final = (LIGHT.strategy, LIGHT.unseen)
BELOW: Final = (LIGHT.caution, LIGHT.unseen, LIGHT.loss)
"""Colours of the lines over the price, and of those in the panel below it."""

DEAR_ENOUGH: Final = 1.0
"""Least price, in dollars, of the symbol that is shown: below it the price steps hide the moves."""


class Seen(NamedTuple):
    """What a strategy looks at, on the bars of one symbol.

    Attributes:
        on_price: lines over the price, by name.
        below: lines in a panel of their own, by name.
        levels: at which it acts, in that panel.
    """

    on_price: dict[str, Floats]
    below: dict[str, Floats]
    levels: tuple[float, ...] = ()


def crossover(strategy: Any, close: Floats, *_: Any) -> Seen:
    """The two averages."""
    fast, slow = strategy.fast_period, strategy.slow_period
    return Seen({f"mean of {n}": _of("sma", close, n) for n in (fast, slow)}, {})


def rsi_reversion(strategy: Any, close: Floats, *_: Any) -> Seen:
    """The RSI and its levels."""
    lines = {"RSI": _of("rsi", close, strategy.period)}
    return Seen({}, lines, (strategy.oversold, strategy.overbought))


def mean_reversion(strategy: Any, close: Floats, *_: Any) -> Seen:
    """The mean, and how many deviations below it the close is."""
    n = strategy.lookback_period
    mean, deviation = _of("sma", close, n), _of("std", close, n)
    score = {"deviations from the mean": (close - mean) / deviation}
    return Seen({f"mean of {n}": mean}, score, (-strategy.entry_threshold, 0.0))


def momentum(strategy: Any, close: Floats, *_: Any) -> Seen:
    """The change over the period."""
    n = strategy.momentum_period
    change = np.full(len(close), np.nan)
    change[n:] = close[n:] / close[:-n] - 1.0
    return Seen({}, {f"change over {n}": change}, (strategy.signal_threshold, 0.0))


def long_short(strategy: Any, _: Floats, dates: NDArray[Any], symbol: str, lake: Lake) -> Seen:
    """The first factor of the symbol among those of the others."""
    from stockstream.lake.factor_panel import factor_panel, factor_rows

    name = strategy.factors[0][1:]
    others = lake.symbols()
    known = factor_panel(factor_rows(lake), others, dates, [name])[name]
    traded = lake.bars(start=dates[0].item(), end=dates[-1].item()).select("symbol", "date")
    there = np.isin(
        np.array([f"{s} {d}" for d in dates.astype(str) for s in others]),
        np.array([f"{s} {d}" for s, d in traded.rows()]),
    ).reshape(known.shape)
    values = np.where(there, known, np.nan)
    share = strategy.quantile
    return Seen(
        {},
        {
            f"{name} of {symbol}": known[:, others.index(symbol)],
            "best fifth below": np.nanquantile(values, share, axis=1),
            "worst fifth above": np.nanquantile(values, 1.0 - share, axis=1),
        },
    )


SEEN: Final[dict[str, Callable[..., Seen]]] = {
    "MovingAverageCrossover": crossover,
    "RSIMeanReversion": rsi_reversion,
    "MeanReversionStrategy": mean_reversion,
    "MomentumStrategy": momentum,
    "LongShortEquityStrategy": long_short,
}


def _of(name: str, close: Floats, *parameters: int) -> Floats:
    [values] = compute(name, [close], [0, len(close)], parameters)
    return values


def draw(name: str, lake: Lake) -> go.Figure:
    """The picture of one strategy."""
    config = BacktestConfig(
        strategy_class=name,
        start_date=START,
        end_date=LAST,
        costs={"commission_bps": 10.0},
    )
    result = run_backtest(config, lake)
    symbol = _symbol(result, lake)
    bars = lake.bars([symbol], end=SHOWN_TO)
    close = bars["close"].to_numpy()
    dates = bars["date"].to_numpy().astype("datetime64[D]")
    seen = SEEN[name](get_strategy(name)(), close, dates, symbol, lake)
    shown = dates >= np.datetime64(SHOWN_FROM)
    traces = [
        _line(symbol, dates[shown], close[shown], LIGHT.benchmark),
        *_lines(seen.on_price, OVER, dates, shown, "y"),
        *_marks(result, symbol),
        *_lines(seen.below, BELOW, dates, shown, "y2"),
        *_equity(result),
    ]
    return figure(traces, _layout(seen))


def _symbol(result: BacktestResult, lake: Lake) -> str:
    """The symbol with the most fills in the part that is shown; no split, no penny stock."""
    during = pl.col("date").is_between(SHOWN_FROM, SHOWN_TO)
    counts = result.fills.filter(during).group_by("symbol").len()
    prices = lake.bars(start=SHOWN_FROM, end=SHOWN_TO).group_by("symbol").agg(pl.min("close"))
    split = lake.actions().filter(kind="split")["symbol"].to_list()
    fit = counts.join(prices, on="symbol").filter(
        pl.col("close") >= DEAR_ENOUGH, ~pl.col("symbol").is_in(split)
    )
    return str(fit.sort("len", "symbol", descending=[True, False])["symbol"][0])


def _line(name: str, dates: NDArray[Any], values: Floats, colour: str, **more: Any) -> Any:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": days(dates),
        "y": values,
        "line": {"color": colour, "width": 1.4},
        **more,
    }


def _lines(
    lines: dict[str, Floats],
    colours: tuple[str, ...],
    dates: NDArray[Any],
    shown: Any,
    place: str,
) -> list[Any]:
    return [
        _line(name, dates[shown], values[shown], colour, yaxis=place)
        for (name, values), colour in zip(lines.items(), colours, strict=False)
    ]


def _marks(result: BacktestResult, symbol: str) -> list[Any]:
    fills = result.fills.filter(
        pl.col("date").is_between(SHOWN_FROM, SHOWN_TO), pl.col("symbol") == symbol
    )
    kinds = (
        ("bought", pl.col("quantity") > 0, "triangle-up", LIGHT.gain),
        ("sold", pl.col("quantity") < 0, "triangle-down", LIGHT.loss),
    )
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": fills.filter(chosen)["date"].cast(pl.String).to_list(),
            "y": fills.filter(chosen)["price"].to_list(),
            "marker": {"symbol": shape, "size": 10, "color": colour},
        }
        for name, chosen, shape, colour in kinds
    ]


def _equity(result: BacktestResult) -> list[Any]:
    place = {"xaxis": "x2", "yaxis": "y3"}
    lines = [_line("the whole run", result.dates, result.equity, LIGHT.strategy, **place)]
    if result.benchmark is not None:
        name, equity = result.benchmark.name, result.benchmark.equity
        lines.insert(0, _line(name, result.dates, equity, LIGHT.benchmark, **place))
    return lines


def _layout(seen: Seen) -> dict[str, Any]:
    """Price above, what is looked at below it, the equity at the foot."""
    middle = 0.60 if seen.below else 0.42
    level = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y2"}
    drawn = {"line": {"color": LIGHT.muted, "width": 1, "dash": "dot"}}
    second = {"yaxis2": axis(domain=[0.40, 0.55], nticks=4, anchor="x")} if seen.below else {}
    return base_layout(
        HEIGHT,
        width=WIDTH,
        margin={"l": 8, "r": 16, "t": 40, "b": 8},
        showlegend=True,
        legend=LEGEND_ABOVE,
        xaxis=axis(type="date", showgrid=False, anchor="y2" if seen.below else "y"),
        xaxis2=axis(type="date", showgrid=False, anchor="y3"),
        yaxis=axis(domain=[middle, 1.0], title={"text": "price", "standoff": 8}),
        yaxis3=axis(domain=[0.0, 0.28], anchor="x2", title={"text": "equity", "standoff": 8}),
        shapes=[level | drawn | {"y0": at, "y1": at} for at in seen.levels],
        **second,
    )


def photograph(chart: go.Figure, picture: Path, browser_path: str) -> None:
    """Take a picture of a figure."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        chart.write_html(page_file, config={"displayModeBar": False})
        browser = playwright.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.add_style_tag(content="body { margin: 0 }")
        page.locator(".main-svg").first.wait_for()
        page.screenshot(path=picture, animations="disabled")
        browser.close()


def main() -> int:
    """Draw and photograph every shipped strategy, or those named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all of them")
    parser.add_argument("--browser", default=shutil.which("chromium") or CHROMIUM)
    options = parser.parse_args()
    too_large = False
    lake = simulated_lake(COMPANIES, FIRST, LAST, SEED)
    for name in options.names or SHIPPED:
        picture = FOLDER / f"{SHIPPED[name].rpartition('.')[2]}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        photograph(draw(name, lake), picture, options.browser)
        size = picture.stat().st_size
        sys.stderr.write(f"{picture}: {size:,} bytes\n")
        too_large = too_large or size > LARGEST
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
