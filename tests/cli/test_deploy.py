"""``stockstream deploy aws``: what stands between a user and an account."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.deploy import stack as stack_module
from stockstream.aws.deploy.emptying import Content
from stockstream.aws.deploy.image import Image
from stockstream.aws.deploy.inventory import Resource
from stockstream.aws.deploy.messages import Change
from stockstream.aws.deploy.stack import Asked, Removed
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from tests.cli.conftest import Stockstream

COMMANDS = ("plan", "apply", "destroy", "status")


class OneStack:
    """A stack that notes what is done to it."""

    name, prefix = "dev-stockstream", "dev-"
    variables: dict[str, Any] = {"alert_emails": ["me@example.com"]}  # noqa: RUF012 - never changed

    def __init__(self) -> None:
        self.asked = Asked()
        self.done: list[str] = []
        self.is_rehearsal = False
        self.image = Image("1.dkr.ecr/dev-stockstream:1", missing=False)
        self.changes = [Change("create", "aws_sns_topic", "module.s.aws_sns_topic.alerts")]
        self.there = [Resource("aws_s3_bucket", "module.s.aws_s3_bucket.lake", {"id": "lake"})]
        self.left: list[str] = []
        self.account = SimpleNamespace(number="123456789012", region="ap-southeast-2")
        self.workspace = SimpleNamespace(backend="", folder=Path(".stockstream/aws/dev"))

    def plan(self) -> list[Change]:
        self.done.append("plan")
        return self.changes

    def demand_docker(self) -> None:
        self.done.append("docker?")

    def apply(self, changes: list[Change]) -> dict[str, Any]:
        assert changes == self.changes
        self.done.append("apply")
        return {"bucket": "lake", "functions": {}}

    def resources(self) -> list[Resource]:
        return self.there

    def content(self, resources: list[Resource]) -> Content:
        assert resources == self.there
        return Content(3, 4_000_000)

    def destroy(self, resources: list[Resource]) -> Removed:
        self.done.append("destroy")
        return Removed(len(resources), 3, ["/aws/lambda/x"], self.left)


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch) -> OneStack:
    stack = OneStack()

    def opened(asked: Asked, _tell: object) -> OneStack:
        stack.asked = asked
        return stack

    monkeypatch.setattr(stack_module, "open_stack", opened)
    return stack


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody at a terminal, who types this."""

    def types(text: str) -> None:
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", lambda *_words, **_options: text)

    return types


@pytest.mark.parametrize("command", COMMANDS)
def test_without_terraform_there_is_one_clear_line(
    stockstream: Stockstream,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    said = stockstream("deploy", "aws", command, "--region", "ap-southeast-2")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: terraform was not found; install Terraform 1.9 or later")


def test_a_plan_shows_its_bill_and_changes_nothing(stockstream: Stockstream, one: OneStack) -> None:
    said = stockstream("deploy", "aws", "plan", "--prefix", "dev-", "--region", "ap-southeast-2")
    assert said.code == 0
    assert one.done == ["plan"]
    assert "dev-stockstream: account 123456789012, ap-southeast-2" in said.out
    for text in ("What a month costs", "dashboard", "+43.66", "list prices of 2026-", "create"):
        assert text in said.out
    document = stockstream("deploy", "aws", "plan", "--json").document
    assert document["counts"] == {"create": {"aws_sns_topic": 1}}
    assert document["bill"]["region"] == "ap-southeast-2"


def test_a_region_without_prices_has_no_bill(stockstream: Stockstream, one: OneStack) -> None:
    one.account.region = "eu-west-1"
    assert "no prices are known for eu-west-1" in stockstream("deploy", "aws", "plan").out
    assert stockstream("deploy", "aws", "plan", "--json").document["bill"] is None


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_nobody_to_ask_means_no(stockstream: Stockstream, one: OneStack, command: str) -> None:
    said = stockstream("deploy", "aws", command)
    assert (said.code, one.done) == (2, [])
    assert "nobody is here to confirm it: run it in a terminal, or add --yes" in said.err


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_program_that_reads_json_cannot_be_asked(
    stockstream: Stockstream, one: OneStack, typed: Any, command: str
) -> None:
    typed("dev-stockstream")
    said = stockstream("deploy", "aws", command, "--json")
    assert (said.code, said.document["error"]["type"]) == (2, "ConfigError")


@pytest.mark.parametrize(("command", "undone"), [("apply", ["plan", "docker?"]), ("destroy", [])])
def test_another_name_is_no_answer(
    stockstream: Stockstream, one: OneStack, typed: Any, command: str, undone: list[str]
) -> None:
    for text in ("", "y", "stockstream"):
        one.done.clear()
        typed(text)
        said = stockstream("deploy", "aws", command)
        assert (said.code, one.done) == (2, undone)
        assert f"{text!r} is not dev-stockstream: nothing was changed" in said.err


def test_the_name_is_the_answer(stockstream: Stockstream, one: OneStack, typed: Any) -> None:
    typed(" dev-stockstream ")
    said = stockstream("deploy", "aws", "apply")
    assert (said.code, one.done) == (0, ["plan", "docker?", "apply"])
    assert said.out.index("What a month costs") < said.out.index("dev-stockstream is there")
    assert "lake copy s3://lake" in said.out
    assert "confirm the mail" in said.out
    said = stockstream("deploy", "aws", "destroy")
    assert said.code == 0
    assert "deletes bucket lake for good: 3 objects with older versions, 4.0 MB" in said.out
    assert "removed log group /aws/lambda/x" in said.out
    assert "nothing is left in the account but metrics" in said.out


def test_scripts_say_yes_and_rehearsals_need_not(stockstream: Stockstream, one: OneStack) -> None:
    document = stockstream("deploy", "aws", "apply", "--yes", "--json").document
    assert (document["outputs"]["bucket"], document["image"]["missing"]) == ("lake", False)
    one.is_rehearsal = True
    said = stockstream("deploy", "aws", "apply", "--local")
    assert said.code == 0
    assert one.asked.rehearsal == Path("data/aws")
    assert 'eval "$(stockstream aws local env)"' in said.out
    stockstream("deploy", "aws", "destroy", "--local", "--folder", "there")
    assert one.asked.rehearsal == Path("there")


def test_with_nothing_to_change_nobody_is_asked(
    stockstream: Stockstream, one: OneStack, typed: Any
) -> None:
    one.changes = []
    typed("nonsense")
    assert stockstream("deploy", "aws", "apply").code == 0
    assert one.done == ["plan", "apply"]


def test_what_is_left_is_told_with_its_own_exit_code(
    stockstream: Stockstream, one: OneStack
) -> None:
    one.left = ["storage aws_s3_bucket.lake: lake"]
    said = stockstream("deploy", "aws", "destroy", "--yes")
    assert said.code == 3
    assert "still there: storage aws_s3_bucket.lake: lake" in said.out
    assert "nothing is left" not in said.out
    document = stockstream("deploy", "aws", "destroy", "--yes", "--json").document
    assert document["left"] == one.left


@pytest.mark.parametrize("command", ["destroy", "status"])
def test_a_stack_that_is_not_there(stockstream: Stockstream, one: OneStack, command: str) -> None:
    one.there = []
    said = stockstream("deploy", "aws", command, *(["--yes"] if command == "destroy" else []))
    assert (said.code, "dev-stockstream is not there; " in said.out) == (0, True)
    flags = ["--json", *(["--yes"] if command == "destroy" else [])]
    document = stockstream("deploy", "aws", command, *flags).document
    assert document == {"stack": "dev-stockstream", "there": False}


def test_variables_are_json_where_they_can_be(stockstream: Stockstream, one: OneStack) -> None:
    given = ["a=false", "b=[1]", "c=dev", "d=null", "e=cron(0 18 ? * * *)"]
    stockstream("deploy", "aws", "plan", *(word for text in given for word in ("--var", text)))
    assert one.asked.variables == {
        "a": False,
        "b": [1],
        "c": "dev",
        "d": None,
        "e": "cron(0 18 ? * * *)",
    }


def test_prefix_and_region_may_be_settings(
    stockstream: Stockstream, one: OneStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stockstream("deploy", "aws", "plan")
    assert (one.asked.prefix, one.asked.region) == ("", None)
    monkeypatch.setenv("STOCKSTREAM__AWS__PREFIX", "team-")
    monkeypatch.setenv("STOCKSTREAM__AWS__REGION", "us-east-1")
    stockstream("deploy", "aws", "plan")
    assert (one.asked.prefix, one.asked.region) == ("team-", "us-east-1")
    stockstream("deploy", "aws", "plan", "--prefix", "", "--region", "us-west-2")
    assert (one.asked.prefix, one.asked.region) == ("", "us-west-2")


def test_a_folder_alone_is_a_mistake(stockstream: Stockstream, one: OneStack) -> None:
    said = stockstream("deploy", "aws", "plan", "--folder", "there")
    assert (said.code, "add --local" in said.err) == (2, True)


def test_errors_of_the_stack_reach_the_user(
    stockstream: Stockstream, one: OneStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise ConfigError("docker was not found")

    monkeypatch.setattr(one, "demand_docker", refuse)
    said = stockstream("deploy", "aws", "apply", "--yes")
    assert (said.code, one.done) == (2, ["plan"])
