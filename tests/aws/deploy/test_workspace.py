"""What this machine keeps of a stack, and what a checkout is made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import stockstream
from stockstream.aws.deploy import sources
from stockstream.aws.deploy.sources import find_checkout
from stockstream.aws.deploy.workspace import Workspace, demand_prefix
from stockstream.errors import CloudError, ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.aws.deploy.sources import Checkout


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_checkout_of_this_code_is_found(tmp_path: Path) -> None:
    assert find_checkout(tmp_path).folder.joinpath("src", "stockstream").is_dir()


def test_without_a_clone_there_is_nothing_to_deploy(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "venv" / "lib" / "stockstream" / "__init__.py"
    monkeypatch.setattr(stockstream, "__file__", str(installed))
    with pytest.raises(ConfigError, match=r"no infra/terraform here: .* clone"):
        find_checkout(tmp_path)
    assert find_checkout(checkout.folder / "src" / "stockstream") == checkout


def test_variables_are_those_of_the_root(checkout: Checkout) -> None:
    assert checkout.variables() == {"prefix", "vpc"}
    checkout.demand_variables(["vpc"])
    with pytest.raises(UnknownNameError, match="unknown Terraform variable 'prefx'; did you mean"):
        checkout.demand_variables(["prefx"])


def test_the_tag_of_the_image_changes_with_what_is_in_it(checkout: Checkout) -> None:
    tag = checkout.image_tag()
    assert tag == checkout.image_tag()
    assert tag.startswith(f"{stockstream.__version__}-")
    (checkout.folder / "docs.md").write_text("more")
    (checkout.folder / "src" / "__pycache__").mkdir()
    (checkout.folder / "src" / "__pycache__" / "a.pyc").write_text("x")
    assert checkout.image_tag() == tag
    for name in ("src/stockstream/a.py", "requirements.lock", "infra/docker/Dockerfile"):
        path = checkout.folder / name
        path.write_text(path.read_text() + "\n")
        assert checkout.image_tag() != tag
        tag = checkout.image_tag()


def test_the_zip_is_made_by_the_script_of_the_checkout(checkout: Checkout, tmp_path: Path) -> None:
    place = tmp_path / "new" / "functions.zip"
    assert checkout.make_zip(place).read_text() == "--installed"
    assert checkout.make_zip(place, runtime="python3.12").read_text() == "--runtime python3.12"
    (checkout.folder / sources.ZIP_SCRIPT).write_text("raise SystemExit('no such wheel')")
    with pytest.raises(CloudError, match=r"make_lambda_zip\.py failed: no such wheel"):
        checkout.make_zip(tmp_path / "other.zip")


@pytest.mark.parametrize("prefix", ["", "dev-", "a-b-2-", "a-"])
def test_prefixes(prefix: str) -> None:
    assert demand_prefix(prefix) == prefix


@pytest.mark.parametrize(
    "prefix", ["dev", "Dev-", "-", "1-", "a" * 17 + "-", "../x-", "a_b-", "a--"]
)
def test_prefixes_that_cannot_be_used(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"prefix .* cannot be used"):
        Workspace.of(prefix)


def test_rehearsals_and_stacks_are_kept_apart(tmp_path: Path) -> None:
    home = tmp_path / ".stockstream"
    assert Workspace.of("").folder == home / "aws" / "default"
    assert Workspace.of("dev-").folder == home / "aws" / "dev"
    assert Workspace.of("dev-", local=True).folder == home / "rehearsal" / "dev"


def test_the_sources_are_copied_and_the_checkout_is_not_touched(checkout: Checkout) -> None:
    place = Workspace.of("dev-")
    before = sorted(path for path in checkout.folder.rglob("*"))
    assert place.fill(checkout, {"prefix": "dev-"})
    assert sorted(path for path in checkout.folder.rglob("*")) == before
    assert (place.root / "modules" / "stack" / "main.tf").is_file()
    assert not (place.root / "tests").exists()
    assert not (place.root / "terraform.tfstate").exists()
    written = json.loads((place.root / "stockstream.auto.tfvars.json").read_text())
    assert written == {"prefix": "dev-"}
    assert (place.folder.parents[1] / ".gitignore").read_text() == "*\n"


def test_terraform_is_made_ready_when_the_sources_or_the_state_move(checkout: Checkout) -> None:
    place = Workspace.of("")
    assert place.fill(checkout, {"prefix": ""})
    (place.root / ".terraform.lock.hcl").write_text("5.100.0")
    place.made_ready()
    assert not place.fill(checkout, {"prefix": "", "vpc": 3})
    assert (place.root / ".terraform.lock.hcl").read_text() == "5.100.0"
    (checkout.terraform / "more.tf").write_text("")
    assert place.fill(checkout, {})
    place.made_ready()
    assert Workspace.of("", backend="s3://states").fill(checkout, {})


def test_the_state_may_be_in_a_bucket(checkout: Checkout) -> None:
    place = Workspace.of("dev-", backend="s3://states/team", region="us-east-1")
    place.fill(checkout, {})
    document = json.loads((place.root / "backend_override.tf.json").read_text())
    assert document["terraform"]["backend"] == {
        "s3": {
            "bucket": "states",
            "key": "team/dev/terraform.tfstate",
            "region": "us-east-1",
            "encrypt": True,
            "use_lockfile": True,
        }
    }
    assert place.has_state()
    assert not Workspace.of("dev-").has_state()


@pytest.mark.parametrize("state", ["states", "https://states/x", "s3://", "s3://me:pw@states/x"])
def test_places_that_hold_no_state(state: str) -> None:
    with pytest.raises(ConfigError, match="is no place for a state"):
        Workspace.of("", backend=state)


def test_what_was_chosen_is_remembered_until_it_is_forgotten(checkout: Checkout) -> None:
    place = Workspace.of("")
    assert place.remembered() == {}
    place.fill(checkout, {})
    place.remember({"region": "here"})
    place.zip.write_text("new")
    assert not place.restore_zip()
    place.keep_zip()
    place.zip.write_text("newer")
    assert place.restore_zip()
    assert place.zip.read_text() == "new"
    assert place.remembered() == {"region": "here"}
    (place.folder / "terraform.tfstate").write_text("{}")
    place.forget()
    assert [path.name for path in place.folder.iterdir()] == ["terraform.tfstate"]


def test_a_damaged_memory_is_told() -> None:
    place = Workspace.of("")
    place.remember({})
    (place.folder / "stack.json").write_text("{")
    with pytest.raises(ConfigError, match=r"stack\.json is damaged; remove it"):
        place.remembered()
