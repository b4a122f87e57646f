"""The emulation's own process: moto's control plane in front of real execution.

``python -m stockstream.aws.local.server FOLDER OPTIONS`` with the options as JSON; see
:class:`stockstream.aws.local.LocalAws`, which starts it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.aws.local.faults import Faults, Misfortune

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.serving import BaseWSGIServer

__all__ = ["main"]

HOST = "127.0.0.1"

DEEP = 100_000
"""Frames of Python: the interpreter of state machines calls itself once for each item of a Map."""


def main(folder: Path, options: dict[str, Any]) -> None:
    """Serve until told to end; print one line of JSON once requests are answered."""
    sys.setrecursionlimit(DEEP)
    misfortune = Misfortune(Faults.from_document(options["faults"]))
    server = _listen(folder, options["port"], options["hurry"], misfortune)
    signal.signal(signal.SIGTERM, lambda *_: _end())
    if options["tied"]:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.server_port, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _listen(folder: Path, port: int, hurry: float, misfortune: Misfortune) -> BaseWSGIServer:
    """Bind first: moto must know the port before anything of it is imported."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, port, lambda *_: [], threaded=True)
    os.environ["MOTO_PORT"] = str(server.server_port)
    os.environ["MOTO_LAMBDA_STUB_ECR"] = "true"
    os.environ["TEST_SERVER_MODE"] = "true"
    from moto.moto_server import werkzeug_app

    server.RequestHandlerClass = werkzeug_app.MotoRequestHandler
    server.app = _application(folder, server.server_port, hurry, misfortune)
    return server


def _application(folder: Path, port: int, hurry: float, misfortune: Misfortune) -> Any:
    from moto.core.config import default_user_config
    from moto.moto_server import werkzeug_app

    from stockstream.aws.local.attempts import Attempts
    from stockstream.aws.local.batch import install_jobs
    from stockstream.aws.local.door import Door
    from stockstream.aws.local.executions import install_executions
    from stockstream.aws.local.interpreter import install_interpreter
    from stockstream.aws.local.lambdas import Functions
    from stockstream.aws.local.mwaa import Mwaa

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    for name in ("code", "task"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    functions = Functions(folder / "code", port, misfortune)
    functions.install()
    install_jobs(Attempts(folder / "task", port, misfortune))
    install_interpreter(hurry, misfortune)
    install_executions()

    def set_faults(document: dict[str, Any]) -> dict[str, int]:
        before = dict(misfortune.injected)
        misfortune.set(Faults.from_document(document))
        return before

    moto = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
    mwaa = Mwaa(moto, port)
    questions: dict[str, Callable[[Any], Any]] = {
        "state": lambda _: {
            "pid": os.getpid(),
            "cold_starts": functions.pool.cold_starts,
            "peaks": functions.peaks,
        },
        "faults": set_faults,
        "quiet": functions.wait_until_quiet,
        "mwaa": mwaa.add,
    }
    return Door(mwaa, misfortune, questions)


def _end_with_parent() -> None:
    """Whoever started the process holds the other end of its standard input."""
    sys.stdin.buffer.read()
    _end()


def _end() -> None:
    """End with every process that was started: all of them are of this one's group."""
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
