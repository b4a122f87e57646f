"""Terraform as a program: found, listened to, stopped."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.deploy import terraform as terraform_module
from stockstream.aws.deploy.messages import Change, counted, short
from stockstream.aws.deploy.terraform import MIRROR, Terraform, find_mirror, find_terraform
from stockstream.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.deploy.conftest import Calls, MakeProgram

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
PROVIDER = f"registry.example/hashicorp/aws/5.100.0/{sys.platform}_{MACHINE}"

SAYS = """
for line in {lines!r}:
    print(line, flush=True)
sys.exit({code})
"""


def says(*lines: dict[str, Any] | str, code: int = 0) -> str:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return SAYS.format(lines=texts, code=code)


def done(address: str, action: str, seconds: float = 0) -> dict[str, Any]:
    hook = {"resource": {"addr": address}, "action": action, "elapsed_seconds": seconds}
    return {"type": "apply_complete", "hook": hook}


def diagnostic(severity: str, summary: str, **more: str) -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, **more}}


@pytest.fixture
def told() -> list[str]:
    return []


def terraform(program: str, folder: Path, told: list[str], **more: Any) -> Terraform:
    return Terraform(program, folder, folder / "data", tell=told.append, **more)


def test_progress_is_told_in_short_lines(
    make_program: MakeProgram, calls: Calls, tmp_path: Path, told: list[str]
) -> None:
    program = make_program(
        "terraform",
        says(
            {"type": "version", "@message": "Terraform 1.11"},
            done("module.stack.module.storage.aws_s3_bucket.lake", "create", 2.6),
            {"type": "apply_progress", "hook": {"resource": {"addr": "x"}, "action": "create"}},
            done('module.stack.module.a["x"].aws_iam_role.this["b"]', "delete"),
        ),
    )
    assert terraform(program, tmp_path, told).run("apply", "-input=false", "plan", total=2) == []
    assert told == [
        "[1/2] created storage aws_s3_bucket.lake (3 s)",
        '[2/2] removed a aws_iam_role.this["b"]',
    ]
    [call] = calls.of("terraform")
    assert call["words"] == ["apply", "-json", "-input=false", "plan"]
    assert call["folder"] == str(tmp_path)
    assert call["environment"]["TF_INPUT"] == "0"
    assert call["environment"]["TF_DATA_DIR"] == str(tmp_path / "data" / "providers")


def test_errors_are_told_once_and_warnings_are_not(
    make_program: MakeProgram, tmp_path: Path, told: list[str]
) -> None:
    program = make_program(
        "terraform",
        says(
            diagnostic("warning", "Deprecated"),
            diagnostic("error", "creating bucket", detail="it is\n  taken", address="module.s.b.c"),
            diagnostic("error", "creating bucket", detail="it is\n  taken", address="module.s.b.c"),
            diagnostic("error", "no key"),
            code=1,
        ),
    )
    with pytest.raises(CloudError) as caught:
        terraform(program, tmp_path, told).run("apply")
    assert str(caught.value) == (
        "terraform apply failed: s b.c: creating bucket: it is taken; no key"
    )


def test_without_a_diagnostic_its_last_words_count(
    make_program: MakeProgram, tmp_path: Path, told: list[str]
) -> None:
    program = make_program("terraform", says("│ Error: no such option", "╵", code=1))
    with pytest.raises(CloudError, match=r"init failed: Error: no such option$"):
        terraform(program, tmp_path, told).run("init")
    program = make_program("terraform", says(code=1))
    with pytest.raises(CloudError, match="it said nothing"):
        terraform(program, tmp_path, told).run("init")


def test_other_exit_codes_may_be_answers(
    make_program: MakeProgram, tmp_path: Path, told: list[str]
) -> None:
    program = make_program("terraform", says(code=2))
    assert terraform(program, tmp_path, told).run("plan", ends=(0, 2)) == []


def test_verbose_tells_all_that_it_says(
    make_program: MakeProgram, tmp_path: Path, told: list[str]
) -> None:
    message = {"type": "apply_start", "@message": "aws_s3_bucket.lake: Creating..."}
    program = make_program("terraform", says(message, "and more"))
    terraform(program, tmp_path, told, verbose=True).run("apply")
    assert told == ["aws_s3_bucket.lake: Creating...", "and more"]


def test_the_state_is_read(
    make_program: MakeProgram, calls: Calls, tmp_path: Path, told: list[str]
) -> None:
    program = make_program("terraform", says('{"outputs": {}}'))
    assert terraform(program, tmp_path, told).state() == {"outputs": {}}
    assert calls.of("terraform")[0]["words"] == ["state", "pull"]
    program = make_program("terraform", says(""))
    assert terraform(program, tmp_path, told).state() == {}
    program = make_program("terraform", "sys.exit('Error: no state')")
    with pytest.raises(CloudError, match="terraform state failed: Error: no state"):
        terraform(program, tmp_path, told).state()


def test_the_environment_of_a_rehearsal_takes_the_users_away(
    make_program: MakeProgram, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("TF_WORKSPACE", "other")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "nowhere"))
    program = make_program("terraform", "print('{}')")
    environment = {"AWS_PROFILE": None, "AWS_REGION": "here"}
    terraform(program, tmp_path, [], environment=environment).state()
    given = calls.of("terraform")[0]["environment"]
    assert given["AWS_REGION"] == "here"
    assert {"AWS_PROFILE", "TF_WORKSPACE", "TF_CLI_CONFIG_FILE"}.isdisjoint(given)


STOPS_WELL = """
import signal, time
def stop(number, frame):
    print("writing the state", flush=True)
    with open("state", "w") as file:
        file.write("whole")
    sys.exit(1)
signal.signal(signal.SIGINT, stop)
hook = {"resource": {"addr": "a.b"}, "action": "create"}
print(json.dumps({"type": "apply_complete", "hook": hook}), flush=True)
while True:
    time.sleep(0.01)
"""


def test_control_c_lets_it_write_its_state(make_program: MakeProgram, tmp_path: Path) -> None:
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        if text == "created a.b":
            signal.raise_signal(signal.SIGINT)

    program = make_program("terraform", STOPS_WELL)
    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        Terraform(program, tmp_path, tmp_path / "data", tell=tell).run("apply")
    assert (tmp_path / "state").read_text() == "whole"
    assert told[-1] == terraform_module.STOPPING


def test_a_mirror_is_found_by_its_provider(tmp_path: Path) -> None:
    assert find_mirror([str(tmp_path)]) is None
    (tmp_path / "a" / "registry.example" / "hashicorp" / "aws" / "5.1.0" / "plan9_mips").mkdir(
        parents=True
    )
    assert find_mirror([str(tmp_path)]) is None, "of another machine"
    (tmp_path / "b" / "deeper" / PROVIDER).mkdir(parents=True)
    assert find_mirror([str(tmp_path)]) == tmp_path / "b" / "deeper"


def test_a_mirror_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, str(tmp_path))
    with pytest.raises(ConfigError, match=f"{MIRROR} is .* where there is no .*hashicorp/aws"):
        find_mirror([])
    (tmp_path / PROVIDER).mkdir(parents=True)
    assert find_mirror([]) == tmp_path


def test_the_mirror_is_in_the_configuration_of_its_own(
    make_program: MakeProgram, calls: Calls, tmp_path: Path
) -> None:
    one = terraform(make_program("terraform", "print('{}')"), tmp_path, [])
    one.write_providers(tmp_path / "mirror")
    one.state()
    config = calls.of("terraform")[0]["environment"]["TF_CLI_CONFIG_FILE"]
    assert f'path    = "{tmp_path / "mirror"}"' in (tmp_path / "data" / "terraform.rc").read_text()
    assert config == str(tmp_path / "data" / "terraform.rc")
    one.write_providers(None)
    assert not os.path.exists(config)  # noqa: PTH110


def test_terraform_must_be_there(make_program: MakeProgram) -> None:
    with pytest.raises(ConfigError, match="terraform was not found; install Terraform"):
        find_terraform()
    assert make_program("terraform") == find_terraform()


def test_changes_of_a_plan(make_program: MakeProgram, tmp_path: Path, told: list[str]) -> None:
    def change(address: str, action: str, kind: str = "planned_change") -> dict[str, Any]:
        resource = {"addr": address, "resource_type": address.split(".")[-2]}
        return {"type": kind, "change": {"resource": resource, "action": action}}

    program = make_program(
        "terraform",
        says(
            change("a.one", "create"),
            change("a.two", "noop"),
            change("a.three", "replace"),
            change("a.four", "read"),
            change("a.five", "update", "resource_drift"),
            change("module.x.b.six", "update"),
        ),
    )
    changes = terraform(program, tmp_path, told).run("plan")
    assert changes == [
        Change("create", "a", "a.one"),
        Change("replace", "a", "a.three"),
        Change("update", "b", "module.x.b.six"),
    ]
    assert counted(changes) == {"create": {"a": 1}, "replace": {"a": 1}, "update": {"b": 1}}
    assert told == []
    assert short("aws_vpc.this") == "aws_vpc.this"
