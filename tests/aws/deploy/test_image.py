"""The image: named, looked for, built, pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.aws.deploy.conftest import REGION

from stockstream.aws.deploy.image import find_docker, is_pushed, planned_image, push_image
from stockstream.aws.deploy.sources import Checkout
from stockstream.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.deploy.conftest import Calls, MakeProgram

    from stockstream.runners.account import Account

REGISTRY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
SCHEMA = "application/vnd.docker.distribution.manifest.v2+json"


def test_an_image_is_missing_until_it_is_pushed(account: Account) -> None:
    image = planned_image(account, "dev-stockstream", "0.1.0-abc")
    assert image.uri == f"{REGISTRY}/dev-stockstream:0.1.0-abc"
    assert (image.repository, image.tag) == ("dev-stockstream", "0.1.0-abc")
    assert image.missing, "there is no repository"
    client = account.client("ecr")
    client.create_repository(repositoryName="dev-stockstream")
    assert not is_pushed(account, image.repository, image.tag)
    manifest = {"schemaVersion": 2, "mediaType": SCHEMA, "config": {}, "layers": []}
    client.put_image(
        repositoryName="dev-stockstream", imageManifest=json.dumps(manifest), imageTag=image.tag
    )
    assert not planned_image(account, image.repository, image.tag).missing


def test_it_is_built_and_pushed_with_the_password_on_standard_input(
    account: Account, make_program: MakeProgram, calls: Calls, tmp_path: Path
) -> None:
    make_program("docker")
    told: list[str] = []
    image = planned_image(account, "stockstream", "1")
    options = {"architecture": "arm64", "tell": told.append, "verbose": False}
    push_image(image, Checkout(tmp_path), account, **options)  # type: ignore[arg-type]
    build, login, push = calls.of("docker")
    dockerfile = str(tmp_path / "infra" / "docker" / "Dockerfile")
    assert build["words"][:5] == ["build", "--platform", "linux/arm64", "--tag", image.uri]
    assert build["words"][5:] == ["--file", dockerfile, "--provenance=false", str(tmp_path)]
    assert login["words"] == ["login", "--username", "AWS", "--password-stdin", REGISTRY]
    assert login["given"]
    assert login["given"] not in " ".join(login["words"])
    assert push["words"] == ["push", image.uri]
    assert [line.partition(" ")[0] for line in told] == ["building", "logging", "pushing"]


def test_a_build_that_fails_says_why(
    account: Account, make_program: MakeProgram, calls: Calls, tmp_path: Path
) -> None:
    make_program("docker", "print('step 3'); print('no space left'); sys.exit(1)")
    image = planned_image(account, "stockstream", "1")
    with pytest.raises(CloudError, match="docker build failed: step 3 no space left"):
        push_image(
            image,
            Checkout(tmp_path),
            account,
            architecture="x86_64",
            tell=lambda _text: None,
            verbose=False,
        )
    assert len(calls.of("docker")) == 1


def test_without_docker_there_are_other_ways(make_program: MakeProgram) -> None:
    with pytest.raises(ConfigError, match=r"--var image_uri=.* --local"):
        find_docker()
