"""Every command in every bad situation, with canaries wherever a secret can be given."""

from __future__ import annotations

import datetime as dt
import importlib
import shlex
import shutil
from typing import TYPE_CHECKING, Final

import pytest
import typer.main

from stockstream.app import serving
from stockstream.cli.app import app
from stockstream.jit import cache_dir
from stockstream.lake import remote
from stockstream.runners.airflow.api import AirflowApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.cli.secrets.conftest import Canaries, Echo, Watch

STORE: Final = "s3://bucket/market"
LAKE: Final = "lake"
STRATEGY: Final = "--strategy MovingAverageCrossover --start-date 2021-07-01"

ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "demo": ("",),
    "doctor": ("",),
    "app": ("--address 0.0.0.0", "--address 192.0.2.1 --public"),
    "import": ("bars.csv", "nowhere.csv"),
    "update": ("--config symbols.json", "", "--provider eodhd --config symbols.json"),
    "symbols": ("--config symbols.json", "", "--config nowhere.json"),
    "fetch": ("--config symbols.json", "--provider eodhd --symbols BHP.AX", "--provider nobody"),
    "factors import": (
        "factors.csv --known-lag 30",
        "--url-env FACTORS_URL --table ratios",
        "--db-env DB_ --query 'SELECT 1'",
        "--url-env DB_PASSWORD --table ratios",
    ),
    "factors show": ("",),
    "lake info": ("",),
    "lake symbols": ("",),
    "lake universe": ("",),
    "lake quarantine": ("",),
    "lake findings": ("",),
    "lake health": ("", "--run nobody"),
    "lake log": ("",),
    "lake restore": ("--version 'bars@0 actions@0'",),
    "lake copy": ("copy", "s3://bucket/copy"),
    "lake verify": ("",),
    "lake repair": ("",),
    "lake vacuum": ("--dry-run",),
    "quality": ("--html quality.html",),
    "schedule install": ("--systemd", "--cron --dry-run", "--systemd -- --again"),
    "schedule show": ("",),
    "schedule remove": ("",),
    "indicators": ("--output bars.parquet", "--list"),
    "new strategy": ("mine.py",),
    "backtest": (f"{STRATEGY} --report sheet.html",),
    "sweep": (f"{STRATEGY} --grid fast_period=5,10 --output trials.csv",),
    "estimate": (f"{STRATEGY} --grid fast_period=5,10",),
    "runs list": ("",),
    "runs show": ("latest", "nobody"),
    "runs follow": ("latest", "nobody"),
    "runs cancel": ("latest", "s-0123456789ab"),
    "runs resume": ("latest", "s-0123456789ab"),
    "runs compare": ("latest latest", "nobody nowhere"),
    "runs delete": ("--yes latest", "--yes s-0123456789ab"),
    "verify": (f"{STRATEGY} --cuts 1",),
    "report": ("latest", "nobody"),
    "compare": ("latest latest", "nobody nowhere"),
    "reproduce": ("latest", "nobody"),
    "aws local up": ("--port 70000",),
    "aws local down": ("--folder nowhere",),
    "aws local status": ("--folder nowhere",),
    "aws local env": ("--folder nowhere",),
    "deploy aws plan": ("", "--region nowhere", "--var token=x", "--state s3://bucket"),
    "deploy aws apply": ("--yes", "--yes --local"),
    "deploy aws destroy": ("--yes", "--yes --local"),
    "deploy aws status": ("", "--local --folder nowhere"),
    "deploy airflow": ("--check", "--dags . --yes", "--dags s3://bucket/dags --yes --wait 1"),
    "airflow status": ("", "--all"),
    "airflow pause": ("nobody",),
    "airflow unpause": ("nobody",),
    "airflow trigger": ("nobody --follow", "nobody --conf x"),
}
WITHOUT_LAKE: Final = (
    *("report", "compare", "new strategy", "schedule show", "schedule remove"),
    *(f"aws local {word}" for word in ("up", "down", "status", "env")),
    *(f"deploy aws {word}" for word in ("plan", "apply", "destroy", "status")),
    *("deploy airflow", *(f"airflow {word}" for word in ("status", "pause", "unpause", "trigger"))),
    *(f"runs {word}" for word in ("list", "show", "follow", "cancel", "compare", "delete")),
)


@pytest.fixture
def scene(
    request: pytest.FixtureRequest,
    lake: Path,
    canaries: Canaries,
    echo: Echo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The place of the lake in a situation."""
    here, file = tmp_path / LAKE, tmp_path / "stockstream.toml"
    match request.param:
        case "a whole lake":
            shutil.copytree(lake, here)
        case "a damaged lake":
            shutil.copytree(lake, here)
            next((here / "bars").rglob("*.parquet")).write_bytes(b"PAR1")
        case "something else":
            here.mkdir()
            (here / "lake.json").write_text("[]", encoding="utf-8")
        case "an unknown setting":
            monkeypatch.setenv("STOCKSTREAM__EODHD__TOKN", canaries.make())
        case "a wrong setting":
            monkeypatch.delenv("STOCKSTREAM__EODHD__TOKEN")
            file.write_text(f"[eodhd]\ntoken = ['''{canaries.make()}''']", encoding="utf-8")
        case "a broken file":
            file.write_text(f"[eodhd]\ntoken = '''{canaries.make()}", encoding="utf-8")
        case "a closed store":
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://me:{canaries.encoded()}@127.0.0.1:1")
            return STORE
        case "a store that refuses" | "a store that repeats":
            echo.kind, echo.status = "xml", 403 if "refuses" in request.param else 400
            echo.files = {"/lake.json": (lake / "lake.json").read_bytes()}
            return STORE
        case "an address that tells":
            return f"s3://{canaries.encoded()}:{canaries.encoded()}@bucket/market"
    return LAKE


SCENES: Final = (
    "a whole lake",
    "no lake",
    "a damaged lake",
    "something else",
    "an unknown setting",
    "a wrong setting",
    "a broken file",
    "a closed store",
    "a store that refuses",
    "a store that repeats",
    "an address that tells",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of the test's own, in which no program is found."""
    monkeypatch.setenv("STOCKSTREAM_CACHE", str(cache_dir().parents[2]))  # kernels of others serve
    for name in ("HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(remote, "RETRIES", 0)
    monkeypatch.setattr(serving, "serve", lambda listening, _: listening.close())
    monkeypatch.setattr(AirflowApi, "pauses", ())
    for name, value in {"COMPANIES": 5, "SYMBOLS": 2, "START": dt.date(2023, 1, 1)}.items():
        monkeypatch.setattr(importlib.import_module("stockstream.cli.demo"), name, value)
    (tmp_path / "bars.csv").write_text("symbol,date,open,high,low,close,volume\nA,x,1,1,1,1,1\n")
    (tmp_path / "factors.csv").write_text("symbol,date,name,value\nBHP.AX,2024-06-30,roe,x\n")


def commands() -> Iterator[str]:
    """Every command that is no group."""
    waiting = [("", typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop()
        children = getattr(command, "commands", {})
        waiting += [(f"{path} {name}".strip(), child) for name, child in children.items()]
        if not children:
            yield path


def test_no_command_is_left_out() -> None:
    assert set(ARGUMENTS) == set(commands())


@pytest.mark.slow
@pytest.mark.parametrize("command", ARGUMENTS)
@pytest.mark.parametrize("scene", SCENES, indirect=True)
def test_no_command_brings_one_out(
    command: str, poisoned: None, home: None, scene: str, watch: Watch
) -> None:
    place = () if command in WITHOUT_LAKE else ("--lake", scene)
    for line in ARGUMENTS[command]:
        words, behind = command.split(), shlex.split(line)
        said = watch("--debug", *words, *place, "--json", *behind)
        if said.code == 0:
            watch(*words, *place, *behind)


@pytest.mark.parametrize("command", ARGUMENTS)
def test_a_url_in_the_wrong_place(
    command: str, canaries: Canaries, home: None, watch: Watch
) -> None:
    raw = canaries.make("@/:?#")
    for url in (f"postgresql://me:{canaries.encoded()}@h/db", f"mysql://me:{raw}@h/d"):
        for words in ((url,), ("--lake", url), ("--runs", url), (f"--{url}",)):
            watch.listen("--debug", *command.split(), *words)
