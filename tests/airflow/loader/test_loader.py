"""The one DAG file that reads documents, in a real Airflow that has no engine."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.environment import ROOT
from tests.airflow.loader.hostile import CANARY, CODE, good_document, templated_document

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.store import Lake
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.airflow.stage import Stage

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
DAG_FILES = ROOT / "src" / "stockstream" / "airflow" / "dags"
LOADER = DAG_FILES / "stockstream_backtests.py"

MOST_CALLS = 1_500_000

NAMES = """
import json, sys
from pathlib import Path
from stockstream.airflow.loader import load_dags
print(json.dumps(sorted(load_dags(Path(sys.argv[1])))))
"""

PROBE = """#!{python}
import os, sys
open({out!r}, "w").write(os.environ["REQUEST"])
sys.exit(2)
"""
"""Stands where the engine's interpreter would, and keeps what it was told."""


def loading(stage: Stage, folder: Path) -> Stage:
    """A stage whose folder of DAGs has the loader, which reads a folder."""
    shutil.copy(LOADER, stage.home / "dags")
    stage.environment["STOCKSTREAM_CONFIGS"] = str(folder)
    return stage


def program(stage: Stage, name: str, *words: str) -> Any:
    stage.environment["PYTHONPATH"] = f"{ROOT / 'src'}:{ROOT}"
    done = stage.run(str(HERE / name), *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_bad_documents_are_named_and_stop_no_other(
    every_stage: Stage, configs: Callable[..., Path]
) -> None:
    stage = loading(every_stage, configs(good=good_document(), bad="{", worse={"dag_id": "a\nb"}))
    played = stage.play("stockstream_loader")
    assert played.state == "failed"
    assert "1 of 3 documents are DAGs" in played.log
    assert "bad.json: the document is no JSON" in played.log
    assert "worse.json: dag_id: String should match" in played.log
    done = stage.run("-c", NAMES, stage.environment["STOCKSTREAM_CONFIGS"])
    assert json.loads(done.stdout.splitlines()[-1]) == ["document_0", "stockstream_loader"]


def test_one_that_airflow_cannot_make_is_named_too(
    stage: Stage, configs: Callable[..., Path]
) -> None:
    large = good_document(1)  # one task for each combination
    large["config"]["param_grid"] = {"days": "1:2000:2000"}
    stage = loading(stage, configs(good=good_document(), large=large))
    played = stage.play("stockstream_loader")
    assert played.state == "failed"
    assert "large.json: ConfigError: 2,000 combinations are more than the 1,024" in played.log
    listed = stage.run("-m", "airflow", "dags", "list", "-o", "json", "--local")
    found = {row["dag_id"] for row in json.loads(listed.stdout.splitlines()[-1])}
    assert found == {"document_0", "stockstream_loader"}


def test_good_documents_alone_are_a_success(stage: Stage, configs: Callable[..., Path]) -> None:
    stage = loading(stage, configs(a=good_document(0), b=good_document(4)))
    assert stage.play("stockstream_loader").state == "success"


def test_a_document_runs_as_the_laptop_does(
    every_stage: Stage, configs: Callable[..., Path], lake: Path
) -> None:
    config = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-06-03",
        "end_date": "2020-12-31",
        "slow_period": 30,
        "param_grid": {"fast_period": [3, 5]},
    }
    stage = loading(every_stage, configs(a={"dag_id": "a", "mode": "local", "config": config}))
    stage.variables["stockstream_lake"] = str(lake)
    played = stage.play("a")
    assert played.state == "success", played.log
    labels = [played.tasks[f"backtest_{i}"]["label"] for i in range(2)]
    assert labels == ["fast_period=3", "fast_period=5"]
    here = run_sweep(BacktestConfig(**config), Lake.open(str(lake)), store=MemoryStore())
    assert played.tasks["collect"]["returned"]["digest"] == here.digest


def test_a_task_of_one_dag_does_not_wait_for_the_others(
    stage: Stage, configs: Callable[..., Path]
) -> None:
    folder = configs(**{f"d{n}": good_document(n) for n in range(5)}, bad="{")
    stage.environment["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "document_3"
    done = stage.run("-c", NAMES, str(folder))
    assert json.loads(done.stdout.splitlines()[-1]) == ["document_3"]


def test_two_hundred_documents_are_little_work(
    every_stage: Stage, configs: Callable[..., Path]
) -> None:
    """In calls of functions: 0.45 s of a processor, as ``benchmarks`` measures it."""
    loading(every_stage, configs(**{f"d{n:03}": good_document(n) for n in range(200)}))
    found = program(every_stage, "parse_time.py", str(every_stage.home / "dags" / LOADER.name))
    assert found["dags"] == 201
    assert found["calls"] < MOST_CALLS


def test_hostile_documents_make_the_template_or_nothing(every_stage: Stage) -> None:
    found = program(every_stage, "builders.py", "2000", "5")
    assert found["wrong"] == []
    assert found["built"] > 500


def test_templates_reach_the_job_as_text(
    stage: Stage, configs: Callable[..., Path], tmp_path: Path
) -> None:
    texts = [text for text in CODE if "{" in text]
    out, probe = tmp_path / "request.json", tmp_path / "probe"
    probe.write_text(PROBE.format(python=sys.executable, out=str(out)))
    probe.chmod(0o755)
    stage.variables.update(stockstream_python=str(probe), stockstream_lake=str(tmp_path / "lake"))
    document = {**templated_document(2, texts[0]), "retries": 0}
    document["backtests"]["one"]["factors"] = texts
    loading(stage, configs(a=document))
    played = stage.play("document_2")
    assert played.tasks["one.plan"]["state"] == "failed", played.log
    asked = json.loads(out.read_text())["config"]
    assert asked["parameters"] == {"factors": texts, "cooldown_period": 5, "note": texts[0]}
    assert asked["universe"] == [texts[0]]
    assert asked["param_grid"]["word"] == [texts[0], "plain"]
    assert not Path(f"/tmp/{CANARY}").exists()  # noqa: S108 - where the hostile code would write
