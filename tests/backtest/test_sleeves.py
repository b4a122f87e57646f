"""Several strategies with shares of the capital in one book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.event import run_event
from stockstream.backtest.run import run_on_panel
from stockstream.backtest.sleeves import Manager, managers_of, written_out
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy import Action, Bracket, RuleStrategy, Strategy, Weights
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.market.panel import Panel
    from stockstream.strategy import Bars, Fill, Portfolio


class Hold(RuleStrategy):
    """Hold equal parts of everything."""

    share: float = 1.0

    def rules(self, bars: Bars) -> Weights:
        return Weights(bars.close * 0.0 + self.share, every=1000)


class Watch(Strategy):
    """Buys the first symbol once, with half of what it is shown, and keeps what it saw."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.seen: list[tuple[float, float, tuple[str, ...]]] = []
        self.told: list[str] = []
        SEEN.append(self)

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        self.seen.append((portfolio.equity, portfolio.cash, tuple(portfolio.positions)))
        if symbol == "A" and not portfolio.transactions:
            return Action.target_weight(0.5)
        return None

    def on_order_filled(self, order: Fill, portfolio: Portfolio) -> None:
        self.told.append(order.symbol)


SEEN: list[Watch] = []


def waves(sessions: int = 200) -> Panel:
    random = np.random.default_rng(3)
    steps = random.normal(0.0, 0.02, (3, sessions))
    prices = 50.0 * np.exp(np.cumsum(steps, axis=1))
    prices[1, 40:60] = prices[2, 170:] = np.nan
    return panel_of(
        {
            name: [None if np.isnan(p) else float(p) for p in row]
            for name, row in zip("ABC", prices, strict=True)
        },
        actions=[(100, "A", 0, 2.0), (120, "C", 1, 0.5)],
        delisted={"C": 170},
    )


def book(*parts: tuple[str, dict[str, Any], float], **values: Any) -> BacktestConfig:
    sleeves = [
        {"strategy_class": name, "parameters": given, "weight": weight}
        for name, given, weight in parts
    ]
    return BacktestConfig(
        sleeves=sleeves, start_date="2024-01-01", end_date="2030-01-01", fractional=True, **values
    )


TREND = ("MovingAverageCrossover", {"fast_period": 3, "slow_period": 8}, 0.6)
DIP = ("RSIMeanReversion", {"period": 5, "oversold": 40, "overbought": 60}, 0.4)


@pytest.mark.parametrize("costs", [{}, {"commission_bps": 10, "commission_minimum": 5}])
def test_both_engines_give_the_same_book(costs: dict[str, float]) -> None:
    config, panel = book(TREND, DIP, costs=costs), waves()
    managers = managers_of(config)
    one, other = (run_on_panel(managers, panel, config, engine=e) for e in ("auto", "event"))
    assert (one.engine, other.engine) == ("compiled", "event")
    assert one.fills.height > 20
    assert one.fills.equals(other.fills)
    assert one.trades.equals(other.trades)
    assert np.array_equal(one.equity, other.equity)


def test_each_fill_and_trade_names_its_strategy() -> None:
    config = book(TREND, DIP)
    result = run_on_panel(managers_of(config), waves(), config)
    names = {"MovingAverageCrossover", "RSIMeanReversion"}
    assert set(result.fills["strategy"]) == set(result.trades["strategy"]) == names
    assert set(result.fills["symbol"]) == {"A", "B", "C"}


def test_cash_is_shared_and_positions_are_not() -> None:
    """Two that trade different symbols with fractions make what each makes with its share alone."""
    config = config_of(fractional=True, initial_capital=1e6)
    panel, part = waves(), waves().select([0])
    both = [Manager("one", Hold(share=0.5), 0.6), Manager("two", Hold(share=0.25), 0.4)]
    together = run_on_panel(both, part, config)
    alone = run_on_panel(Hold(share=0.5 * 0.6 + 0.25 * 0.4), part, config)
    assert together.equity == pytest.approx(alone.equity, rel=1e-12)
    whole = run_on_panel(both, panel, config.changed(margin={"leverage": 2.0}))
    assert whole.fills.filter(whole.fills["strategy"] == "two").height == 4  # and one delisting


def test_one_alone_with_the_whole_weight_is_the_strategy_itself() -> None:
    strategy = MovingAverageCrossover(fast_period=3, slow_period=8)
    config, panel = config_of(), waves()
    one = run_on_panel(strategy, panel, config)
    other = run_on_panel([Manager("any", strategy, 1.0)], panel, config)
    assert one.to_json() == other.to_json()
    assert one.fills.equals(other.fills)


def test_free_form_beside_rules_sees_its_own_part() -> None:
    SEEN.clear()
    managers = [
        Manager("rules", RSIMeanReversion(period=5, oversold=45, overbought=55), 0.5),
        Manager("free", Watch(), 0.5),
    ]
    config, panel = config_of(fractional=True), waves()
    outcome = run_event(managers, panel, config)
    watch = next(made for made in SEEN if made.seen)
    assert watch.seen[0] == (5_000.0, 10_000.0, ())
    assert {positions for _, _, positions in watch.seen} == {(), ("A",)}
    assert watch.told == ["A"]
    own = outcome.fills[outcome.fills["symbol"] >= 3]
    assert own["symbol"].tolist() == [3]
    assert own["quantity"][0] * own["price"][0] == pytest.approx(2_500.0, rel=0.1)


def test_a_stop_in_one_sleeve_leaves_the_other_alone() -> None:
    class Stopped(Hold):
        def rules(self, bars: Bars) -> Weights:
            return Weights(bars.close * 0.0 + 1.0, every=1000, bracket=Bracket(stop_loss=0.05))

    panel = panel_of({"A": [100.0, 100.0, (100.0, 100.0, 80.0, 90.0), 90.0]})
    managers = [Manager("tight", Stopped(), 0.5), Manager("loose", Hold(), 0.5)]
    result = run_on_panel(managers, panel, config_of(fractional=True))
    assert result.trades["strategy"].to_list() == ["tight", "loose"]
    assert result.trades["open"].to_list() == [False, True]


def test_the_configuration_is_written_out_and_remade() -> None:
    config = book(("Momentum", {}, 0.4), TREND)
    done = written_out(config, managers_of(config))
    assert [sleeve.strategy_class for sleeve in done.sleeves] == [
        "MomentumStrategy",
        "MovingAverageCrossover",
    ]
    assert done.sleeves[1].parameters == {"fast_period": 3, "slow_period": 8}
    assert BacktestConfig(**done.model_dump(mode="json")) == done
    again = written_out(done, managers_of(done))
    assert again == done


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((TREND, TREND), "names"),
        ((("Nothing", {}, 0.5),), "unknown strategy 'Nothing'"),
        (((*TREND[:2], 0.9), (*DIP[:2], 0.9)), "add up to 1.8"),
        (((*TREND[:2], 0.0),), "weight"),
        ((("RSIMeanReversion", {"perid": 3}, 0.5),), "did you mean 'period'"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(parts: Any, message: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        managers_of(book(*parts))


def test_compiled_is_refused_where_one_decides_in_python() -> None:
    managers = [Manager("a", Hold(), 0.5), Manager("b", Watch(), 0.5)]
    with pytest.raises(ConfigError, match="Watch decides bar by bar"):
        run_on_panel(managers, waves(), config_of(), engine="compiled")
