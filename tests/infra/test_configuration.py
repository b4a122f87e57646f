"""The Terraform itself: its form, its own tests, its documents."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.runners.prices import PRICES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.conftest import Mocked

    from stockstream.aws.deploy.terraform import Terraform

VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def variables(file: Path) -> dict[str, str]:
    """The text of each variable in a file, by name."""
    return dict(VARIABLE.findall(file.read_text(encoding="utf-8")))


def test_its_own_tests_pass(mocked: Mocked) -> None:
    assert mocked.complaints == []
    assert set(mocked.ends.values()) == {"pass"}
    assert {"defaults", "another_stack", "refuses_what_cannot_work"} <= set(mocked.ends)


def test_it_is_valid(terraform: Terraform) -> None:
    done = subprocess.run(
        [terraform.program, "validate", "-json"],
        cwd=terraform.root,
        env=terraform._environment(),
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout)["diagnostics"] == []


def test_it_is_formatted(infra: Path) -> None:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    done = subprocess.run(
        [program, "fmt", "-check", "-recursive", "-list=true", str(infra)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_root_hands_every_variable_to_the_stack(infra: Path) -> None:
    """Both declare the same, word by word, so that a stack of one's own takes the same values."""
    root = (infra / "variables.tf").read_text(encoding="utf-8")
    stack = (infra / "modules" / "stack" / "variables.tf").read_text(encoding="utf-8")
    assert root == stack
    calls = (infra / "main.tf").read_text(encoding="utf-8")
    assert set(re.findall(r"^  (\w+)\s+= var\.\1$", calls, re.MULTILINE)) == set(
        variables(infra / "variables.tf")
    )


@pytest.mark.parametrize(
    "name", ["aws_region", "lambda_runtime", "map_state_concurrency", "lambda_timeout"]
)
def test_the_known_variables_are_there(infra: Path, name: str) -> None:
    declared = variables(infra / "variables.tf") | variables(infra / "provider.tf")
    assert name in declared


def test_everything_that_can_be_set_or_read_is_described(infra: Path) -> None:
    bare = []
    for file in infra.rglob("*.tf"):
        text = file.read_text(encoding="utf-8")
        for name, body in re.findall(
            r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
        ):
            if not re.search(r'^  description\s+= "\S', body, re.MULTILINE):
                bare.append(f"{file.relative_to(infra)}: {name}")
    assert bare == []


def test_the_example_sets_only_what_there_is(infra: Path) -> None:
    text = (infra / "terraform.tfvars.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:# )?(\w+)\s+= ", text, re.MULTILINE))
    declared = set(variables(infra / "variables.tf")) | set(variables(infra / "provider.tf"))
    assert {"aws_region", "lambda_timeout"} <= named <= declared


def test_time_limits_of_the_example_are_those_of_the_functions(infra: Path) -> None:
    text = (infra / "terraform.tfvars.example").read_text(encoding="utf-8")
    block = re.search(r"lambda_timeout = \{(.*?)\}", text, re.DOTALL)
    assert block is not None
    for name, seconds in re.findall(r"(\w+)\s+= (\d+)", block[1]):
        assert FUNCTIONS[name.replace("_", "-")].timeout == int(seconds)


def test_prices_of_the_dashboard_are_those_of_the_table(infra: Path) -> None:
    text = (infra / "modules" / "observability" / "dashboard.tf").read_text(encoding="utf-8")
    written = {
        name: float(value)
        for name, value in re.findall(r"(gb_second|request|transition) = (0\.\d+)", text)
    }
    for prices in PRICES.values():
        assert written == {
            "gb_second": prices.lambda_gb_second,
            "request": pytest.approx(prices.lambda_request),
            "transition": pytest.approx(prices.transition),
        }


def test_nothing_of_this_machine_is_in_it(infra: Path) -> None:
    for file in infra.rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"/(?:work|home|root|tmp|opt)/", text), file


@pytest.mark.slow
def test_two_regions_are_two_stacks(terraform: Terraform, tmp_path: Path) -> None:
    """The example is valid, and plans a stack in each region."""
    root = tmp_path / "infra"
    shutil.copytree(terraform.root, root, ignore=shutil.ignore_patterns(".terraform*"))
    example = type(terraform)(
        terraform.program, root / "examples" / "two-regions", tmp_path / "data", {"TF_LOG": None}
    )
    shutil.copy(terraform.data / "terraform.rc", _folder(example.data))
    (example.root / "tests").mkdir()
    (example.root / "tests" / "two.tftest.hcl").write_text(TWO_REGIONS, encoding="utf-8")
    example.run("init", "-input=false")
    done = subprocess.run(
        [example.program, "test", "-json"],
        cwd=example.root,
        env=example._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["@message"] for one in said if one["type"] == "diagnostic"] == []
    assert done.returncode == 0


def _folder(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    return place


def _mock(alias: str, region: str) -> str:
    return f"""
mock_provider "aws" {{
  alias = "{alias}"
  mock_data "aws_caller_identity" {{
    defaults = {{ account_id = "123456789012" }}
  }}
  mock_data "aws_partition" {{
    defaults = {{ partition = "aws" }}
  }}
  mock_data "aws_region" {{
    defaults = {{ name = "{region}" }}
  }}
  mock_data "aws_availability_zones" {{
    defaults = {{ names = ["{region}a", "{region}b"] }}
  }}
}}
"""


TWO_REGIONS = (
    _mock("sydney", "ap-southeast-2")
    + _mock("virginia", "us-east-1")
    + """
run "both" {
  command = plan
  variables {
    light_package = "../../functions.json"
    images = {
      sydney   = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:1"
      virginia = "123456789012.dkr.ecr.us-east-1.amazonaws.com/stockstream:1"
    }
  }
  assert {
    condition     = output.buckets.sydney == "stockstream-123456789012-ap-southeast-2"
    error_message = "Sydney has a bucket of its own."
  }
  assert {
    condition     = output.buckets.virginia == "stockstream-123456789012-us-east-1"
    error_message = "Virginia has a bucket of its own."
  }
}
"""
)
