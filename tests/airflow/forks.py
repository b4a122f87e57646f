"""Run by the Python of an Airflow: imports it once, then runs programs in forks of itself.

To import Airflow and to make its API for tasks takes ten seconds of a processor; a fork has both.
A line of JSON on standard input is a program: ``words`` as they stand behind ``python``, its whole
``environment``, the ``folder`` it runs in and into which it prints (``stdout``, ``stderr``). The
answer is a line with its exit code.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import threading
import traceback
from pathlib import Path


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm_up()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.detach()
            os._exit(played(**asked))
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
    os._exit(0)  # to take all of Airflow apart takes seconds


def warm_up() -> None:
    """Import what every run of a DAG needs, and make the API that tasks call, but no thread."""
    import airflow.models.dagrun
    import airflow.providers.amazon.aws.operators.batch
    import airflow.sdk.execution_time.task_runner
    import httpx
    from airflow.sdk.execution_time import supervisor

    try:
        import airflow.dag_processing.dagbag
    except ImportError:
        import airflow.models.dagbag  # noqa: F401
    api = supervisor.in_process_api_server()

    async def ask() -> None:
        async with httpx.AsyncClient(transport=api.atransport, base_url="http://here") as client:
            await client.get("/nothing")  # the first request makes the routes of every version

    asyncio.run(ask())
    supervisor.in_process_api_server = lambda: api  # the older Airflow makes one for each task
    assert threading.active_count() == 1, "a fork takes no thread along"


def played(words: list[str], environment: dict[str, str], folder: str, out: str) -> int:
    """Run a program in this process; gives its exit code."""
    for descriptor, name in ((0, os.devnull), (1, f"{out}/stdout"), (2, f"{out}/stderr")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment["PYTHONPATH"].split(":")
    try:
        move()
        start(words)
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        sys.stderr.write(f"{left.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def move() -> None:
    """Go over to the database and the folder of DAGs that the environment names."""
    from airflow import settings

    settings.dispose_orm(do_log=False)
    settings.configure_vars()
    settings.configure_orm()


def start(words: list[str]) -> None:
    """Do as ``python WORDS`` does."""
    first, *others = words
    if first == "-c":
        sys.argv = ["-c", *others[1:]]
        exec(compile(others[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    elif first == "-m":
        sys.argv = others
        runpy.run_module(others[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(first).parent))
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main()
