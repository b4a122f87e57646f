"""An emulation starts, is found, and ends with everything that it started."""

from __future__ import annotations

import os
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.local import NO_FAULTS, LocalAws
from stockstream.aws.local.door import Door
from stockstream.aws.local.faults import Misfortune
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether there is such a process, other than one that waits to be buried."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_says_where_it_is(local_aws: LocalAws) -> None:
    assert local_aws.environment == {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{local_aws.port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "ap-southeast-2",
        "AWS_DEFAULT_REGION": "ap-southeast-2",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    assert local_aws.url == local_aws.environment["AWS_ENDPOINT_URL"]


def test_it_is_one_account(account: Any) -> None:
    assert account.local.client("sts").get_caller_identity()["Account"] == "123456789012"


@pytest.mark.slow
def test_it_is_found_by_its_folder_as_long_as_it_runs(tmp_path: Path, socket_enabled: None) -> None:
    assert LocalAws.running(tmp_path) is None
    with LocalAws.start(tmp_path) as local:
        found = LocalAws.running(tmp_path)
        assert found is not None
        assert (found.pid, found.url) == (local.pid, local.url)
        with pytest.raises(ConfigError, match=f"port {local.port} is taken"):
            LocalAws.start(tmp_path / "other", port=local.port)
        with pytest.raises(ConfigError, match="another one runs"):
            LocalAws.start(tmp_path)
        found.stop()
        assert LocalAws.running(tmp_path) is None
    assert not is_alive(local.pid)


def test_another_server_at_its_port_is_not_taken_for_it(
    local_aws: LocalAws, tmp_path: Path, socket_enabled: None
) -> None:
    state = f'{{"port": {local_aws.port}, "pid": 1}}'
    (tmp_path / "emulation.json").write_text(state)
    assert LocalAws.running(tmp_path) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "null"},
        {"Host": "rebound.example:5555"},
        {"Host": "localhost.example:5555"},
    ],
)
def test_web_pages_are_refused(
    local_aws: LocalAws, socket_enabled: None, headers: dict[str, str]
) -> None:
    for path in ("/", "/_stockstream/state", "/2015-03-31/functions"):
        connection = HTTPConnection("127.0.0.1", local_aws.port)
        connection.request("GET", path, headers=headers)
        assert connection.getresponse().status == 403
        connection.close()


@pytest.mark.slow
def test_what_it_started_ends_with_it(
    tmp_path: Path,
    socket_enabled: None,
    account_of: Callable[[LocalAws], Any],
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    with LocalAws.start(tmp_path) as local:
        account = account_of(local)
        worker = account.call(
            account.function("import os\ndef handler(event, context): return os.getpid()")
        )
        told = tmp_path / "told"
        line = (
            f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text(str(os.getpid())); "
            "time.sleep(600)"
        )
        account.submit(account.queue(), account.definition(("python", "-c", line)))
        job = int(eventually(lambda: told.exists() and told.read_text()))
        assert is_alive(worker)
        assert is_alive(job)
    assert eventually(lambda: not is_alive(worker) and not is_alive(job))


@pytest.mark.slow
def test_it_ends_with_the_process_that_started_it(
    tmp_path: Path, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    line = (
        "import os, sys; from pathlib import Path; from stockstream.aws.local import LocalAws; "
        f"print(LocalAws.start(Path({str(tmp_path)!r})).pid, flush=True); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True, env=os.environ
    )
    assert eventually(lambda: not is_alive(int(done.stdout)))


@pytest.mark.slow
def test_one_that_is_detached_lives_on(tmp_path: Path, socket_enabled: None) -> None:
    line = (
        "import os, sys; from pathlib import Path; from stockstream.aws.local import LocalAws; "
        f"LocalAws.start(Path({str(tmp_path)!r}), detach=True); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", line], check=True)
    found = LocalAws.running(tmp_path)
    assert found is not None
    found.stop()
    assert LocalAws.running(tmp_path) is None


def test_why_it_cannot_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"stockstream\[rehearsal\]"):
        LocalAws.start(tmp_path)


def test_a_call_whose_answer_was_lost_is_done_once() -> None:
    done: list[str] = []

    def inside(environ: dict[str, Any], start: Any) -> list[bytes]:
        done.append(environ["HTTP_AMZ_SDK_INVOCATION_ID"])
        start("200 OK", [])
        return [str(len(done)).encode()]

    door = Door(inside, Misfortune(NO_FAULTS), {})

    def ask(call: str) -> list[bytes]:
        asked = {"HTTP_HOST": "127.0.0.1:1", "HTTP_AMZ_SDK_INVOCATION_ID": call}
        return list(door(asked, lambda *_: None))

    assert [ask("a"), ask("a"), ask("b"), ask("a")] == [[b"1"], [b"1"], [b"2"], [b"1"]]
    assert done == ["a", "b"]
