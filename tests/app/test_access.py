"""Who may use the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stockstream.app.access import demand_guarded, is_loopback, login_secrets, may_use
from stockstream.errors import ConfigError
from stockstream.settings.sections import AppSettings

OIDC = AppSettings(
    oidc="https://login.example/.well-known/openid-configuration",
    client_id="page",
    client_secret="canary-of-the-client",  # noqa: S106 - not a real one
    cookie_secret="canary-of-the-cookie",  # noqa: S106 - not a real one
    redirect_uri="https://page.example/oauth2callback",
)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_this_machine_alone_needs_no_guard(address: str) -> None:
    assert is_loopback(address)
    demand_guarded(AppSettings(address=address))


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "::", "10.0.0.7", "localhost.example", "", "127.0.0.1.example"],  # noqa: S104
)
def test_any_other_address_is_refused(address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(ConfigError, match="where nobody signs in"):
        demand_guarded(AppSettings(address=address))


def test_names_of_other_hosts_are_refused_on_loopback_too() -> None:
    with pytest.raises(ConfigError, match="to other hosts"):
        demand_guarded(AppSettings(hosts=("page.example",)))


def test_it_may_be_public_on_purpose() -> None:
    demand_guarded(AppSettings(address="0.0.0.0", public=True))  # noqa: S104 - that is the test


def test_signing_in_guards_every_address() -> None:
    demand_guarded(replace(OIDC, address="0.0.0.0", hosts=("page.example",)))  # noqa: S104


@pytest.mark.parametrize("name", ["client_id", "client_secret", "cookie_secret", "redirect_uri"])
def test_a_part_that_signing_in_needs_is_named(name: str) -> None:
    left_out: dict[str, Any] = {name: ""}
    with pytest.raises(ConfigError, match=rf"needs app\.{name} as well"):
        demand_guarded(replace(OIDC, **left_out))


@pytest.mark.parametrize("people", [('["ann@example.com"]',), ("ann@example.com,", "bob@x.org")])
def test_a_list_that_is_written_in_another_way_is_refused(people: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"app\.people has .*with spaces between"):
        demand_guarded(replace(OIDC, people=people))
    with pytest.raises(ConfigError, match=r"app\.hosts has .*with spaces between"):
        demand_guarded(replace(OIDC, hosts=people))


def test_secrets_are_only_where_people_sign_in() -> None:
    assert login_secrets(AppSettings(client_secret="unused")) == {}  # noqa: S106 - not a real one
    auth = login_secrets(OIDC)["auth"]
    assert auth["server_metadata_url"] == OIDC.oidc
    assert auth["client_secret"] == OIDC.client_secret


def test_no_secret_is_in_what_settings_look_like() -> None:
    assert "canary" not in repr(OIDC)


@pytest.mark.parametrize(
    ("people", "mail", "verified", "expected"),
    [
        ((), "anybody@example.org", False, True),
        (("Ann@example.org",), "ann@EXAMPLE.org", True, True),
        (("ann@example.org",), "ann@example.org", False, False),
        (("ann@example.org",), "bob@example.org", True, False),
        (("ann@example.org",), "", True, False),
    ],
)
def test_only_those_who_are_named_may_use_it(
    people: tuple[str, ...], mail: str, verified: bool, expected: bool
) -> None:
    assert may_use(AppSettings(people=people), mail, is_verified=verified) is expected
