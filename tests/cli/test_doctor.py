"""``stockstream doctor``."""

from __future__ import annotations

import importlib
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

doctor = importlib.import_module("stockstream.cli.doctor")


class Usage(NamedTuple):
    free: int


def state_of(said: Said, what: str) -> Any:
    """The state of one thing looked at."""
    return {each["what"]: each["state"] for each in said.document["findings"]}[what]


def test_a_healthy_machine(stockstream: Stockstream, lake: Path) -> None:
    said = stockstream("doctor", "--lake", lake)
    assert said.code == 0
    assert "OK     lake: " in said.out
    document = stockstream("doctor", "--lake", lake, "--json").document
    assert document["healthy"] is True
    assert {each["what"] for each in document["findings"]} >= {
        *("Python", "stockstream", "packages", "machine", "kernel cache", "disk", "lake")
    }


def test_no_lake_yet_is_a_warning(stockstream: Stockstream) -> None:
    said = stockstream("doctor", "--json")
    assert said.code == 0
    assert state_of(said, "lake") == "warn"


def test_a_damaged_lake_is_broken(stockstream: Stockstream, lake: Path, tmp_path: Path) -> None:
    shutil.copytree(lake, tmp_path / "damaged")
    next((tmp_path / "damaged" / "bars").rglob("*.parquet")).unlink()
    said = stockstream("doctor", "--lake", "damaged", "--json")
    assert said.code == 1
    assert state_of(said, "lake") == "broken"


def test_a_cache_that_is_cold_or_cannot_be_written_is_a_warning(
    stockstream: Stockstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM_CACHE", str(tmp_path / "cold"))
    assert "doctor --warm" in stockstream("doctor").out
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("STOCKSTREAM_CACHE", str(tmp_path / "file"))
    assert "cannot be written" in stockstream("doctor").out


def test_a_poor_machine(stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(free=1000))
    monkeypatch.setattr(doctor.os, "sysconf", lambda _: 10_000)
    monkeypatch.setattr(doctor, "PACKAGES", ("polars", "no-such-package"))
    said = stockstream("doctor", "--json")
    assert said.code == 1
    assert state_of(said, "disk") == "warn"
    assert state_of(said, "machine") == "warn"
    assert state_of(said, "package") == "broken"


@pytest.mark.slow
def test_warming_compiles_every_kernel(
    stockstream: Stockstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[int, int]] = []
    warm = importlib.import_module("stockstream.cli.warm")
    warm.compile_kernels(lambda *news: done.append(news))
    assert done[-1][0] == done[-1][1] == len(done)
    assert stockstream("doctor", "--warm").code == 0


@pytest.mark.parametrize(
    ("mode", "text", "warned"),
    [
        (0o644, "[eodhd]\ntoken = 'hush'", True),
        (0o640, "[notify]\nurls = ['json://hush']", True),
        (0o600, "[eodhd]\ntoken = 'hush'", False),
        (0o644, "runs = 'there'", False),
    ],
)
def test_a_token_that_others_can_read_is_a_warning(
    stockstream: Stockstream, tmp_path: Path, mode: int, text: str, warned: bool
) -> None:
    file = tmp_path / "stockstream.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    said = stockstream("doctor")
    assert ("chmod 600 stockstream.toml" in said.out) is warned
    assert "hush" not in said.out
