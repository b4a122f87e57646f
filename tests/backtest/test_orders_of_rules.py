"""Orders of rules at random: both kinds of kernel, and several strategies in one book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.backtest.test_accounting import market

from stockstream.backtest.broker.broker import Broker
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.config import Costs, Margin, MarketRules
from stockstream.backtest.decisions import Decisions
from stockstream.strategy.orders import Bracket, SizeIn, Ticket
from stockstream.testing.play import config_of

if TYPE_CHECKING:
    from stockstream.market.panel import Panel


def random_decisions(panel: Panel, seed: int, size_in: SizeIn) -> Decisions:
    """Signals and targets at random rows, with limits and stops near the close."""
    random = np.random.default_rng(seed)
    rows = np.flatnonzero(random.random(len(panel.bar)) < 0.4)
    order = np.lexsort((panel.row_symbol[rows], panel.bar[rows]))
    rows = rows[order]
    close = panel.close[rows]
    unit = {SizeIn.WEIGHT: 0.4, SizeIn.VALUE: 4000.0, SizeIn.QUANTITY: 150.0}[size_in]
    limit, stop = (
        np.where(
            random.random(len(rows)) < 0.4, close * random.uniform(0.95, 1.05, len(rows)), np.nan
        )
        for _ in range(2)
    )
    bracket = Bracket(stop_loss=0.05, take_profit=0.08, trailing_stop=0.06, max_bars=9, cooldown=2)
    code = random.integers(1, 17, len(rows))
    size = np.where(code >= 16, 0.3, unit) * random.uniform(0.2, 1.5, len(rows))
    return Decisions(
        np.searchsorted(panel.bar[rows], np.arange(panel.sessions + 1)),
        panel.row_symbol[rows],
        code,
        size,
        limit,
        stop,
        Ticket(size_in, day=seed % 2 == 0, bracket=bracket),
    )


SPECIAL: list[dict[str, Any]] = [
    {},
    {
        "costs": Costs(
            commission_tiers=((0.0, 30.0), (2000.0, 10.0)),
            commission_fixed=1.0,
            spread_bps=10,
            impact=0.2,
            borrow_bps=300,
            financing_bps=400,
        ),
        "margin": Margin(leverage=2.5, maintenance=0.3),
        "market_rules": MarketRules.asx(max_volume_share=0.2),
    },
    {"fill": "next_close", "size_at": "fill", "margin": Margin(leverage=2.0)},
    {"fill": "same_close", "fractional": True, "market_rules": MarketRules(tick=0.25)},
]


@pytest.mark.slow
@pytest.mark.parametrize("terms", SPECIAL, ids=lambda t: "-".join(t) or "plain")
@pytest.mark.parametrize("sleeves", [1, 3])
def test_interpreted_and_compiled_kernels_agree_on_every_order(
    terms: dict[str, Any], sleeves: int
) -> None:
    config = config_of(**terms)
    for seed in range(8):
        panel = market(seed, sessions=150)
        made = [random_decisions(panel, seed + k, size_in) for k, size_in in enumerate(SizeIn)]
        outcomes = []
        for compiles in (False, True):
            broker = Broker(
                panel, Terms.of(config), 10_000.0, compile_kernels=compiles, sleeves=sleeves
            )
            broker.run(made[:sleeves])
            outcomes.append(broker.finish())
        one, other = outcomes
        assert len(one.fills) > 20
        assert one.account == other.account
        for a, b in zip(one[:3], other[:3], strict=True):
            np.testing.assert_array_equal(a, b)


class TestSeveralStrategiesInOneBook:
    """A slot is a symbol in the hands of one strategy."""

    def test_each_has_its_own_position_and_all_share_the_cash(self) -> None:
        panel = market(1)
        made = [random_decisions(panel, seed, SizeIn.WEIGHT) for seed in (1, 2)]
        broker = Broker(panel, Terms.of(config_of()), 10_000.0, compile_kernels=False, sleeves=2)
        broker.run(made)
        outcome = broker.finish()
        slots = set(outcome.fills["symbol"].tolist())
        assert min(slots) < len(panel.symbols) <= max(slots) < 2 * len(panel.symbols)
        folded = outcome.fills.copy()
        folded["symbol"] %= len(panel.symbols)
        both = outcome._replace(fills=folded)
        cash = config_of().initial_capital
        for fill in both.fills:
            cash -= fill["quantity"] * fill["price"] + fill["commission"]
        assert outcome.account["cash"] == pytest.approx(cash + outcome.account["dividends"])
        assert outcome.trades["pnl"].sum() == pytest.approx(
            outcome.days["equity"][-1] - 10_000.0, abs=1e-6
        )

    def test_what_a_second_one_does_not_do_changes_nothing(self) -> None:
        panel = market(2)
        active = random_decisions(panel, 5, SizeIn.WEIGHT)
        none, empty = np.empty(0, np.int64), np.empty(0)
        idle = Decisions(
            np.zeros(panel.sessions + 1, np.int64), none, none, empty, empty, empty, Ticket()
        )
        outcomes = []
        for made in ([active], [active, idle]):
            broker = Broker(
                panel,
                Terms.of(config_of()),
                10_000.0,
                compile_kernels=False,
                sleeves=len(made),
            )
            broker.run(made)
            outcomes.append(broker.finish())
        for a, b in zip(outcomes[0][:3], outcomes[1][:3], strict=True):
            np.testing.assert_array_equal(a, b)
