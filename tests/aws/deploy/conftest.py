"""Programs that stand for Terraform and docker, and an account in memory."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from stockstream.aws.deploy.sources import Checkout
from stockstream.runners.account import Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REGION = "ap-southeast-2"

ACTOR = """#!{python}
import json, os, sys
with open({record!r}, "a") as record:
    given = "" if sys.stdin.closed else sys.stdin.read()
    print(json.dumps({{"words": sys.argv[1:], "given": given, "folder": os.getcwd(),
                       "environment": dict(os.environ)}}), file=record)
{acts}
"""


PACK = """
import sys
open(sys.argv[2], "w").write(" ".join(sys.argv[3:]))
"""

CLONE = {
    "infra/terraform/variables.tf": 'variable "prefix" {}\nvariable "vpc" {\n  default = 1\n}',
    "infra/terraform/modules/stack/main.tf": 'variable "inner" {}',
    "infra/terraform/tests/a.tftest.hcl": "run",
    "infra/terraform/terraform.tfstate": "{}",
    "infra/docker/Dockerfile": "FROM python:3.12-slim",
    "src/stockstream/a.py": "a = 1",
    "requirements.lock": "polars==2",
    "pyproject.toml": "[project]",
    "scripts/make_lambda_zip.py": PACK,
}


class MakeProgram(Protocol):
    """Makes a program that notes how it was called, then does what some Python lines say."""

    def __call__(self, name: str, acts: str = "") -> str: ...


@pytest.fixture
def make_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """Programs in a folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, acts: str = "") -> str:
        path = folder / name
        record = str(tmp_path / f"{name}.calls")
        path.write_text(ACTOR.format(python=sys.executable, record=record, acts=acts))
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    """How the programs were called."""
    return Calls(tmp_path)


class Calls:
    """What programs of :func:`make_program` noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.calls"
        return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small clone of a project."""
    folder = tmp_path / "clone"
    for name, text in CLONE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Checkout(folder)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account that moto keeps in this process."""
    from moto import mock_aws

    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Account(REGION)
