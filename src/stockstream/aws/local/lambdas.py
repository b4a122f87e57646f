"""Functions of the emulation: the code that was deployed, in processes of their own."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import uuid
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stockstream.aws.local.environment import process_environment
from stockstream.aws.local.metrics import record_metrics
from stockstream.aws.local.workers import Pool, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stockstream.aws.local.faults import Misfortune
    from stockstream.aws.local.workers import Outcome

__all__ = ["Functions"]


class Functions:
    """Runs functions for moto's control plane.

    Attributes:
        pool: their processes.
        peaks: megabytes that a process has taken at most, by the function's name.

    Args:
        folder: where packages are unpacked.
        port: of the emulation.
        misfortune: what goes wrong.
    """

    def __init__(self, folder: Path, port: int, misfortune: Misfortune) -> None:
        self.pool = Pool()
        self.peaks: dict[str, int] = {}
        self._folder, self._port, self._misfortune = folder, port, misfortune
        self._unpacking = threading.Lock()
        self._under_way = 0
        self._quiet = threading.Condition()

    def install(self) -> None:
        """Take the place of moto's containers."""
        from moto.awslambda.models import LambdaFunction

        LambdaFunction._invoke_lambda = lambda function, event=None: self.invoke(function, event)  # noqa: SLF001 - the seam, kept by a contract test

    def invoke(self, function: Any, event: Any) -> tuple[str, bool, str]:
        """Deliver a call, as often as fortune has it; the answer, whether it is a failure, the log.

        Args:
            function: moto's record of it.
            event: JSON value.
        """
        again = self._misfortune.deliveries()
        outcomes: list[Outcome] = []

        def deliver() -> None:
            outcomes.append(self._run(function, event))

        for _ in range(again.count("before")):
            deliver()
        beside = [threading.Thread(target=deliver) for _ in range(again.count("beside"))]
        for thread in beside:
            thread.start()
        deliver()
        for thread in beside:
            thread.join()
        for _ in range(again.count("late")):
            self._deliver_late(function, event)
        last = outcomes[-1]
        return last.answer, last.failed, last.log

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until no call is under way or yet to come; whether that was in time."""
        with self._quiet:
            return self._quiet.wait_for(lambda: not self._under_way, seconds)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._quiet:
                self._under_way -= 1
                self._quiet.notify_all()

    def _count(self) -> None:
        with self._quiet:
            self._under_way += 1

    def _deliver_late(self, function: Any, event: Any) -> None:
        self._count()
        timer = threading.Timer(self._misfortune.late_by(), self._run_counted, (function, event))
        timer.daemon = True
        timer.start()

    def _run(self, function: Any, event: Any) -> Outcome:
        self._count()
        return self._run_counted(function, event)

    def _run_counted(self, function: Any, event: Any) -> Outcome:
        request = str(uuid.uuid4())
        context = {
            "aws_request_id": request,
            "function_name": function.function_name,
            "function_version": str(function.version),
            "invoked_function_arn": function.function_arn,
            "memory_limit_in_mb": str(function.memory_size),
            "log_group_name": function.logs_group_name,
        }
        with self._counted():
            key, make = self._process(function)
            kill_after = self._misfortune.kill_worker()
            outcome = self.pool.call(
                key, make, lambda w: w.call(event, context, float(function.timeout), kill_after)
            )
            name = function.function_name
            self.peaks[name] = max(self.peaks.get(name, 0), outcome.peak)
            _write_log(function, request, outcome)
        return outcome

    def _process(self, function: Any) -> tuple[str, Callable[[], Worker]]:
        """What tells a function's processes from others, and how one is started."""
        if function.package_type == "Image":
            (handler, *_), folder = function.image_config.cmd, self._folder
        else:
            handler, folder = function.handler, self._unpack(function.code_bytes)
        environment = {
            **process_environment(self._port),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time or 'image'}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "LAMBDA_TASK_ROOT": str(folder),
            "_HANDLER": handler,
            **{name: str(value) for name, value in function.environment_vars.items()},
        }
        facts = [function.function_arn, handler, function.code_sha_256, function.code, environment]
        isolated = function.package_type != "Image"
        key = json.dumps(facts, sort_keys=True)
        return key, lambda: Worker(handler, folder, environment, isolated=isolated)

    def _unpack(self, code: bytes) -> Path:
        folder = self._folder / hashlib.sha256(code).hexdigest()[:16]
        with self._unpacking:
            if not folder.exists():
                unfinished = folder.with_suffix(".tmp")
                zipfile.ZipFile(io.BytesIO(code)).extractall(unfinished)
                unfinished.rename(folder)
        return folder


def _write_log(function: Any, request: str, outcome: Outcome) -> None:
    milliseconds = outcome.seconds * 1000
    lines = outcome.log.splitlines()
    report = "\t".join(
        [
            f"REPORT RequestId: {request}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {int(milliseconds) + 1} ms",
            f"Memory Size: {function.memory_size} MB",
            f"Max Memory Used: {outcome.peak} MB",
        ]
    )
    text = [
        f"START RequestId: {request} Version: {function.version}",
        *lines,
        f"END RequestId: {request}",
        report,
    ]
    function.logs_backend.ensure_log_group(function.logs_group_name)
    function.save_logs("\n".join(text))
    record_metrics(function.account_id, function.region, lines)
