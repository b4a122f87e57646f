"""The command as a function, and a small lake to try it on."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from stockstream.cli import main
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output, which must be one JSON document and nothing else."""
        document: dict[str, Any] = json.loads(self.out, parse_constant=_refuse)
        return document


class Stockstream(Protocol):
    """Runs ``stockstream`` with some arguments in a folder of its own."""

    def __call__(self, *arguments: object) -> Said: ...


@pytest.fixture
def stockstream(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Stockstream:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STOCKSTREAM_DEBUG", raising=False)

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve simulated companies over three years; read only."""
    place = tmp_path_factory.mktemp("cli") / "lake"
    provider = SimulatedProvider(companies=12)
    fetch(provider, (), dt.date(2019, 1, 1), dt.date(2021, 12, 31), place)
    return place


@pytest.fixture(scope="session")
def symbols(lake: Path) -> list[str]:
    """Symbols of :func:`lake` that trade from the first year to the last."""
    bars = Lake.open(lake).bars()
    spans = bars.group_by("symbol").len().sort("len", descending=True).head(4)
    return sorted(spans["symbol"])


def _refuse(constant: str) -> None:
    pytest.fail(f"{constant} is no JSON")
