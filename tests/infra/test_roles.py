"""What each role may do: what its function needs, of the stack it belongs to, and nothing more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.infra.conftest import Mocked

BUCKET = "arn:aws:s3:::lake"
"""ARN of the bucket, as the mocked provider has it."""

RAW = {"raw-data/", "symbols/"}
LIMIT = 6144
"""Characters of a managed policy, blanks left out."""

Statement = dict[str, Any]


def statements(mocked: Mocked) -> Iterator[tuple[str, Statement]]:
    """Every statement of every role, with the role it belongs to."""
    for address, values in mocked.of_kind("defaults", "aws_iam_role_policy").items():
        for statement in json.loads(values["policy"])["Statement"]:
            yield address, statement


def own(mocked: Mocked, function: str) -> dict[str, Statement]:
    """The statements of a function's role, by what they are for."""
    return by_purpose(mocked.one("defaults", "aws_iam_role_policy", f'this["{function}"]'))


def by_purpose(policy: dict[str, Any]) -> dict[str, Statement]:
    return {one["Sid"]: one for one in json.loads(policy["policy"])["Statement"]}


def arns(prefixes: tuple[str, ...] | set[str]) -> set[str]:
    return {f"{BUCKET}/{one}*" if one.endswith("/") else f"{BUCKET}/{one}" for one in prefixes}


def many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_no_wildcard_action_on_a_wildcard_resource(mocked: Mocked) -> None:
    found = list(statements(mocked))
    assert len(found) > 3 * len(FUNCTIONS)
    for address, statement in found:
        assert statement["Effect"] == "Allow"
        assert not [one for one in many(statement["Action"]) if "*" in one], address
        assert "NotAction" not in statement, address
        assert "NotResource" not in statement, address


def test_only_what_names_no_resource_is_allowed_on_all(mocked: Mocked) -> None:
    everywhere = {
        action
        for _, statement in statements(mocked)
        if "*" in many(statement["Resource"])
        for action in many(statement["Action"])
    }
    assert everywhere == {
        "ecr:GetAuthorizationToken",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    }


def test_each_function_has_a_role_of_its_own(mocked: Mocked) -> None:
    roles = mocked.of_kind("defaults", "aws_iam_role")
    names = {values["name"] for values in roles.values()}
    assert len(names) == len(roles)
    assert {f"{name}-ap-southeast-2" for name in FUNCTIONS} < names
    functions = mocked.of_kind("defaults", "aws_lambda_function").values()
    assert len(functions) == len(FUNCTIONS)
    for values in roles.values():
        assert values["path"] == "/stockstream/"
        assert len(values["name"]) <= 64


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_touch_its_prefixes_only(mocked: Mocked, name: str) -> None:
    function, allowed = FUNCTIONS[name], own(mocked, name)
    reads, writes = set(function.reads), set(function.writes)
    assert set(allowed.get("Read", {}).get("Resource", ())) == arns(reads)
    assert set(allowed.get("Write", {}).get("Resource", ())) == arns(writes)
    assert set(allowed.get("Remove", {}).get("Resource", ())) == arns(writes - RAW)
    if reads | writes:
        listed = allowed["List"]["Condition"]["StringLikeIfExists"]["s3:prefix"]
        assert {f"{BUCKET}/{one}" for one in listed} == arns(reads | writes)
        assert allowed["List"]["Resource"] == [BUCKET]
    assert set(allowed) <= {"Read", "Write", "Remove", "List", "Log"}
    assert "logs:CreateLogGroup" not in allowed["Log"]["Action"]


def test_a_batch_job_may_do_what_the_function_may_and_import_factors(mocked: Mocked) -> None:
    job = by_purpose(mocked.one("defaults", "aws_iam_role_policy", "work"))
    function = own(mocked, "run-chunk")
    function.pop("Log")
    for purpose in ("Write", "Remove"):
        resources = job[purpose].pop("Resource")
        assert set(resources) == {*function[purpose].pop("Resource"), f"{BUCKET}/factors/*"}
    assert job == function


def test_a_batch_job_may_read_the_one_secret_that_is_named(mocked: Mocked) -> None:
    job = by_purpose(mocked.one("a_secret", "aws_iam_role_policy", "work"))
    assert job["ReadSecret"] == {
        "Sid": "ReadSecret",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": ["arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:factors-AbCdEf"],
    }
    for address, statement in statements(mocked):
        assert "secretsmanager" not in str(statement), address


def test_a_role_is_taken_by_its_own_service_for_its_own_account(mocked: Mocked) -> None:
    for address, values in mocked.of_kind("defaults", "aws_iam_role").items():
        [trust] = json.loads(values["assume_role_policy"])["Statement"]
        service = trust["Principal"]["Service"]
        if service != "lambda.amazonaws.com":  # which names no account when it takes a role
            limit = trust["Condition"]["StringEquals"]["aws:SourceAccount"]
            assert limit == "123456789012", address


def test_functions_in_a_network_may_join_it(mocked: Mocked) -> None:
    functions = mocked.of_kind("another_stack", "aws_lambda_function")
    assert len(functions) == len(FUNCTIONS)
    for values in functions.values():
        assert values["vpc_config"][0]["subnet_ids"] == ["subnet-1"]
    assert not mocked.of_kind("another_stack", "aws_vpc")


@pytest.mark.parametrize("name", ["deployer-policy.json", "deployer-network-policy.json"])
def test_the_policy_for_an_administrator_fits_and_is_narrow(infra: Path, name: str) -> None:
    text = (infra / name).read_text(encoding="utf-8")
    assert len("".join(text.split())) <= LIMIT
    for statement in json.loads(text)["Statement"]:
        actions, resources = many(statement["Action"]), many(statement["Resource"])
        assert not [one for one in actions if one.endswith(":*") or one == "*"]
        if "*" in resources:
            assert not [one for one in actions if "*" in one]


def test_the_policy_for_an_administrator_knows_every_function(infra: Path) -> None:
    text = (infra / "deployer-policy.json").read_text(encoding="utf-8")
    [functions] = [one for one in json.loads(text)["Statement"] if one["Sid"] == "Functions"]
    assert {one.rpartition(":*")[2] for one in functions["Resource"]} == set(FUNCTIONS)
