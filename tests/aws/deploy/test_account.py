"""Who is asked, where, and what refusals mean."""

from __future__ import annotations

import pytest

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.account import Account, asking, chosen_region, demand_no_rehearsal

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A machine on which nobody is logged in."""
    home = str(tmp_path_factory.mktemp("home"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in REGIONS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{home}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{home}/credentials")


def test_an_account_has_a_number(account: Account) -> None:
    assert account.number == "123456789012"


def test_without_keys_it_says_how_to_log_in() -> None:
    with pytest.raises(CloudError, match=r"no keys of an AWS account .* --local"):
        _ = Account("ap-southeast-2").number


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    with pytest.raises(CloudError, match=r"mine.*there is no such profile"):
        Account("ap-southeast-2").client("s3")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDenied", "deployer-policy.json lists what is needed"),
        ("UnauthorizedOperation", "an administrator can allow it"),
        ("ExpiredToken", "the login has ended"),
        ("InvalidClientTokenId", "does not know these keys"),
        ("Throttling", "the service: Throttling: slow down$"),
    ],
)
def test_refusals_say_what_to_do(code: str, advice: str) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(CloudError, match=advice) as caught, asking("the service"):
        raise ClientError({"Error": {"Code": code, "Message": "slow down."}}, "Do")
    assert caught.value.__cause__ is None


def test_an_endpoint_that_does_not_answer() -> None:
    from botocore.exceptions import EndpointConnectionError

    with pytest.raises(CloudError, match="check the network"), asking("s3"):
        raise EndpointConnectionError(endpoint_url="https://s3.nowhere")


def test_the_region_is_chosen_by_the_nearest_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no region was chosen; give --region"):
        chosen_region(None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert chosen_region(None) == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert chosen_region(None) == "us-east-1"
    assert chosen_region("eu-west-1") == "eu-west-1"


def test_a_rehearsal_is_never_taken_for_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    demand_no_rehearsal()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hush@127.0.0.1:1")
    with pytest.raises(ConfigError, match=r"leads to http://127.*; add --local") as caught:
        demand_no_rehearsal()
    assert "hush" not in str(caught.value)
