"""Strategies: parameters as keywords, hooks that cost nothing, rules that are checked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from stockstream.errors import ConfigError, StrategyError, UnknownNameError
from stockstream.strategy import Action, Range, RuleStrategy, Signals, Strategy, sma
from stockstream.strategy.strategy import HOOKS, overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockstream.strategy import Bars, Fill, Portfolio, Rules


class Dip(Strategy):
    """Buys after a fall, and counts."""

    days: Annotated[int, Range(1)] = 3
    share: float = 0.1

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.filled = 0

    def check(self) -> None:
        if self.share > self.days:
            raise ConfigError("share above days")

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        closes = self.history(symbol, "close", self.days)
        return Action.target_weight(self.share) if closes[-1] < closes[0] else None

    def on_order_filled(self, order: Fill, portfolio: Portfolio) -> None:
        self.filled += 1


class Up(RuleStrategy):
    """In an uptrend."""

    period: int = 10

    def rules(self, bars: Bars) -> Signals:
        return Signals(enter_long=bars.close > sma(bars.close, self.period))


class Bare(Strategy):
    """Does nothing at all."""


def test_parameters_are_keywords() -> None:
    assert Dip(days="5").days == 5  # as from a command line
    assert Dip().parameters == {"days": 3, "share": 0.1}
    assert repr(Dip(share=0.2)) == "Dip(days=3, share=0.2)"
    assert Up(period=5).period == 5
    assert Dip.days == 3


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'period'"):
        Up(perid=5)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match="days=0 is too small"):
        Dip(days=0)
    with pytest.raises(ConfigError, match="share above days"):
        Dip(share=4.0)


def test_an_engine_can_tell_which_hooks_are_there() -> None:
    assert [hook for hook in HOOKS if overrides(Dip, hook)] == ["on_data", "on_order_filled"]
    assert not any(overrides(Up, hook) for hook in HOOKS)

    class Dipper(Dip):
        pass

    assert overrides(Dipper, "on_data")


def test_hooks_do_nothing_unless_overridden() -> None:
    anything: Any = None
    bare = Bare()
    assert bare.on_data(dt.date(2024, 1, 2), "X", {}, anything) is None
    assert not bare.on_bar(dt.date(2024, 1, 2), {}, anything)
    assert bare.lookback() == 0
    bare.on_order_filled(anything, anything)
    assert bare.prepare(anything) is anything


def test_history_belongs_to_a_run() -> None:
    class Tape:
        def history(self, symbol: str, field: str, n: int) -> list[float]:
            return [float(n), float(len(symbol)), float(len(field))]

    dip = Dip()
    with pytest.raises(StrategyError, match="outside a run"):
        dip.history("BHP.AX", "close", 3)
    dip.attach(Tape())
    assert dip.history("BHP.AX", "close", 3) == [3.0, 6.0, 5.0]
    anything: Any = None
    assert dip.on_data(dt.date(2024, 1, 2), "B", {}, anything) is None
    dip.attach(None)
    with pytest.raises(StrategyError):
        dip.history("BHP.AX", "close", 3)


def test_a_fresh_one_has_the_parameters_and_not_the_state() -> None:
    dip = Dip(days=7)
    dip.filled = 12
    fresh = dip.fresh()
    assert type(fresh) is Dip
    assert (fresh.days, fresh.filled) == (7, 0)


def test_a_constructor_may_add_state_but_no_arguments() -> None:
    with pytest.raises(
        StrategyError, match=r"Own.__init__ must be `def __init__\(self, \*\*values"
    ):

        class Own(Strategy):
            def __init__(self, window: int = 3) -> None:
                super().__init__()
                self.window = window

    with pytest.raises(StrategyError, match="must be"):

        class Closed(Strategy):
            period: int = 3

            def __init__(self) -> None:
                super().__init__()

    class Forgetful(Dip):
        def __init__(self, **values: Any) -> None:
            self.filled = len(values)

    with pytest.raises(StrategyError, match="did not call super"):
        Forgetful(days=3).fresh()


def test_a_misspelt_hook_is_an_error_and_not_silence() -> None:
    with pytest.raises(StrategyError, match="did you mean 'on_data'"):

        class Typo(Strategy):
            def on_dta(self) -> None: ...

    class Fine(Strategy):
        def on_monday(self) -> None: ...

    assert issubclass(Fine, Strategy)


def test_a_whole_cross_section_strategy_type_checks() -> None:
    class Ranked(Strategy):
        def on_bar(
            self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
        ) -> Iterable[Action]:
            best = max(bars, key=lambda symbol: bars[symbol]["close"])
            return [Action.target_weight(1.0, best)]

    anything: Any = None
    [action] = Ranked().on_bar(dt.date(2024, 1, 2), {"A": {"close": 1.0}}, anything)
    assert action.symbol == "A"


class TestRules:
    """Rules are checked before they run."""

    def test_a_plan_is_what_rules_return(self) -> None:
        plan = Up(period=5).plan()
        assert isinstance(plan, Signals)
        assert repr(plan.enter_long) == "(close > sma(close, 5))"
        assert Up(period=5).lookback() == 4

    def test_without_rules_there_is_no_strategy(self) -> None:
        class Empty(RuleStrategy):
            pass

        with pytest.raises(TypeError, match="rules"):
            Empty()  # type: ignore[abstract]

    def test_a_forgotten_return_is_named(self) -> None:
        class Forgetful(RuleStrategy):
            def rules(self, bars: Bars) -> Signals:
                Signals(enter_long=bars.close > 1)
                nothing: Any = None
                return nothing  # type: ignore[no-any-return]

        with pytest.raises(StrategyError, match=r"Forgetful.rules returned NoneType .*return"):
            Forgetful().plan()

    def test_a_mistake_in_rules_names_the_strategy(self) -> None:
        class Wrong(RuleStrategy):
            def rules(self, bars: Bars) -> Signals:
                return Signals(enter_long=bars.closs > 1)  # type: ignore[attr-defined]

        with pytest.raises(StrategyError, match=r"Wrong.rules failed: AttributeError.*closs"):
            Wrong().plan()

    def test_our_own_errors_pass_through(self) -> None:
        class Bad(RuleStrategy):
            def rules(self, bars: Bars) -> Signals:
                return Signals(enter_long=bars.close > sma(bars.close, 0))

        with pytest.raises(ConfigError, match="period"):
            Bad().plan()

    def test_hooks_in_a_rule_strategy_would_never_run(self) -> None:
        with pytest.raises(StrategyError, match="inherit from Strategy"):

            class Both(Up):
                def on_order_filled(self, order: Fill, portfolio: Portfolio) -> None: ...


def test_a_strategy_says_which_columns_it_reads() -> None:
    class Free(Strategy):
        factors: tuple[str, ...] = ("PE",)

    class Ruled(RuleStrategy):
        factors: tuple[str, ...] = ("-PE",)

        def rules(self, bars: Bars) -> Rules:
            return Signals(enter_long=bars.listed & (bars.factor(self.factors[0][1:]) < 10.0))

    assert Strategy().columns() == ()
    assert Free().columns() == ("factor:PE",)
    assert Free(factors=("PE", "ROE")).columns() == ("factor:PE", "factor:ROE")
    assert Ruled().columns() == ("factor:PE", "listed")
