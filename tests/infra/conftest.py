"""Terraform in a copy of ``infra/terraform``: with made-up answers, and on the emulation."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.deploy.terraform import MIRROR, Terraform, find_mirror
from stockstream.aws.local import ACCOUNT, REGION, LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator

INFRA = Path(__file__).resolve().parents[2] / "infra" / "terraform"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/stockstream:rehearsal"


@pytest.fixture(scope="session")
def infra() -> Path:
    """The Terraform of this checkout."""
    return INFRA


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform, made ready in a copy of ours."""
    program, mirror = shutil.which("terraform"), find_mirror()
    if program is None:
        pytest.skip("terraform is not installed")
    if mirror is None and not os.environ.get("CI"):
        pytest.skip(f"no AWS provider on this machine: {MIRROR} says where, CI=1 downloads it")
    folder = tmp_path_factory.mktemp("infra")
    shutil.copytree(INFRA, folder / "root", ignore=shutil.ignore_patterns(".terraform*"))
    found = Terraform(program, folder / "root", folder / "data", {"TF_LOG": None})
    found.write_providers(mirror)
    found.run("init", "-input=false")
    return found


@dataclass(frozen=True)
class Mocked:
    """What ``terraform test`` said.

    Attributes:
        ends: how each of its runs ended, ``pass`` if it is well.
        complaints: what went wrong.
        plans: attributes of every resource by address, for each run that made some.
    """

    ends: dict[str, str]
    complaints: list[str]
    plans: dict[str, dict[str, dict[str, Any]]]

    def of_kind(self, run: str, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of one type in a run, by address."""
        marked = f".{kind}."
        return {address: values for address, values in self.plans[run].items() if marked in address}

    def one(self, run: str, kind: str, name: str = "") -> dict[str, Any]:
        """The one resource of a type in a run, or of those the one whose address ends so."""
        [values] = [
            values
            for address, values in self.of_kind(run, kind).items()
            if address.endswith(f".{kind}.{name}") or not name
        ]
        return values


@pytest.fixture(scope="session")
def mocked(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Mocked:
    """Our ``terraform test``, run once for all workers: a provider makes everything up."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    kept = place / "terraform-test.json"
    with (place / "terraform-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_file():
            kept.write_text(json.dumps(asdict(_test(terraform))), encoding="utf-8")
    return Mocked(**json.loads(kept.read_text(encoding="utf-8")))


def _test(terraform: Terraform) -> Mocked:
    done = subprocess.run(
        [terraform.program, "test", "-json", "-verbose"],
        cwd=terraform.root,
        env=terraform._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    found = Mocked({}, [], {})
    for message in map(json.loads, done.stdout.splitlines()):
        kind, run = message["type"], message.get("@testrun", "")
        if kind == "test_run" and "status" in message["test_run"]:
            found.ends[run] = message["test_run"]["status"]
        elif kind == "diagnostic":
            found.complaints.append(message["@message"])
        elif kind == "test_state":
            found.plans[run] = dict(_resources(message[kind]["root_module"]))
        elif kind == "test_plan":
            planned = message[kind].get(
                "resource_changes", ()
            )  # none where the variables are refused
            changes = [one for one in planned if one["mode"] == "managed"]
            found.plans[run] = {one["address"]: one["change"]["after"] for one in changes}
    return found


def _resources(module: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in module.get("resources", ()):
        if one["mode"] == "managed":
            yield one["address"], one["values"]
    for child in module.get("child_modules", ()):
        yield from _resources(child)


@dataclass(frozen=True)
class Deployed:
    """A stack on the emulation.

    Attributes:
        local: the emulation.
        terraform: in the folder of the stack, with its variables and state.
        outputs: of the stack.
        log: what the provider wrote of its requests.
    """

    local: LocalAws
    terraform: Terraform
    outputs: dict[str, Any]
    log: Path


@pytest.fixture
def deployed(terraform: Terraform, tmp_path: Path, socket_enabled: None) -> Iterator[Deployed]:
    """The whole stack by real Terraform, in an empty account on this machine.

    Whoever uses it may destroy it: it is made anew for each test, which takes more than a minute.
    """
    root, log = tmp_path / "root", tmp_path / "provider.log"
    shutil.copytree(terraform.root, root)
    light = tmp_path / "light.zip"
    script = INFRA.parents[1] / "scripts" / "make_lambda_zip.py"
    subprocess.run([sys.executable, script, "--installed", "--output", light], check=True)
    with LocalAws.start(tmp_path / "aws", hurry=0.001) as local:
        variables = {
            "endpoint": local.url,
            "light_package": str(light),
            "image_uri": IMAGE,
            "alert_emails": ["me@example.com"],
        }
        (root / "test.auto.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
        logged = {"TF_LOG": None, "TF_LOG_PROVIDER": "DEBUG", "TF_LOG_PATH": str(log)}
        here = Terraform(terraform.program, root, terraform.data, logged)
        here.run("apply", "-auto-approve", "-input=false", "-parallelism=40")
        outputs = {name: one["value"] for name, one in here.state()["outputs"].items()}
        yield Deployed(local, here, outputs, log)
