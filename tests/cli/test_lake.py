"""``stockstream lake``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


def test_info(stockstream: Stockstream, lake: Path) -> None:
    document = stockstream("lake", "info", "--lake", lake, "--json").document
    assert document["version"] == "bars@1 actions@1"
    assert document["simulated"] is True
    said = stockstream("lake", "info", "--lake", lake)
    assert "version            bars@1 actions@1" in said.out
    assert stockstream("lake", "--lake", lake).out == said.out


def test_symbols(stockstream: Stockstream, lake: Path) -> None:
    document = stockstream("lake", "symbols", "--lake", lake, "--json").document
    assert [row["symbol"] for row in document["symbols"]] == Lake.open(lake).symbols()
    said = stockstream("lake", "symbols", "--lake", lake)
    assert len(said.out.splitlines()) == 2 + len(document["symbols"])
    assert not any(line.endswith(" ") for line in said.out.splitlines())


def test_findings(stockstream: Stockstream, lake: Path) -> None:
    found = Lake.open(lake).findings()
    assert len(found) > 1, "the simulated market has dirt"
    said = stockstream("lake", "findings", "--lake", lake, "--rows", "1")
    rule = found["rule"][0]
    assert f"{rule}: 1 of {(found['rule'] == rule).sum():,} row" in said.out
    document = stockstream("lake", "findings", "--lake", lake, "--rule", rule, "--json").document
    assert set(document["rules"]) == {rule}


def test_an_empty_quarantine(stockstream: Stockstream, lake: Path) -> None:
    assert stockstream("lake", "quarantine", "--lake", lake).out == "none\n"
    assert stockstream("lake", "quarantine", "--lake", lake, "--json").document["rows"] == []


def test_history(stockstream: Stockstream, lake: Path) -> None:
    commits = stockstream("lake", "history", "--lake", lake, "--json").document["commits"]
    assert {"version": "bars@1", "source": "simulated"}.items() <= commits[0].items() or any(
        commit["version"] == "bars@1" and commit["source"] == "simulated" for commit in commits
    )
    assert [commit["when"] for commit in commits] == sorted(
        (commit["when"] for commit in commits), reverse=True
    )
    assert "bars@1" in stockstream("lake", "history", "--lake", lake).out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--lake", "x", "info"], 2, "behind the subcommand"),
        (["info", "--lake", "nowhere"], 1, "there is no lake"),
        (["findings", "--rule", "jmp"], 2, "did you mean 'jump'"),
        (["symbolz"], 2, "Did you mean 'symbols'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_line(
    stockstream: Stockstream, lake: Path, arguments: list[str], code: int, message: str
) -> None:
    place = [] if "--lake" in arguments or arguments == ["symbolz"] else ["--lake", lake]
    said = stockstream("lake", *arguments, *place)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
