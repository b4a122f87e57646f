"""``sweep --runner`` and ``runs`` on a stack, as a user types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import make_lake
from tests.cli.conftest import stockstream

from stockstream.aws.local import REGION
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.file_store import STUDY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud
    from tests.cli.conftest import Said, Stockstream

__all__ = ["stockstream"]

GRID = ("--strategy", "MovingAverageCrossover", "--grid", "fast_period=3,5;slow_period=10,20")

POISONED = """
from stockstream.strategy import *

class Mine(Strategy):
    share: float = 0.2

    def on_data(self, date, symbol, data, portfolio):
        if symbol == "ZAA.AX" and self.share == 0.2:
            raise GeneratorExit("the poison")
        return Action.target_weight(self.share)
"""


@pytest.fixture
def sweep(stockstream: Stockstream, cloud: Cloud) -> Callable[..., Said]:
    """Sweeps the lake of the stack; each word after the runner's is an option."""

    def run(runner: str, *options: object, lake: str | None = None) -> Said:
        given = ("--lake", lake or cloud.lake, "--split", "ticker", "--runner", runner)
        return stockstream("sweep", *GRID, *given, *options)

    return run


def only_run(folder: Path) -> str:
    """The name of the one sweep that is kept."""
    (found,) = (folder / "data/runs").glob(f"s-*/{STUDY}")
    return found.parent.name


@pytest.mark.slow
def test_a_sweep_runs_on_a_stack_and_is_kept_here(
    sweep: Callable[..., Said],
    stockstream: Stockstream,
    cloud: Cloud,
    kind: str,
    tmp_path: Path,
) -> None:
    # another number of cents for each service: else the second would join what the first has done
    capital = ("--initial-capital", 100_000 + cloud.kinds.index(kind))
    said = sweep(kind, *capital, "--json")
    assert said.code == 0, said.err
    name = said.document["name"]
    assert f"{name} by {kind}" in said.err
    assert LocalRunner(tmp_path / "data/runs").study(name).trials == said.document["trials"] == 12
    shown = stockstream("runs", "show", name, "--json").document
    assert (shown["state"], shown["done"], shown["failed"]) == ("done", 12, 0)
    [listed] = stockstream("runs", "list", "--json").document["runs"]
    assert (listed["run"], listed["state"]) == (name, "done")
    assert stockstream("runs", "follow", name).code == 0
    away = LocalRunner(tmp_path / "data/runs").result(name).digest

    here = sweep("local", *capital, "--runs", "here", "--json").document
    assert here["name"] == name
    assert here["best"] == said.document["best"]
    assert LocalRunner(tmp_path / "here").result(name).digest == away

    assert stockstream("runs", "delete", name, "--yes").code == 0
    assert not cloud.keys(f"runs/{name}/")
    assert not (tmp_path / "data/runs" / name).exists()


@pytest.mark.slow
def test_a_detached_sweep_is_followed_cancelled_and_resumed(
    sweep: Callable[..., Said],
    stockstream: Stockstream,
    cloud: Cloud,
    kind: str,
    tmp_path: Path,
) -> None:
    said = sweep(kind, "--initial-capital", 200_000 + cloud.kinds.index(kind), "--detach")
    assert said.code == 0, said.err
    name = only_run(tmp_path)
    for word in ("follow", "show", "cancel"):
        assert f"stockstream runs {word} {name}" in said.out
    assert stockstream("runs", "cancel", name, "--json").document["runs"][0]["run"] == name
    resumed = stockstream("runs", "resume", name, "--follow", "--json")
    assert (resumed.code, resumed.document["state"]) == (0, "done"), resumed.document["error"]
    record = CloudRecord.read(tmp_path / "data/runs" / name)
    assert record is not None
    assert (record.runner, record.lake) == (kind, cloud.lake)
    assert record.where == {"prefix": cloud.prefix, "region": REGION}
    assert stockstream("report", name, "--output", "page.html").code == 0


@pytest.mark.slow
def test_what_was_given_up_is_said_and_the_rest_is_shown(
    stockstream: Stockstream, cloud: Cloud, kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(POISONED, encoding="utf-8")
    grid = ("--strategy", f"{file}:Mine", "--grid", "share=0.1,0.2,0.3", "--split", "ticker")
    said = stockstream("sweep", *grid, "--lake", cloud.lake, "--runner", kind)
    assert said.code == 3, said.err
    name = only_run(tmp_path)
    assert "share=0.2" in said.out
    assert "the poison" in said.out
    shown = stockstream("runs", "show", name)
    stack = f"(prefix {cloud.prefix}, region {REGION})"
    assert f"{kind} on {cloud.lake} {stack}, attempt 1: " in shown.out
    assert f"try again with `stockstream runs resume {name}`" in shown.out
    assert stockstream("runs", "follow", name).code == 3


@pytest.mark.slow
def test_a_cloud_that_does_not_answer_hides_no_other_run(
    sweep: Callable[..., Said],
    stockstream: Stockstream,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    assert sweep("local", "--initial-capital", 400_000).code == 0
    here = only_run(tmp_path)
    assert sweep("aws-batch", "--initial-capital", 500_000, "--detach").code == 0
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    listed = stockstream("runs", "list", "--json").document["runs"]
    assert {run["state"] for run in listed if run["run"] != here} == {"unreachable"}
    assert [run["state"] for run in listed if run["run"] == here] == ["done"]
    (away,) = (run["run"] for run in listed if run["run"] != here)
    said = stockstream("runs", "show", away)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "check the network" in said.err


@pytest.mark.slow
def test_control_c_leaves_it_running_and_says_how_to_go_on(
    sweep: Callable[..., Said],
    stockstream: Stockstream,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def interrupted(_self: object, _run: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(CloudRunner, "follow", interrupted)
        said = sweep("step-functions", "--initial-capital", 300_000)
    name = only_run(tmp_path)
    assert said.code == 130
    assert f"{name} goes on by step-functions: `stockstream runs follow {name}`" in said.err
    assert stockstream("runs", "follow", name).code == 0


@pytest.mark.slow
def test_what_no_stack_takes_is_said_before_anything_is_planned(
    sweep: Callable[..., Said],
    cloud: Cloud,
    aws_bucket: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    make_lake(tmp_path / "lake")
    away = sweep("aws-batch", lake=str(tmp_path / "lake"))
    assert away.code == 2
    assert "copy it there with `stockstream lake copy s3://BUCKET`" in away.err
    make_lake(aws_bucket[1])
    other = sweep("aws-batch", lake=aws_bucket[1])
    assert other.code == 2
    assert f"works on the lake {cloud.lake}, and this one is {aws_bucket[1]}" in other.err
    searched = sweep("aws-batch", "--search", 3)
    assert searched.code == 2
    assert "--search goes without" in searched.err
    monkeypatch.setenv("STOCKSTREAM__AWS__PREFIX", "nowhere-")
    nobody = sweep("step-functions")
    assert nobody.code == 2
    assert "no stack with the prefix 'nowhere-' in ap-southeast-2" in nobody.err
    assert "stockstream deploy aws apply" in nobody.err
    assert not (tmp_path / "data").exists()
