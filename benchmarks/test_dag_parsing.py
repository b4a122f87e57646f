"""How long Airflow looks at the one file that reads 200 documents; it gives a file 30 seconds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from tests.airflow.conftest import every_airflow_python
from tests.airflow.environment import ROOT
from tests.airflow.loader.hostile import good_document
from tests.airflow.loader.test_loader import HERE, LOADER

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["every_airflow_python"]

DOCUMENTS = 200
MOST = 0.25
"""Of the processor time that importing Airflow takes. It is two seconds or more on a processor of
2024, so this is half a second; and it holds on any machine, whatever else that does."""


def test_two_hundred_documents_are_parsed_in_half_a_second(
    benchmark: Any, every_airflow_python: Path, tmp_path: Path
) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    for number in range(DOCUMENTS):
        (configs / f"{number}.json").write_text(json.dumps(good_document(number)))
    file = shutil.copy(LOADER, tmp_path)
    command = [str(every_airflow_python), str(HERE / "parse_time.py"), str(file)]
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    found: dict[str, Any] = {}

    def parse() -> None:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.update(json.loads(done.stdout.splitlines()[-1]))

    benchmark.pedantic(parse, rounds=1)
    seconds, importing = min(found["seconds"]), found["importing"]
    print(
        f"\n{found['dags']} DAGs in {seconds:.2f} s of a processor, {found['calls']:,} calls; ",
        end="",
    )
    print(f"importing Airflow took {importing:.2f} s")
    assert found["dags"] == DOCUMENTS + 1
    assert seconds < MOST * importing
