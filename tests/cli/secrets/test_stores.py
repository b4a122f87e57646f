"""A lake in a bucket that works: keys open it, and stay out of everything that is written."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.lake import remote
from stockstream.lake.location import Location

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.secrets.conftest import Canaries, Watch

pytestmark = pytest.mark.slow


@pytest.fixture
def market(bucket: str, canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder in a bucket. The server takes any keys; these are canaries."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, canaries.make("/+"))
    monkeypatch.setattr(remote, "RETRIES", 0)
    return bucket


def test_no_key_is_in_a_bucket(market: str, canaries: Canaries, watch: Watch) -> None:
    simulated = ("--provider", "simulated", "--companies", "2", "--start", "2024-01-01")
    assert watch("--debug", "fetch", *simulated, "--lake", market, "--json").code == 0
    for words in (("info",), ("log",), ("verify",), ("health",), ("vacuum", "--dry-run")):
        assert watch("--debug", "lake", *words, "--lake", market).code == 0
    assert watch("fetch", *simulated, "--seed", "8", "--lake", market, "--json").code == 1
    assert watch("lake", "restore", "--version", "bars@0 actions@0", "--lake", market).code == 0
    assert watch("symbols", "--lake", market, "--json").code == 1
    files = list(Location.of(market).files())
    assert len(files) > 5
    for file in files:
        canaries.demand_none(file.name, "a name")
        content = Location.of(market).read(file.name)
        canaries.demand_none(content.decode("latin-1"), file.name)


def test_a_bucket_that_is_not_there(market: str, watch: Watch, tmp_path: Path) -> None:
    text = "symbol,date,open,high,low,close,volume\nBHP.AX,2024-01-02,10,11,9,10,1000\n"
    (tmp_path / "bars.csv").write_text(text, encoding="utf-8")
    for words in (("import", "bars.csv"), ("lake", "info"), ("doctor",), ("quality",)):
        said = watch("--debug", *words, "--lake", "s3://nobody-has-this-bucket/market", "--json")
        assert said.code == 1


def test_libraries_keep_to_themselves_what_they_say_to_their_makers(
    market: str, canaries: Canaries
) -> None:
    for words in (("fetch", "--provider", "simulated", "--companies", "1"), ("lake", "symbols")):
        done = subprocess.run(
            [sys.executable, "-m", "stockstream", "--debug", *words, "--lake", market],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        assert "DEBUG botocore" not in done.stderr
        canaries.demand_none(done.stdout + done.stderr, " ".join(words))
