"""Run by the Python of an Airflow: ``parse_time.py DAG_FILE``, parses it as the DAG processor does.

The processor has Airflow imported, imports once what a DAG file imports of Airflow by itself, and
forks for every look at the file. Prints JSON: ``seconds`` of processor time of each look, ``calls``
of functions in one more, which do not depend on what else the machine does, ``dags``, and
``importing``, the seconds of processor time that went into importing Airflow.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import Counter

BEGAN = time.process_time()

from airflow.dag_processing import processor  # noqa: E402 - it is measured

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

IMPORTING = time.process_time() - BEGAN
LOOKS = 5


def main(file: str) -> None:
    """Look at the file some times."""
    logging.disable()
    processor._pre_import_airflow_modules(file, logging.getLogger())
    looks = [looked(file) for _ in range(LOOKS)]
    found = {
        "seconds": [look["seconds"] for look in looks],
        "calls": looked(file, counting=True)["calls"],
        "dags": looks[0]["dags"],
        "importing": IMPORTING,
    }
    print(json.dumps(found))  # noqa: T201


def looked(file: str, *, counting: bool = False) -> dict[str, float]:
    """A look in a process of its own; -1 DAGs are found if the file cannot be imported."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        calls = Counter[str]()
        if counting:
            sys.setprofile(lambda _frame, event, _argument: calls.update([event]))
        began = time.process_time()
        bag = DagBag(file)
        seconds = time.process_time() - began
        sys.setprofile(None)
        told = {
            "seconds": seconds,
            "dags": -1 if bag.import_errors else len(bag.dags),
            "calls": calls["call"] + calls["c_call"],
        }
        os.write(writer, json.dumps(told).encode())
        os._exit(0)
    os.wait()
    return dict(json.loads(os.read(reader, 1_000)))


if __name__ == "__main__":
    main(sys.argv[1])
