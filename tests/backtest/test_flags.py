"""What a result says of itself before anybody believes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.backtest.flags import DISTRUST, distrusted
from stockstream.backtest.run import run_on_panel
from stockstream.strategy import Action, RuleStrategy, Strategy, Weights
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel
    from stockstream.strategy import Bars


class Hold(RuleStrategy):
    """Hold one weight of everything from the first bar on."""

    weight: float = 1.0

    def rules(self, bars: Bars) -> Weights:
        return Weights(bars.close * 0.0 + self.weight, every=10_000)


class Never(Strategy):
    """Never trades."""

    def lookback(self) -> int:
        return 3

    def on_data(self, date: Any, symbol: str, data: Any, portfolio: Any) -> Action | None:
        return None


def flags(strategy: Strategy, panel: Panel, **terms: Any) -> str:
    config: BacktestConfig = config_of(**terms)
    return "\n".join(run_on_panel(strategy, panel, config, benchmark=False).flags)


FLAT = panel_of({"A": [10.0] * 6})
CRASH = panel_of({"A": [10.0, 10.0, 6.0, 5.5, 5.4, 5.4]})


@pytest.mark.parametrize(
    ("panel", "terms", "said"),
    [
        (FLAT, {}, "no costs: commission and slippage are zero"),
        (FLAT, {"fill": "same_close"}, "nobody can trade like this"),
        (FLAT, {"size_at": "fill"}, "not known when the order is placed"),
        (CRASH, {"margin": {"leverage": 2.0}, "weight": 2.0}, "cash fell below zero"),
        (CRASH, {"margin": {"leverage": 2.0}, "weight": 2.0}, "margin calls: on 3 days"),
        (FLAT, {"market_rules": {"minimum_parcel": 20_000.0}}, "1 purchases were dropped: worth"),
        (FLAT, {"initial_capital": 5.0}, "could not buy a single share"),
    ],
)
def test_what_happened_is_said(panel: Panel, terms: dict[str, Any], said: str) -> None:
    weight = terms.get("weight", 1.0)
    given = {name: value for name, value in terms.items() if name != "weight"}
    assert said in flags(Hold(weight=weight), panel, **given)


def test_a_plain_run_has_nothing_to_say() -> None:
    assert flags(Hold(), FLAT, costs={"commission_bps": 10}) == ""


def test_zero_trades_are_explained() -> None:
    assert "zero trades: no entry in 6 sessions; the rule never fired" in flags(Never(), FLAT)
    short = panel_of({"A": [10.0] * 3})
    assert "the strategy looks back 3 bars and there are 3" in flags(Never(), short)


class Tomorrow(Strategy):
    """Buys what rises tomorrow."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        return bars.with_columns(soon=pl.col("close").shift(-1))

    def on_data(self, date: Any, symbol: str, data: Any, portfolio: Any) -> Action | None:
        return Action.target_weight(0.5 if data["soon"] > data["close"] else 0.0)


def test_free_form_that_looks_ahead_is_not_to_be_believed() -> None:
    wave = [10.0 + (t % 7) for t in range(200)]
    panel = panel_of({"A": wave})
    result = run_on_panel(Tomorrow(), panel, config_of(), benchmark=False)
    [doubt] = distrusted(result.flags)
    assert doubt.startswith("Tomorrow: prepared column 'soon' up to")
    assert result.flags[0] == f"{DISTRUST}{doubt}"
    again = run_on_panel(Tomorrow(), panel, config_of(), benchmark=False, look_ahead=False)
    assert distrusted(again.flags) == []
    assert again.equity.tolist() == result.equity.tolist()
