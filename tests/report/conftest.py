"""Real backtests on a small made-up market, for every page test."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.backtest.result import BacktestResult
from stockstream.backtest.run import run_on_panel
from stockstream.market.panel import Panel
from stockstream.strategy.registry import get_strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

Backtest: TypeAlias = Callable[..., BacktestResult]
Open: TypeAlias = Callable[..., "Visit"]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

SYMBOLS = ("BHP.AX", "CBA.AX", "CSL.AX", "WES.AX")
WARMUP = 60


def market(symbols: tuple[str, ...], sessions: int, *, flat: bool = False) -> Panel:
    """Random walks with a common factor; ``sessions`` trading days after the warm-up."""
    rng = np.random.default_rng(5)
    total, width = sessions + WARMUP, len(symbols)
    dates = np.busday_offset("2019-01-02", np.arange(total), roll="forward")
    moves = rng.normal(0.0004, 0.009, (total, 1)) + rng.normal(0.0002, 0.012, (total, width))
    close = np.exp(np.log(rng.uniform(3, 90, width)) + (0.0 if flat else 1.0) * moves.cumsum(0))
    opened = np.vstack([close[:1], close[:-1]])
    return Panel(
        symbols=symbols,
        dates=dates.astype("datetime64[D]"),
        offsets=np.arange(width + 1) * total,
        bar=np.tile(np.arange(total), width),
        first=WARMUP,
        version="bars@3 actions@1",
        open=opened.T.ravel(),
        high=np.maximum(opened, close).T.ravel() * 1.004,
        low=np.minimum(opened, close).T.ravel() * 0.996,
        close=close.T.ravel(),
        volume=np.full(total * width, 1e6),
    )


@pytest.fixture(scope="session")
def backtest() -> Backtest:
    """Runs a backtest; keywords are fields of the configuration or parameters of the strategy."""

    def run(
        symbols: tuple[str, ...] = SYMBOLS,
        sessions: int = 500,
        *,
        strategy: str = "MovingAverageCrossover",
        engine: Any = "auto",
        flat: bool = False,
        benchmark: bool = True,
        parameters: dict[str, Any] | None = None,
        **settings: Any,
    ) -> BacktestResult:
        made = get_strategy(strategy)(**(parameters or {}))
        panel = market(symbols, sessions, flat=flat)
        config = BacktestConfig(
            strategy_class=strategy,
            start_date=dt.date(2019, 3, 27),
            end_date=dt.date(2023, 12, 29),
            universe=symbols,
            parameters=made.parameters,
            **{"costs": Costs(commission_bps=10, slippage_bps=5), **settings},
        )
        return run_on_panel(made, panel, config, engine=engine, benchmark=benchmark)

    return run


@pytest.fixture(scope="session")
def result(backtest: Backtest) -> BacktestResult:
    """Two years of four symbols with some sixty trades."""
    return backtest(parameters={"fast_period": 5, "slow_period": 20})


@pytest.fixture(scope="session")
def idle(backtest: Backtest) -> BacktestResult:
    """A run that never traded."""
    return backtest(sessions=40, flat=True)


@dataclass
class Visit:
    """A page with everything it said and asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).is_file():
        pytest.skip("no Chromium here: apt-get install chromium, or leave out -m browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Open:
    """Opens a page file and waits until its charts are drawn."""

    def opened(sheet: Path, width: int = 1280, **options: Any) -> Visit:
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        seen = Visit(page)
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("console", lambda message: seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.goto(sheet.as_uri())
        # no wait_for_function: it polls by eval, which the page's own policy forbids
        for box in page.locator(".chart").all():
            box.locator(".main-svg").first.wait_for()
        return seen

    return opened
