"""A sweep is many ordinary backtests: the same numbers, in a stated order, and none ends it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.backtest.run import run_on_panel
from stockstream.backtest.trial_rows import METRICS
from stockstream.errors import ConfigError, StrategyError
from stockstream.strategy.registry import get_strategy
from stockstream.study import plan
from stockstream.study.reuse import panel_of
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from tests.study.conftest import Configure, PanelSource, WriteStrategy

    from stockstream.study.result import StudyResult

GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "MovingAverageCrossover": {"fast_period": (5, 10), "slow_period": (20, 30)},
    "RSIMeanReversion": {"period": (5, 9), "oversold": (35.0,), "overbought": (60.0, 65.0)},
}
BRACKETED = """
class Mine(RuleStrategy):
    period: Annotated[int, Range(2)] = 10
    stop: Annotated[float, Percent] = 0.05

    def rules(self, bars):
        average = sma(bars.close, self.period)
        return Signals(
            enter_long=bars.close.crosses_above(average),
            exit_long=bars.close.crosses_below(average),
            weight=0.4,
            bracket=Bracket(stop_loss=self.stop, take_profit=0.1, cooldown=3),
        )
"""
WEIGHTED = """
class Mine(RuleStrategy):
    period: Annotated[int, Range(2)] = 10
    every: Annotated[int, Range(1)] = 5

    def rules(self, bars):
        lean = (bars.close / sma(bars.close, self.period) - 1.0) * 2.0
        return Weights(target=minimum(maximum(lean, -0.2), 0.2), every=self.every)
"""
FREE_FORM = """
class Mine(Strategy):
    days: Annotated[int, Range(1)] = 20
    share: float = 0.2

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(self.share if past[-1] > past[0] else 0.0)
"""


def assert_equal_to_single_backtests(result: StudyResult, lake: PanelSource) -> None:
    """Each trial has the metrics of ``run_on_panel`` of its configuration on its piece."""
    study, traded = result.study, 0
    panel = panel_of(study, lake)
    for row in result.scan().collect().iter_rows(named=True):
        config = study.trial_config(row["trial"])
        piece = study.pieces[row["trial"] // study.points].cut(panel)
        made = get_strategy(config.strategy_class)(**config.parameters)
        single = run_on_panel(made, piece, config, benchmark=False, look_ahead=False).metrics
        for name in METRICS:
            expected = getattr(single, name)
            found = math.nan if row[name] is None else row[name]
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), name
        traded += single.trades
    assert traded > 0


@pytest.mark.parametrize("split", [None, "ticker", "year"])
@pytest.mark.parametrize("name", GRIDS)
def test_a_trial_is_an_ordinary_backtest(
    name: str, split: str | None, lake: PanelSource, configure: Configure
) -> None:
    config = configure(strategy_class=name, param_grid=GRIDS[name])
    result = run_sweep(config, lake, split=split)
    assert len(result.frame()) == 4 * {None: 1, "ticker": 4, "year": 3}[split]
    assert_equal_to_single_backtests(result, lake)


@pytest.mark.parametrize("split", [None, "ticker", "year"])
@pytest.mark.parametrize(
    ("body", "grid"),
    [
        (BRACKETED, {"period": (8, 15), "stop": (2, 5)}),
        (WEIGHTED, {"period": (8,), "every": (5, 21)}),
        (FREE_FORM, {"days": (10, 20)}),
    ],
)
def test_so_is_a_trial_of_a_strategy_of_ones_own(
    body: str,
    grid: dict[str, Any],
    split: str | None,
    lake: PanelSource,
    configure: Configure,
    write_strategy: WriteStrategy,
) -> None:
    config = configure(strategy_class=write_strategy(body), param_grid=grid)
    result = run_sweep(config, lake, split=split)
    alone = "sparse" if split == "ticker" and body is BRACKETED else "broker"
    [path] = result.paths
    assert path.partition(":")[0] == ("event" if body is FREE_FORM else alone)
    assert_equal_to_single_backtests(result, lake)


def test_compiled_and_interpreted_sweeps_are_the_same_bytes(
    lake: PanelSource, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(param_grid=GRIDS["MovingAverageCrossover"])
    found = []
    for mode in ("never", "always"):
        monkeypatch.setenv("STOCKSTREAM_JIT", mode)
        found.append(run_sweep(config, lake, split="ticker").frame())
    assert found[0].equals(found[1])


def test_the_rows_are_in_the_order_of_the_grid_and_of_the_universe(
    lake: PanelSource, configure: Configure
) -> None:
    config = configure(
        param_grid={"slow_period": (40, 30), "fast_period": (9, 4)},
        universe=("OLD.AX", "BHP.AX"),
    )
    trials = run_sweep(config, lake, split="ticker").frame()
    assert trials.select("slow_period", "fast_period", "symbol").rows() == [
        (slow, fast, symbol)
        for symbol in ("OLD.AX", "BHP.AX")
        for slow in (40, 30)
        for fast in (9, 4)
    ]


def test_the_same_sweep_twice_is_the_same_bytes(lake: PanelSource, configure: Configure) -> None:
    config = configure(param_grid=GRIDS["RSIMeanReversion"], strategy_class="RSIMeanReversion")
    one, other = (run_sweep(config, lake, split="year") for _ in range(2))
    assert one.frame().equals(other.frame())
    assert one.identity == other.identity


def test_a_trial_does_not_depend_on_the_others(lake: PanelSource, configure: Configure) -> None:
    """The longest warm-up of the grid is the same in both, so every number is."""
    wide = configure(param_grid={"fast_period": (4, 5, 6), "slow_period": (20, 30)})
    narrow = configure(param_grid={"fast_period": (6,), "slow_period": (30,)})
    all_of_them = run_sweep(wide, lake, split="ticker").frame()
    one = run_sweep(narrow, lake, split="ticker").frame()
    asked = (pl.col("fast_period") == 6) & (pl.col("slow_period") == 30)
    assert one.equals(all_of_them.filter(asked))


def test_the_data_is_read_once(lake: PanelSource, configure: Configure) -> None:
    run_sweep(configure(param_grid={"fast_period": (4, 5, 6)}), lake, split="ticker")
    assert lake.asked == 1


def test_the_result_says_what_it_is_made_of(lake: PanelSource, configure: Configure) -> None:
    config = configure(param_grid={"fast_period": (5, "10")}, fast_period=20)
    result = run_sweep(config, lake, split="ticker")
    assert result.study.ignored == {"fast_period": 20}
    assert result.grid == {"fast_period": (5, 10)}
    assert result.config.universe == tuple(lake.symbols())
    assert result.config.parameters == {"slow_period": 50}
    assert result.identity.config_digest == result.config.digest
    assert result.identity.data_version == "bars@1 actions@1"
    assert result.flags[0] == "OLD.AX: delisted on 2021-04-21"
    window = lake.panel(lake.symbols(), config.start_date, config.end_date)
    assert result.symbol_bars == 2 * len(window.bar)
    other = run_sweep(configure(param_grid={"fast_period": (5, 11)}), lake)
    assert other.identity.config_digest != result.identity.config_digest
    assert other.identity.data_digest == result.identity.data_digest


def test_without_a_grid_there_is_exactly_one_backtest(
    lake: PanelSource, configure: Configure
) -> None:
    result = run_sweep(configure(slow_period=30), lake)
    assert result.frame().select("fast_period", "slow_period").rows() == [(20, 30)]
    assert result.failures == ()


def test_refused_combinations_are_trials_with_an_error(
    lake: PanelSource, configure: Configure
) -> None:
    config = configure(param_grid={"fast_period": (10, 30), "slow_period": (20, 40)})
    result = run_sweep(config, lake, split="ticker")
    refused = result.frame().filter(pl.col("error").is_not_null())
    assert len(result.frame()) == 16
    assert refused.select("fast_period", "slow_period").unique().rows() == [(30, 20)]
    assert refused["total_return"].is_null().all()
    [failure] = result.failures
    assert failure.trials == 4
    assert failure.error.startswith("fast_period=30 must be below slow_period=20")


def test_one_bad_trial_does_not_end_the_sweep(
    lake: PanelSource, configure: Configure, write_strategy: WriteStrategy
) -> None:
    body = FREE_FORM.replace("past = self", "1 / (self.days - 10); past = self")
    config = configure(strategy_class=write_strategy(body), param_grid={"days": (10, 20)})
    result = run_sweep(config, lake)
    bad, good = result.frame().iter_rows(named=True)
    assert bad["error"] == "Mine failed on 2019-07-01: ZeroDivisionError: division by zero"
    assert bad["trades"] is None
    assert good["error"] is None
    assert good["trades"] > 0


def test_a_sweep_in_which_all_fails_says_why(
    lake: PanelSource, configure: Configure, write_strategy: WriteStrategy
) -> None:
    body = FREE_FORM.replace("past = self", "1 / 0; past = self")
    config = configure(strategy_class=write_strategy(body), param_grid={"days": (10, 20)})
    with pytest.raises(StrategyError, match="every trial failed; the first: Mine failed on 2019"):
        run_sweep(config, lake)


def test_symbols_without_bars_fail_alone(lake: PanelSource, configure: Configure) -> None:
    config = configure(start_date="2021-06-01", param_grid={"fast_period": (5, 10)})
    result = run_sweep(config, lake, split="ticker")
    [failure] = result.failures
    assert failure == ("OLD.AX: no bar in the trading window", 2)


def test_progress_ends_at_the_whole(lake: PanelSource, configure: Configure) -> None:
    heard: list[tuple[int, int]] = []
    config = configure(param_grid={"fast_period": (5, 10, 60)})
    run_sweep(config, lake, split="ticker", progress=lambda *news: heard.append(news))
    assert heard[0] == (0, 12)
    assert heard[-1] == (12, 12)
    assert heard == sorted(heard)


def test_trials_that_never_trade_are_told(lake: PanelSource, configure: Configure) -> None:
    config = configure(
        strategy_class="RSIMeanReversion", param_grid={"oversold": (0.0, 40.0)}, overbought=60
    )
    result = run_sweep(config, lake)
    assert "zero trades: the rule never traded in 1 of 2 trials" in result.flags
    assert result.frame()["win_rate"].is_null().to_list() == [True, False]


def test_too_many_trials_are_refused_before_they_start(
    lake: PanelSource, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MOST_TRIALS", 11)
    config = configure(param_grid={"fast_period": (5, 10, 15)})
    with pytest.raises(
        ConfigError, match=re.escape("3 combinations x 4 pieces = 12 trials, more than 11")
    ):
        run_sweep(config, lake, split="ticker")


def test_a_period_longer_than_history_is_a_trial_like_any_other(
    lake: PanelSource, configure: Configure
) -> None:
    config = configure(param_grid={"fast_period": (5,), "slow_period": (20, 100_000)})
    result = run_sweep(config, lake)
    assert result.frame()["trades"].to_list()[1] == 0
    assert result.failures == ()


def test_what_the_points_read_of_the_symbols_is_asked_of_the_lake(
    configure: Configure, lake: PanelSource
) -> None:
    grid = {"factors": (("-DebtToEquity",), ("+NewsSentiment", "-DebtToEquity"))}
    with pytest.raises(StrategyError, match="the panel has no column 'factor:DebtToEquity'"):
        run_sweep(configure(strategy_class="LongShortEquityStrategy", param_grid=grid), lake)
    assert set(lake.columns) == {"factor:DebtToEquity", "factor:NewsSentiment"}


def test_a_book_of_strategies_is_not_swept(lake: PanelSource, configure: Configure) -> None:
    sleeve = {"strategy_class": "RSIMeanReversion", "weight": 0.5}
    book = configure(strategy_class="", sleeves=[sleeve], parameters={}, param_grid={})
    with pytest.raises(ConfigError, match="this book has 1: sweep each alone"):
        run_sweep(book, lake)


def test_symbols_alone_are_not_held_against_each_other(
    lake: PanelSource, configure: Configure
) -> None:
    config = configure(strategy_class="LongShortEquityStrategy", param_grid={"quantile": (0.2,)})
    with pytest.raises(ConfigError, match="split='ticker' leaves each alone"):
        run_sweep(config, lake, split="ticker")
