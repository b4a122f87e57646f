"""The container image: whether it is in the repository, and getting it there."""

from __future__ import annotations

import base64
import shutil
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from stockstream.aws.deploy.processes import last_lines, run_program
from stockstream.errors import CloudError, ConfigError
from stockstream.runners.account import asking

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.aws.deploy.sources import Checkout
    from stockstream.runners.account import Account

__all__ = ["Image", "find_docker", "is_pushed", "planned_image", "push_image"]

PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


class Image(NamedTuple):
    """An image by its name in a repository of the account, and whether it is yet to be pushed."""

    uri: str
    missing: bool

    @property
    def repository(self) -> str:
        return self.uri.partition("/")[2].rpartition(":")[0]

    @property
    def tag(self) -> str:
        return self.uri.rpartition(":")[2]


def planned_image(account: Account, repository: str, tag: str) -> Image:
    """The image of a checkout, as it is or will be named in the account."""
    suffix = "amazonaws.com.cn" if account.region.startswith("cn-") else "amazonaws.com"
    uri = f"{account.number}.dkr.ecr.{account.region}.{suffix}/{repository}:{tag}"
    return Image(uri, missing=not is_pushed(account, repository, tag))


def is_pushed(account: Account, repository: str, tag: str) -> bool:
    """Whether an image of this tag is in a repository of the account."""
    from botocore.exceptions import ClientError

    client = account.client("ecr")
    absent = {"RepositoryNotFoundException", "ImageNotFoundException"}
    with asking("the repository of images"):
        try:
            client.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if error.response["Error"]["Code"] in absent:
                return False
            raise
    return True


def find_docker() -> str:
    """The path of the program.

    Raises:
        ConfigError: it is not installed.
    """
    found = shutil.which("docker")
    if found is None:
        raise ConfigError(
            "docker was not found, and the image of the functions is yet to be built; install "
            "Docker, or give an image that is in the account: --var image_uri=..., or rehearse "
            "without either: --local"
        )
    return found


def push_image(
    image: Image,
    checkout: Checkout,
    account: Account,
    *,
    architecture: str,
    tell: Callable[[str], None],
    verbose: bool,
) -> None:
    """Build the image of a checkout and push it to its repository, which exists.

    Raises:
        ConfigError: docker is not installed.
        CloudError: it could not be built or pushed.
    """
    program = find_docker()
    registry = image.uri.partition("/")[0]
    build = ("build", "--platform", PLATFORMS[architecture], "--tag", image.uri)
    file = ("--file", str(checkout.dockerfile), "--provenance=false", str(checkout.folder))
    login = ("login", "--username", "AWS", "--password-stdin", registry)
    steps: list[tuple[str, tuple[str, ...], str | None]] = [
        ("building the image (some minutes)", (*build, *file), None),
        ("logging in to the repository", login, _password(account)),
        ("pushing the image", ("push", image.uri), None),
    ]
    for what, words, given in steps:
        tell(what)
        said: deque[str] = deque(maxlen=50)
        hear = tell if verbose else said.append
        code = run_program(
            (program, *words),
            lambda line, hear=hear: hear(line.rstrip()),  # type: ignore[misc]
            folder=checkout.folder,
            stopping=lambda: tell("stopping docker"),
            given=given,
        )
        if code != 0:
            raise CloudError(f"docker {words[0]} failed: {last_lines(chr(10).join(said))}")


def _password(account: Account) -> str:
    """The password of the registry, for twelve hours."""
    with asking("the repository of images"):
        [data] = account.client("ecr").get_authorization_token()["authorizationData"]
    return base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
