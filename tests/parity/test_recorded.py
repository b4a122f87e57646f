"""Our side of every simulated case, against what the peers did when the record was made."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from parity.agreement import real_fills
from parity.cases import CAPITAL, portfolios, random_series
from parity.environments import PACKAGES
from parity.ours import run_ours
from parity.record import DOCUMENT, read, recorded_results, render
from parity.setups import SETUPS

if TYPE_CHECKING:
    from parity.cases import Case
    from parity.setups import Setup

AGREEING = [setup for setup in SETUPS if setup.tolerance is not None]


@cache
def cases(setup: Setup) -> list[Case]:
    return portfolios(8) if setup.portfolio else random_series(200)


@pytest.mark.slow
@pytest.mark.parametrize("setup", AGREEING, ids=lambda setup: setup.key)
def test_equals_the_recorded_peer(setup: Setup) -> None:
    recorded = recorded_results(setup.key)
    assert len(recorded) == len(cases(setup))
    assert any(fills for _, _, fills, _ in recorded)
    apart = []
    for case, (equity, trades, fills, _) in zip(cases(setup), recorded, strict=True):
        ours = run_ours(case, setup)
        if abs(ours.equity / equity - 1.0) > (setup.tolerance or 0.0):
            apart.append(f"{case.name}: equity {ours.equity!r}, theirs {equity!r}")
        if (ours.trades, len(real_fills(ours.fills))) != (trades, fills):
            apart.append(f"{case.name}: {len(ours.fills)} fills, theirs {fills}")
    assert len(apart) <= (1.0 - setup.at_least) * len(recorded), apart


def test_a_few_series_equal_vectorbt_to_nine_digits() -> None:
    setup = next(setup for setup in SETUPS if setup.key == "vectorbt.all_in")
    for case, (equity, trades, *_) in zip(
        random_series(12), recorded_results(setup.key), strict=False
    ):
        ours = run_ours(case, setup)
        assert ours.equity == pytest.approx(equity, rel=1e-9)
        assert ours.trades == trades


@pytest.mark.slow
def test_both_engines_find_the_same_crossings() -> None:
    """The event engine gets them from the harness, the compiled engine finds them itself."""
    setup = next(setup for setup in SETUPS if setup.key == "vectorbt.all_in")
    crossing = [case for case in random_series(60) if case.fast]
    assert len(crossing) == 30
    for case in crossing:
        told, found = (run_ours(case, setup, compiled=way) for way in (False, True))
        assert told == found


def test_the_record_covers_every_setup_and_peer() -> None:
    record = read()
    assert record["versions"].keys() == {setup.peer for setup in SETUPS}
    assert record["results"].keys() == {setup.key for setup in SETUPS}
    for setup in SETUPS:
        groups = record["agreements"][setup.key]
        assert all(found["cases"] for found in groups.values())
        if setup.tolerance is not None:
            assert all(f["equal"] >= setup.at_least * f["cases"] for f in groups.values())


def test_recorded_versions_are_those_that_are_installed_today() -> None:
    for peer, found in read()["versions"].items():
        name, _, pinned = PACKAGES[peer][0].partition("==")
        assert found[name] == pinned


def test_the_document_shows_the_record() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert render(text, read()) == text


def test_capital_is_the_peers_too() -> None:
    from parity.peers import exchange

    assert exchange.CAPITAL == CAPITAL
