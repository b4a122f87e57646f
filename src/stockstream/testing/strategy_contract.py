"""What every strategy must keep, as tests that the author of one inherits.

::

    from mine import Mine


    class TestMine(StrategyContract):
        strategy = Mine

The tests run the strategy over a small simulated market: three years and twelve companies with
splits, halts, new listings, delistings and two factors (``DebtToEquity``, ``NewsSentiment``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_on_panel
from stockstream.backtest.verify import verify
from stockstream.errors import UnknownNameError
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.signals import rules_from_json
from stockstream.testing.market import panel_for, simulated_lake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.run import Engine
    from stockstream.market.panel import Panel
    from stockstream.strategy.strategy import Strategy

__all__ = ["StrategyContract"]

COSTS = {"commission_bps": 10.0, "slippage_bps": 5.0, "borrow_bps": 200.0}


class StrategyContract:
    """Tests of a :class:`stockstream.strategy.Strategy`.

    Attributes:
        strategy: the class.
        parameters: values other than the defaults to run it with.
        silent: why it does not trade on the simulated market; empty if it does.
        cuts: days at which the future is taken away and made up anew.
    """

    strategy: ClassVar[type[Strategy]]
    parameters: ClassVar[Mapping[str, Any]] = {}
    silent: ClassVar[str] = ""
    cuts: ClassVar[int] = 20

    def make(self) -> Strategy:
        """A fresh instance with the parameters to test it with."""
        return self.strategy(**self.parameters)

    def panel(self) -> Panel:
        """The market to run it on; override it for a strategy that needs another one."""
        return panel_for(self.make(), simulated_lake())

    def config(self, panel: Panel) -> BacktestConfig:
        """The terms of the run: capital, costs, how orders fill."""
        return BacktestConfig(
            strategy_class=self.strategy.__name__,
            start_date=panel.dates[panel.first].item(),
            end_date=panel.dates[-1].item(),
            costs=COSTS,
        )

    def run(self, engine: Engine = "auto") -> BacktestResult:
        """A backtest on :meth:`panel`."""
        panel = self.panel()
        config = self.config(panel)
        return run_on_panel(self.make(), panel, config, engine=engine, benchmark=False)

    def test_it_says_what_it_does(self) -> None:
        assert (self.strategy.__doc__ or "").strip(), "a docstring: the idea, and when it fails"

    def test_its_defaults_run(self) -> None:
        made = self.strategy()
        assert made.lookback() >= 0, f"it looks back {made.lookback()} bars"
        declared = {one.name: one.default for one in parameters_of(self.strategy)}
        assert made.parameters == declared, f"declared are {declared}, read {made.parameters}"

    def test_parameters_bind_and_round_trip(self) -> None:
        given = self.make().parameters
        forms: dict[str, dict[str, Any]] = {
            "themselves": given,
            "JSON": json.loads(json.dumps(given)),
            "what a person types": _typed(self.strategy, given),
        }
        for form, values in forms.items():
            read = self.strategy(**values).parameters
            assert read == given, f"from {form}: {given} became {read}"
        read = self.make().fresh().parameters
        assert read == given, f"in a fresh instance: {given} became {read}"

    def test_a_parameter_that_is_none_is_refused(self) -> None:
        told = _refusal(self.strategy, {"no_such_parameter": 1})
        assert "no_such_parameter" in told, "a misspelt parameter is passed over in silence"

    def test_rules_round_trip_as_json(self) -> None:
        made = self.make()
        if isinstance(made, RuleStrategy):
            text = made.plan().to_json()
            assert rules_from_json(text).to_json() == text, "other rules come back"
            assert made.fresh().plan().to_json() == text, "the same parameters, the same rules"

    def test_both_engines_agree(self) -> None:
        if issubclass(self.strategy, RuleStrategy):
            _demand_same(self.run("compiled"), self.run("event"))

    def test_the_same_run_gives_the_same_fills(self) -> None:
        _demand_same(self.run(), self.run())

    def test_the_future_changes_nothing(self) -> None:
        panel = self.panel()
        report = verify(self.make(), panel, self.config(panel), cuts=self.cuts)
        failed = [f"{check.name}: {check.detail}" for check in report.checks if not check.passed]
        assert not failed, "; ".join(failed)

    def test_it_trades_or_says_why(self) -> None:
        result = self.run()
        if self.silent:
            assert result.trades.is_empty(), "it trades after all: leave `silent` out"
        else:
            told = "; ".join(flag for flag in result.flags if "trade" in flag)
            assert not result.trades.is_empty(), f"{told} (or say why in `silent`)"


def _refusal(strategy: type[Strategy], values: Mapping[str, Any]) -> str:
    """What it says against these parameters."""
    try:
        strategy(**values)
    except UnknownNameError as error:
        return str(error)
    return ""


def _typed(strategy: type[Strategy], values: Mapping[str, Any]) -> dict[str, str]:
    """Values as a person types them."""
    many = {one.name for one in parameters_of(strategy) if one.many}
    return {
        name: ",".join(map(str, value)) if name in many else str(value)
        for name, value in values.items()
    }


def _demand_same(one: BacktestResult, other: BacktestResult) -> None:
    """Two results to the last bit."""
    for what in ("fills", "trades"):
        a, b = getattr(one, what), getattr(other, what)
        both = zip(a.rows(), b.rows(), strict=False)
        apart = next((f"{x} against {y}" for x, y in both if x != y), "")
        assert not apart, f"first of the {what} that differ: {apart}"
        assert len(a) == len(b), f"{len(a)} {what} against {len(b)}"
    assert one.equity.tobytes() == other.equity.tobytes(), "equity differs"
