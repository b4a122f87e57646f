from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.returns import simple_returns
from stockstream.metrics.significance import estimate_sharpe
from stockstream.report.cards import cards
from stockstream.report.formats import DASH, percent, plain_number
from stockstream.report.metric_rows import metric_rows

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult


def test_six_cards_each_with_its_doubt(result: BacktestResult) -> None:
    shown = cards(result)
    assert [card.label for card in shown] == [
        "CAGR", "Sharpe", "Max drawdown", "Sortino", "Turnover", "Trades",
    ]  # fmt: skip
    assert all(card.value and card.doubt and card.why for card in shown)


def test_cards_repeat_the_metrics_and_compute_none(result: BacktestResult) -> None:
    values = {card.label: card for card in cards(result)}
    metrics = result.metrics
    assert values["CAGR"].value == percent(metrics.annualised_return)
    assert values["Sharpe"].value == plain_number(metrics.sharpe)
    assert values["Max drawdown"].value == percent(metrics.max_drawdown)
    known = estimate_sharpe(simple_returns(result.equity)).probability
    assert values["Sharpe"].note == f"{percent(known)} likely above 0"
    assert f"win {percent(metrics.win_rate, 0)}" in values["Trades"].doubt
    assert values["CAGR"].note.endswith("pts vs benchmark")


def test_the_doubt_of_a_headline_number_is_its_interval(result: BacktestResult) -> None:
    values = {card.label: card.doubt for card in cards(result)}
    found = result.confidence
    low, high = map(plain_number, found.sharpe)
    assert values["Sharpe"] == f"95% CI {low}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{high}"
    for label, interval in (
        ("CAGR", found.annualised_return),
        ("Max drawdown", found.max_drawdown),
    ):
        low, high = map(percent, interval)
        assert values[label].replace("\N{NO-BREAK SPACE}", " ") == f"95% CI {low} to {high}"
    assert "95% CI" in values["Sortino"]
    assert "95%\N{NO-BREAK SPACE}CI" in values["Trades"]


def test_a_sharpe_that_may_be_zero_is_a_caution(result: BacktestResult) -> None:
    noise = 1e5 * np.cumprod(
        1 + np.random.default_rng(0).normal(0, 0.01, len(result.dates)), dtype=np.float64
    )
    sharpe = cards(replace(result, equity=noise))[1]
    assert sharpe.tone == "caution"


def test_a_drawdown_under_way_says_so(result: BacktestResult) -> None:
    falling = np.linspace(2e5, 1e5, len(result.dates))
    assert cards(replace(result, equity=falling))[2].note == "499+ sessions long"


def test_no_benchmark_is_said(result: BacktestResult) -> None:
    assert cards(replace(result, benchmark=None))[0].note == "nothing to compare with"


def test_a_run_without_trades_shows_dashes_with_reasons(idle: BacktestResult) -> None:
    shown = {card.label: card for card in cards(idle)}
    assert (shown["Sharpe"].value, shown["Sharpe"].doubt) == (DASH, "returns never vary")
    assert (shown["Sortino"].value, shown["Sortino"].doubt) == (DASH, "returns never vary")
    assert shown["Max drawdown"].doubt == "equity never fell"
    assert shown["Trades"].doubt == "never traded"


def test_every_metric_has_a_definition_and_a_reason_where_it_is_missing(
    result: BacktestResult, idle: BacktestResult
) -> None:
    rows = metric_rows(result.metrics)
    assert [row.label for row in rows][:3] == ["Total return", "Annualised return", "Volatility"]
    assert not any(row.reason for row in rows)
    missing = {row.label: row.reason for row in metric_rows(idle.metrics) if row.value == DASH}
    assert missing["Win rate"] == missing["Profit factor"] == "no trade was closed"
    assert missing["Calmar"] == "equity never fell"
    assert all(missing.values())


def test_any_other_gap_is_explained_too(result: BacktestResult) -> None:
    gaps = replace(result.metrics, volatility=float("nan"), turnover=float("nan"))
    reasons = {row.label: row.reason for row in metric_rows(gaps) if row.value == DASH}
    assert set(reasons) == {"Volatility", "Turnover"}
    assert all(reasons.values())
