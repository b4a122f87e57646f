"""The commands with the real Terraform, on a small configuration in the emulation."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import stockstream  # noqa: F401 - a fixture

from stockstream.aws.deploy import stack as stack_module
from stockstream.aws.deploy.terraform import find_mirror

if TYPE_CHECKING:
    from tests.cli.conftest import Stockstream

    from stockstream.aws.deploy.sources import Checkout
    from stockstream.aws.local import LocalAws

SMALL = (Path(__file__).parent / "small.tf").read_text(encoding="utf-8")
MACHINE = "arn:aws:states:ap-southeast-2:123456789012:stateMachine:small-waits"
TOPIC = "arn:aws:sns:ap-southeast-2:123456789012:small-alerts"
KEYS = ("lake.json", "runs/manual__2026-11-21T00:00:00+00:00/a", "a b")


@pytest.fixture
def here(checkout: Checkout, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> None:
    """A checkout with a small configuration, and Terraform."""
    if shutil.which("terraform") is None or find_mirror() is None:
        pytest.skip("needs terraform, and the AWS provider in a mirror on this machine")
    (checkout.terraform / "variables.tf").unlink()
    (checkout.terraform / "main.tf").write_text(SMALL, encoding="utf-8")
    monkeypatch.setattr(stack_module, "find_checkout", lambda: checkout)


@pytest.mark.slow
def test_a_stack_is_made_looked_at_changed_and_removed(
    stockstream: Stockstream,  # noqa: F811 - the fixture
    local_aws: LocalAws,
    here: None,
    tmp_path: Path,
) -> None:
    rehearsal = ("--prefix", "small-", "--local", "--folder", local_aws.folder)

    def run(command: str, *words: str) -> Any:
        said = stockstream("deploy", "aws", command, *rehearsal, "--json", *words)
        assert said.code == 0, said.err
        return said.document

    assert run("status") == {"stack": "small-stockstream", "there": False}
    applied = run("apply", "--var", "mark=first")
    assert applied["counts"] == {
        "create": {
            "aws_cloudwatch_log_group": 1,
            "aws_s3_bucket": 1,
            "aws_s3_bucket_versioning": 1,
            "aws_sfn_state_machine": 1,
            "aws_sns_topic": 1,
        }
    }
    bucket = "small-stockstream-lake"
    assert applied["outputs"] == {"bucket": bucket, "mark": "first"}

    client, states = local_aws.client("s3"), local_aws.client("stepfunctions")
    for key in KEYS:
        for body in (b"one", b"two"):
            client.put_object(Bucket=bucket, Key=key, Body=body)
    client.delete_object(Bucket=bucket, Key="a b")
    states.start_execution(stateMachineArn=MACHINE, name="waits", input="{}")
    local_aws.client("sns").delete_topic(TopicArn=TOPIC)
    found = run("status")
    assert (found["resources"], found["bucket"], found["newer"]) == (5, bucket, False)
    assert [change["kind"] for change in found["drift"]] == ["aws_sns_topic"]
    [ran] = found["runs"]
    assert (ran["name"], ran["status"], ran["what"]) == ("waits", "RUNNING", "small-waits")

    removed = run("destroy")
    assert (removed["resources"], removed["objects"], removed["left"]) == (5, 7, [])
    assert bucket not in [one["Name"] for one in client.list_buckets()["Buckets"]]
    machines = states.list_state_machines()["stateMachines"]
    assert MACHINE not in [one["stateMachineArn"] for one in machines]
    assert run("status")["there"] is False
    assert not (tmp_path / "clone" / "infra" / "terraform" / ".terraform.lock.hcl").exists()


@pytest.mark.slow
def test_what_terraform_complains_of_is_one_line(
    stockstream: Stockstream,  # noqa: F811 - the fixture
    local_aws: LocalAws,
    here: None,
    checkout: Checkout,
) -> None:
    broken = SMALL.replace('resource "aws_sns_topic"', 'resource "aws_no_topic"')
    (checkout.terraform / "main.tf").write_text(broken, encoding="utf-8")
    said = stockstream(
        "deploy", "aws", "plan", "--prefix", "bad-", "--local", "--folder", local_aws.folder
    )
    assert said.code == 1
    last = said.err.splitlines()[-1]
    assert last.startswith("error: terraform plan failed: Invalid resource type: ")
    assert "aws_no_topic" in last
