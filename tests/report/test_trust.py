from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.backtest.config import Costs
from stockstream.market.survivorship import survivorship_flag
from stockstream.report import trust

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult


def said(result: BacktestResult) -> dict[str, str]:
    return {badge.text: badge.tone for badge in trust.badges(result)}


def changed(result: BacktestResult, **settings: Any) -> BacktestResult:
    return replace(result, config=result.config.model_copy(update=settings))


def test_identity_names_everything_a_number_rests_on(result: BacktestResult) -> None:
    facts = {fact.label: fact for fact in trust.identity(result)}
    assert set(facts) == {
        "Data snapshot", "Configuration", "Code", "Lock", "Seed", "Fills", "Costs",
    }  # fmt: skip
    assert facts["Data snapshot"].value.startswith("bars@3 actions@1")
    assert result.identity.data_digest in facts["Data snapshot"].why
    assert result.identity.lock_digest in facts["Lock"].why
    assert facts["Fills"].value == "next open, sized at the order"
    assert facts["Costs"].value == "10 bps commission + 5 bps slippage"


def test_honest_rules_are_green_and_an_unknown_universe_is_not(result: BacktestResult) -> None:
    assert said(result) == {
        "survivorship: unknown list": "caution",
        "look-ahead: rules, causal by construction": "good",
        "fills next open": "good",
    }


@pytest.mark.parametrize(
    ("since", "badge", "tone"),
    [
        (dt.date(2020, 1, 2), "survivorship: list on record", "good"),
        (dt.date(2020, 1, 3), "survivorship: list from 2020-01-03", "caution"),
        (None, "survivorship: unknown list", "caution"),
    ],
)
def test_survivorship_is_known_from_the_first_list_on(
    result: BacktestResult, since: dt.date | None, badge: str, tone: str
) -> None:
    flag = survivorship_flag(since, dt.date(2020, 1, 2))
    assert said(replace(result, flags=(flag,) if flag else ()))[badge] == tone


def test_serious_badges_come_first(result: BacktestResult) -> None:
    tones = [badge.tone for badge in trust.badges(result)]
    assert tones == sorted(tones, key=["bad", "caution", "good"].index)


@pytest.mark.parametrize(
    ("settings", "badge"),
    [
        ({"fill": "same_close"}, "fills same close"),
        ({"size_at": "fill"}, "sized at the fill"),
        ({"costs": Costs()}, "no costs"),
    ],
)
def test_what_flatters_is_stamped(
    result: BacktestResult, settings: dict[str, Any], badge: str
) -> None:
    assert said(changed(result, **settings))[badge] == "caution"


def test_free_form_code_is_not_called_clean(result: BacktestResult) -> None:
    for name in ("own.py:Mine", "GoneSince"):
        stepped = replace(changed(result, strategy_class=name), engine="event")
        badges = {badge.text: badge for badge in trust.badges(stepped)}
        assert "stockstream verify" in badges["look-ahead: not checked"].why


def test_rules_are_clean_in_either_engine(result: BacktestResult) -> None:
    assert said(replace(result, engine="event")) == said(result)


def test_a_made_up_market_says_so(result: BacktestResult) -> None:
    assert said(replace(result, flags=("simulated data",)))["simulated data"] == "caution"


def test_zero_trades_are_an_alarm_with_a_diagnosis(
    result: BacktestResult, idle: BacktestResult
) -> None:
    assert trust.alarm(result) is None
    alarm = trust.alarm(idle)
    assert alarm is not None
    assert "Zero trades" in alarm.title
    assert any("40 sessions" in line for line in alarm.lines)
    assert all(line[0].isupper() or line[0].isdigit() for line in alarm.lines)


def test_dropped_orders_are_counted(idle: BacktestResult) -> None:
    alarm = trust.alarm(replace(idle, totals={**idle.totals, "unaffordable": 1234}))
    assert alarm is not None
    assert any(line.startswith("1,234 orders were dropped") for line in alarm.lines)


def test_a_strategy_from_a_file_loses_its_folder(result: BacktestResult) -> None:
    for name in ("my/own.py:Mine", "Mine"):
        assert trust.strategy_title(changed(result, strategy_class=name).config) == "Mine"


def test_few_symbols_are_named_and_many_counted(result: BacktestResult) -> None:
    assert "BHP.AX, CBA.AX, CSL.AX, WES.AX" in trust.subtitle(result)
    many = changed(result, universe=tuple(f"S{i}" for i in range(1200)))
    assert "1,200 symbols" in trust.subtitle(many)
    assert "every symbol" in trust.subtitle(changed(result, universe=None))


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        (Costs(), "none"),
        (Costs(commission_minimum=9.5, borrow_bps=50), "at least 9.5 a fill + 50 bps a year on"),
        (Costs(commission_per_share=0.005), "0.005 a share"),
    ],
)
def test_costs_in_words(costs: Costs, words: str) -> None:
    assert trust.costs_in_words(costs).startswith(words)
