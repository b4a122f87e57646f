"""``stockstream lake``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


def test_info(stockstream: Stockstream, lake: Path) -> None:
    document = stockstream("lake", "info", "--lake", lake, "--json").document
    assert document["version"] == "bars@1 actions@1"
    assert document["simulated"] is True
    assert (document["universe"], document["health"], document["raw_batches"]) == (12, 0, 0)
    said = stockstream("lake", "info", "--lake", lake)
    assert f"12, known since {document['universe_since']}" in said.out
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


def test_universe(stockstream: Stockstream, lake: Path) -> None:
    document = stockstream("lake", "universe", "--lake", lake, "--json").document
    assert len(document["rows"]) == 12
    assert {row["source"] for row in document["rows"]} == {"simulated"}
    said = stockstream("lake", "universe", "--lake", lake)
    assert len(said.out.splitlines()) == 2 + 12
    later = stockstream("lake", "universe", "--on", "2019-06-30", "--lake", lake, "--json").document
    assert {row["symbol"] for row in later["rows"]} == {
        row["symbol"]
        for row in document["rows"]
        if row["valid_from"] <= "2019-06-30" <= (row["valid_to"] or "9999")
    }


def test_a_universe_before_anything_was_known(stockstream: Stockstream, lake: Path) -> None:
    known = ("--known", "2019-06-30")
    assert stockstream("lake", "universe", *known, "--lake", lake).out == "none\n"
    document = stockstream("lake", "universe", *known, "--lake", lake, "--json").document
    assert (document["rows"], document["known"]) == ([], "2019-06-30")
    said = stockstream("lake", "universe", "--on", "2019-06-30", "--lake", lake)
    assert f"! the first list is of {document['known_since']}" in said.out


@pytest.fixture
def told(stockstream: Stockstream, tmp_path: Path) -> Path:
    """A lake with the health of two runs."""
    place = tmp_path / "told"
    rows = [
        ("2024-01-02", "first", "2024-01-02T09:00:00+00:00", "error", "not_found", "XYZ.AX", 3),
        ("2024-01-03", "second", "2024-01-03T09:00:00+00:00", "info", "fetched", "", 98),
        ("2024-01-03", "second", "2024-01-03T09:00:00+00:00", "error", "not_found", "XYZ.AX", 1),
    ]
    columns = ("date", "run", "at", "level", "kind", "subject", "count")
    Lake.create(place).record_health(pl.DataFrame(rows, columns, orient="row"))
    return place


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ([], ["second", "second"]),
        (["--run", "first"], ["first"]),
        (["--level", "error"], ["second", "first"]),
        (["--kind", "fetched"], ["second"]),
        (["--kind", "not_found", "--run", "second"], ["second"]),
        (["--kind", "nothing"], []),
    ],
    ids=" ".join,
)
def test_health(stockstream: Stockstream, told: Path, options: list[str], runs: list[str]) -> None:
    document = stockstream("lake", "health", *options, "--lake", told, "--json").document
    assert [row["run"] for row in document["rows"]] == runs
    assert document["total"] == len(runs)
    said = stockstream("lake", "health", *options, "--lake", told).out
    assert len(said.splitlines()) == (2 + len(runs) if runs else 1)
    short = stockstream("lake", "health", *options, "--rows", "0", "--lake", told).out
    assert (f"0 of {len(runs)} row" in short) == bool(runs)


def test_a_lake_without_health(stockstream: Stockstream, lake: Path, told: Path) -> None:
    assert stockstream("lake", "health", "--lake", lake).out == "none\n"
    said = stockstream("lake", "health", "--run", "frist", "--lake", told)
    assert (said.code, "did you mean 'first'" in said.err) == (2, True)


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
