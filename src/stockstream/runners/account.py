"""An account of AWS, or the rehearsal that stands in for it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stockstream.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Account", "asking", "chosen_region", "demand_no_rehearsal"]

ENDPOINT = "AWS_ENDPOINT_URL"

_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")

_ADVICE = {
    "NoCredentialsError": (
        "no keys of an AWS account were found; log in with `aws sso login` or `aws configure`, or "
        "set AWS_PROFILE; without an account there is the rehearsal: `stockstream aws local up`, "
        "then `deploy aws` with --local, and what `stockstream aws local env` prints"
    ),
    "TokenRetrievalError": "the login has ended; run `aws sso login` again",
    "ExpiredToken": "the login has ended; log in again",
    "ExpiredTokenException": "the login has ended; log in again",
    "InvalidClientTokenId": "the account does not know these keys; log in again",
    "SignatureDoesNotMatch": "the secret key is wrong; log in again",
    "ProfileNotFound": "there is no such profile; `aws configure list-profiles` lists them",
}
_REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
POLICY = "infra/terraform/deployer-policy.json"


@dataclass(frozen=True)
class Account:
    """An account in a region.

    Attributes:
        region: such as ``ap-southeast-2``.
        environment: variables of a rehearsal; none for an account.
    """

    region: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _session(self) -> Any:
        try:
            import boto3
        except ImportError as error:
            raise ConfigError(
                "AWS needs the extra [aws]: pip install 'stockstream[aws]'"
            ) from error
        with asking("the account"):
            return boto3.Session(
                aws_access_key_id=self.environment.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=self.environment.get("AWS_SECRET_ACCESS_KEY"),
                region_name=self.region,
            )

    def client(self, service: str) -> Any:
        """A client of a service, such as ``s3``."""
        from botocore.config import Config

        patient = Config(retries={"mode": "standard", "max_attempts": 5})
        if self.environment.get(ENDPOINT) or os.environ.get(ENDPOINT):  # one host for everything
            patient = patient.merge(Config(inject_host_prefix=False))
        with asking(service):
            return self._session.client(
                service, endpoint_url=self.environment.get(ENDPOINT), config=patient
            )

    @cached_property
    def number(self) -> str:
        """The account's twelve digits.

        Raises:
            CloudError: nobody is logged in, or the account does not answer.
        """
        with asking("the account"):
            return str(self.client("sts").get_caller_identity()["Account"])


@contextmanager
def asking(what: str, policy: str = POLICY) -> Iterator[None]:
    """Turn what the SDK raises into a :class:`CloudError` that says what to do next.

    Args:
        what: is asked, such as a service.
        policy: a file that lists what has to be allowed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "?")), str(said.get("Message", ""))
        advice = _ADVICE.get(code, "")
        if code in _REFUSED:
            advice = f"an administrator can allow it: {policy} lists what is needed"
        raise CloudError(_in_words(what, f"{code}: {message}", advice)) from None
    except BotoCoreError as error:
        raise CloudError(_in_words(what, str(error), _advice(error))) from None


def chosen_region(given: str | None) -> str:
    """The region that was asked for, else that of the environment or of the profile.

    Raises:
        ConfigError: there is none.
    """
    for region in (given, *map(os.environ.get, _REGIONS)):
        if region:
            return region
    try:
        import boto3

        found = boto3.Session().region_name
    except ImportError:
        found = None
    if not found:
        raise ConfigError(
            "no region was chosen; give --region ap-southeast-2 (Sydney), or set AWS_REGION"
        )
    return str(found)


def demand_no_rehearsal() -> None:
    """Refuse to take a rehearsal for the account.

    Raises:
        ConfigError: the environment leads to another endpoint than that of AWS.
    """
    endpoint = os.environ.get(ENDPOINT)
    if endpoint:
        from stockstream.lake.remote import without_password

        raise ConfigError(
            f"{ENDPOINT} leads to {without_password(endpoint)} and not to an account; add --local "
            f"for the rehearsal, or unset {ENDPOINT}"
        )


def _advice(error: Exception) -> str:
    name = type(error).__name__
    if "SSO" in name or "Token" in name:
        name = "TokenRetrievalError"
    if "Connect" in name or "Endpoint" in name:
        return "check the network and the name of the region"
    return _ADVICE.get(name, "")


def _in_words(what: str, said: str, advice: str) -> str:
    text = " ".join(said.split()).rstrip(".")
    return f"{what}: {text}{'; ' if advice else ''}{advice}"
