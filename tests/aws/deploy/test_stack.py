"""A stack from the first plan to its end, with a program in the place of Terraform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.deploy.conftest import REGION

from stockstream.aws.deploy import stack as stack_module
from stockstream.aws.deploy.stack import Asked, open_stack
from stockstream.aws.deploy.status import stack_status
from stockstream.aws.local import LocalAws
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.deploy.conftest import Calls, MakeProgram

    from stockstream.aws.deploy.sources import Checkout
    from stockstream.runners.account import Account

pytestmark = pytest.mark.slow

NAMES = ("prefix", "aws_region", "image_uri", "schedule_enabled", "light_package", "endpoint")

TERRAFORM = """
from pathlib import Path
import tomllib
words = sys.argv[1:]
root = Path.cwd()
backend = json.loads((root / "backend_override.tf.json").read_text())
state = Path(backend["terraform"]["backend"]["local"]["path"])
made = json.loads(state.read_text()) if state.exists() else []
wanted = ["module.s.aws_ecr_repository.images", "module.s.aws_sns_topic.alerts"]
changes = [one for one in wanted if one not in made]
def resource(address):
    module, kind, name = address.rsplit(".", 2)
    values = {{"id": "arn:aws:sns:{region}:123456789012:gone", "name": "gone"}}
    return {{"mode": "managed", "module": module, "type": kind, "name": name,
            "instances": [{{"attributes": values}}]}}
match words[0]:
    case "plan":
        Path(words[-1].removeprefix("-out=")).write_text(json.dumps(changes))
        for one in changes:
            planned = {{"addr": one, "resource_type": one.split(".")[-2]}}
            change = {{"resource": planned, "action": "create"}}
            print(json.dumps({{"type": "planned_change", "change": change}}))
    case "state" if made or state.exists():
        outputs = {{"bucket": {{"value": "lake"}}}}
        print(json.dumps({{"resources": [resource(one) for one in made], "outputs": outputs}}))
    case "apply":
        targets = [word[8:] for word in words if word.startswith("-target=")]
        state.write_text(json.dumps(made + (targets or changes)))
    case "destroy":
        state.write_text("[]")
"""


@pytest.fixture(autouse=True)
def scene(
    checkout: Checkout, make_program: MakeProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone in a folder of its own, with Terraform and docker."""
    declared = "\n".join(f'variable "{name}" {{}}' for name in NAMES)
    (checkout.terraform / "variables.tf").write_text(declared)
    make_program("terraform", TERRAFORM.format(region=REGION))
    make_program("docker")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stack_module, "find_checkout", lambda: checkout)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def asked(**more: Any) -> Asked:
    return Asked(**{"region": REGION, **more})


def nobody(_text: str) -> None:
    """Hears nothing."""


def words(calls: Calls, name: str) -> list[str]:
    return [call["words"][0] for call in calls.of(name)]


def variables(tmp_path: Path, name: str = "default") -> dict[str, Any]:
    file = tmp_path / ".stockstream" / "aws" / name / "root" / "stockstream.auto.tfvars.json"
    values: dict[str, Any] = json.loads(file.read_text())
    return values


def test_the_repository_comes_first_then_the_image_then_the_rest(
    account: Account, calls: Calls, tmp_path: Path, checkout: Checkout
) -> None:
    told: list[str] = []
    stack = open_stack(asked(), told.append)
    changes = stack.plan()
    assert [change.kind for change in changes] == ["aws_ecr_repository", "aws_sns_topic"]
    assert stack.image.missing
    assert stack.apply(changes) == {"bucket": "lake"}
    assert words(calls, "terraform") == [
        *("init", "plan", "apply", "plan", "apply", "state"),
    ]
    first, second = (call["words"] for call in calls.of("terraform") if call["words"][0] == "apply")
    assert "-target=module.s.aws_ecr_repository.images" in first
    assert second[-1].endswith("/plan")
    assert words(calls, "docker") == ["build", "login", "push"]
    uri = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/stockstream:{checkout.image_tag()}"
    zipped = tmp_path / ".stockstream" / "aws" / "default" / "functions.zip"
    assert variables(tmp_path) == {
        "prefix": "",
        "aws_region": REGION,
        "light_package": str(zipped),
        "image_uri": uri,
    }
    assert zipped.read_text() == "--runtime python3.12"
    assert told[-1] == "applying changes: 1"
    told.clear()
    again = open_stack(asked(), told.append)
    assert again.plan() == []


def test_an_image_of_ones_own_needs_no_docker(account: Account, calls: Calls) -> None:
    stack = open_stack(asked(variables={"image_uri": "1.dkr.ecr/x:1"}), nobody)
    stack.apply(stack.plan())
    assert not stack.image.missing
    assert calls.of("docker") == []


def test_without_docker_nothing_begins(account: Account, tmp_path: Path) -> None:
    (tmp_path / "bin" / "docker").unlink()
    stack = open_stack(asked(), nobody)
    stack.plan()
    with pytest.raises(ConfigError, match="docker was not found"):
        stack.demand_docker()


def test_choices_are_kept_until_they_are_taken_back(account: Account, tmp_path: Path) -> None:
    image = {"image_uri": "1.dkr.ecr/x:1"}
    for given, kept in (
        ({**image, "schedule_enabled": False}, {"schedule_enabled": False}),
        ({}, {"schedule_enabled": False}),
        ({"schedule_enabled": None}, {}),
        ({}, {}),
    ):
        stack = open_stack(asked(variables=given), nobody)
        stack.apply(stack.plan())
        assert {n: v for n, v in variables(tmp_path).items() if n == "schedule_enabled"} == kept


def test_what_is_only_planned_is_not_kept(account: Account, tmp_path: Path) -> None:
    open_stack(asked(variables={"schedule_enabled": False}), nobody).plan()
    assert "schedule_enabled" in variables(tmp_path)
    open_stack(asked(), nobody).plan()
    assert "schedule_enabled" not in variables(tmp_path)


def test_a_stack_stays_in_its_region_and_account(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = open_stack(asked(variables={"image_uri": "1.dkr.ecr/x:1"}), nobody)
    stack.apply(stack.plan())
    assert open_stack(Asked(), nobody).account.region == REGION, "it is known by now"
    with pytest.raises(ConfigError, match=f"stockstream is in {REGION}; .* --prefix other-"):
        open_stack(Asked(region="us-east-1"), nobody)
    memory = tmp_path / ".stockstream" / "aws" / "default" / "stack.json"
    memory.write_text(memory.read_text().replace("123456789012", "999999999999"))
    with pytest.raises(ConfigError, match=r"is in account 999999999999, and these keys are of"):
        open_stack(asked(), nobody).plan()


def test_two_prefixes_are_two_stacks(account: Account, tmp_path: Path) -> None:
    for prefix in ("", "dev-"):
        stack = open_stack(asked(prefix=prefix, variables={"image_uri": "1/x:1"}), nobody)
        stack.apply(stack.plan())
    assert variables(tmp_path, "dev")["prefix"] == "dev-"
    assert open_stack(asked(prefix="dev-"), nobody).name == "dev-stockstream"


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("schedule_enabeld", UnknownNameError, "unknown Terraform variable"),
        ("prefix", ConfigError, "variable prefix is set by --prefix"),
        ("endpoint", ConfigError, "variable endpoint is set by --local"),
    ],
)
def test_variables_that_cannot_be_set(name: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        open_stack(asked(variables={name: 1}), nobody)


def test_a_stack_is_removed_and_forgotten(account: Account, calls: Calls, tmp_path: Path) -> None:
    assert open_stack(asked(), nobody).resources() == []
    assert calls.of("terraform") == [], "there was nothing to ask"
    stack = open_stack(asked(), nobody)
    stack.apply(stack.plan())
    stack = open_stack(asked(), nobody)
    resources = stack.resources()
    assert [one.kind for one in resources] == ["aws_ecr_repository", "aws_sns_topic"]
    removed = stack.destroy(resources)
    assert (removed.resources, removed.objects, removed.left) == (2, 0, [])
    folder = tmp_path / ".stockstream" / "aws" / "default"
    assert [path.name for path in folder.iterdir()] == ["terraform.tfstate"]
    assert open_stack(asked(), nobody).resources() == []


def test_what_is_left_keeps_the_stack_known(account: Account, tmp_path: Path) -> None:
    stack = open_stack(asked(variables={"image_uri": "1/x:1"}), nobody)
    stack.apply(stack.plan())
    account.client("ecr").create_repository(repositoryName="gone")  # it is not, after all
    stack = open_stack(asked(), nobody)
    assert stack.destroy(stack.resources()).left == [
        f"s aws_ecr_repository.images: arn:aws:sns:{REGION}:123456789012:gone"
    ]
    assert (tmp_path / ".stockstream" / "aws" / "default" / "stack.json").is_file()


def test_newer_code_is_no_drift(account: Account, checkout: Checkout) -> None:
    stack = open_stack(asked(variables={"image_uri": "1/x:1"}), nobody)
    stack.apply(stack.plan())
    stack = open_stack(asked(), nobody)
    found = stack_status(stack, stack.resources(), 5)
    assert (found.resources, found.drift, found.newer, found.runs) == (2, [], False, [])
    (checkout.folder / "src" / "stockstream" / "a.py").write_text("a = 2")
    stack = open_stack(asked(), nobody)
    found = stack_status(stack, stack.resources(), 5)
    assert (found.drift, found.newer) == ([], True)


def test_a_rehearsal_must_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no rehearsal is running; start one with `stockstream"):
        open_stack(Asked(rehearsal=tmp_path / "aws"), nobody)
    with pytest.raises(ConfigError, match="leave --state out"):
        open_stack(Asked(rehearsal=tmp_path / "aws", state="s3://states"), nobody)


def test_a_rehearsal_that_was_started_again_knows_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = LocalAws(tmp_path, 5555, 1)
    monkeypatch.setattr(LocalAws, "running", lambda _folder: running)
    monkeypatch.setattr(type(account), "number", "123456789012")
    stack = open_stack(Asked(rehearsal=tmp_path, region="elsewhere"), nobody)
    assert stack.account.region == REGION, "a rehearsal has one region"
    changes = stack.plan()
    assert stack.image.uri.endswith("/stockstream:rehearsal")
    stack.apply(changes)
    assert len(open_stack(Asked(rehearsal=tmp_path), nobody).resources()) == 2
    running.pid = 2
    again = open_stack(Asked(rehearsal=tmp_path), nobody)
    assert again.resources() == []
    assert not again.workspace.folder.exists()
    assert again.variables == {}
