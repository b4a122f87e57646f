"""A small made-up market behind the interface of a lake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.market.panel import Actions, Panel

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

Configure: TypeAlias = Callable[..., BacktestConfig]
WriteStrategy: TypeAlias = Callable[[str], str]

SYMBOLS = ("BHP.AX", "CBA.AX", "NEW.AX", "OLD.AX")
SESSIONS = 780


class PanelSource:
    """Serves windows of one panel, as a lake does, and counts how often it was asked."""

    def __init__(self, panel: Panel) -> None:
        self.whole, self.asked = panel, 0
        self.columns: tuple[str, ...] = ()

    def symbols(self) -> list[str]:
        return list(self.whole.symbols)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        return list(symbols)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        self.asked += 1
        self.columns = tuple(columns)
        chosen = self.whole.select([self.whole.symbols.index(name) for name in symbols])
        first = int(np.searchsorted(chosen.dates, np.datetime64(start)))
        stop = int(np.searchsorted(chosen.dates, np.datetime64(end), side="right"))
        if isinstance(warmup, int):
            return chosen.window(max(first - warmup, 0), stop, first)
        return chosen.window(int(np.searchsorted(chosen.dates, np.datetime64(warmup))), stop, first)


def made_up_market() -> Panel:
    """Three years of four symbols: halts, a listing, a delisting, a split, dividends."""
    random = np.random.default_rng(11)
    width = len(SYMBOLS)
    dates = np.busday_offset("2019-01-02", np.arange(SESSIONS), roll="forward")
    moves = random.normal(0.0003, 0.02, (width, SESSIONS)) + random.normal(0.0, 0.008, SESSIONS)
    close = 20.0 * np.exp(moves.cumsum(axis=1))
    opens = close * np.exp(random.normal(0.0, 0.006, close.shape))
    there = random.random(close.shape) > 0.03
    there[2, :300] = False
    there[3, 600:] = False
    symbol, bar = np.nonzero(there)
    return Panel(
        symbols=SYMBOLS,
        dates=dates.astype("datetime64[D]"),
        offsets=np.concatenate(([0], np.cumsum(np.bincount(symbol)))),
        bar=bar,
        open=opens[there],
        high=np.maximum(opens, close)[there] * 1.005,
        low=np.minimum(opens, close)[there] * 0.995,
        close=close[there],
        volume=np.full(len(bar), 1e6),
        actions=Actions(
            np.array([200, 330, 450]),
            np.array([0, 1, 1]),
            np.array([0, 1, 1]),
            np.array([2.0, 0.4, 0.5]),
        ),
        delisted=np.array([SESSIONS, SESSIONS, SESSIONS, 600]),
        version="bars@1 actions@1",
        flags=("OLD.AX: delisted on 2021-04-21",),
    )


@pytest.fixture(scope="session")
def market() -> Panel:
    """Every bar there is."""
    return made_up_market()


@pytest.fixture
def lake(market: Panel) -> PanelSource:
    """Where sweeps read from."""
    return PanelSource(replace(market))


@pytest.fixture
def configure() -> Configure:
    """A configuration over the last two and a half years; keywords change it."""

    def make(**settings: Any) -> BacktestConfig:
        base: dict[str, Any] = {
            "strategy_class": "MovingAverageCrossover",
            "start_date": "2019-07-01",
            "end_date": "2021-12-31",
            "costs": Costs(commission_bps=10, slippage_bps=5),
        }
        return BacktestConfig(**base | settings)

    return make


@pytest.fixture
def write_strategy(tmp_path: Path) -> WriteStrategy:
    """Writes a strategy file; gives the name by which it is found."""

    def write(body: str) -> str:
        head = (
            "from typing import Annotated\n"
            "from stockstream.errors import ConfigError\n"
            "from stockstream.strategy import *\n"
        )
        path = tmp_path / "mine.py"
        path.write_text(head + body)
        return f"{path}:Mine"

    return write
