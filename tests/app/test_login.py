"""Signing in, with a real provider of OpenID Connect on this machine and a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from tests.app.server import serving
from tests.runners.cluster.conftest import free_port

from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from tests.app.server import Server
    from tests.app.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]

ANN: Final = "ann@example.com"
PEOPLE: Final = (
    {"sub": "ann", "email": ANN, "email_verified": True},
    {"sub": "bob", "email": "bob@example.com", "email_verified": True},
    {"sub": "mallory", "email": ANN, "email_verified": False},
)
SECRETS: Final = {
    "STOCKSTREAM__APP__CLIENT_SECRET": "canary-of-the-client",
    "STOCKSTREAM__APP__COOKIE_SECRET": "canary-of-the-cookie-with-32-bytes",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Address of a provider that knows three people, and asks which of them one is."""
    port = free_port()
    people = [word for one in PEOPLE for word in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-W", "ignore", "-u", "-m", "oidc_provider_mock"]
    with subprocess.Popen(
        [*command, "--port", str(port), *people],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        while "running" not in said.lower():
            said = process.stdout.readline()
            assert said, "the provider did not start"
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page, which lets Ann in."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    settings = {
        "STOCKSTREAM__APP__OIDC": f"{provider}/.well-known/openid-configuration",
        "STOCKSTREAM__APP__CLIENT_ID": "page",
        "STOCKSTREAM__APP__REDIRECT_URI": f"http://127.0.0.1:{port}/oauth2callback",
        "STOCKSTREAM__APP__PEOPLE": f"zoe@example.com {ANN}",
    }
    lake = simulated_lake(3).location.address
    with serving(folder, lake, folder / "runs", port, **settings, **SECRETS) as started:
        yield started


def sign_in(page: Page, provider: str, who: str) -> None:
    """Go to the provider, whose pages want a style sheet of others, and say there who one is."""
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda asked: asked.abort())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{provider}/**")
    page.get_by_role("button", name=who, exact=True).click()
    page.wait_for_url("**/")


def sign_out(page: Page) -> None:
    """Here, and at the provider."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="Sign in").wait_for()


def test_who_is_named_gets_in_and_stays(visitor: Visit, server: Server, provider: str) -> None:
    seen = visitor(server.address)
    page = seen.open("/runs")
    assert page.get_by_role("button", name="Sign in").is_visible()
    assert page.locator("[data-testid=stSidebar]").count() == 0
    assert page.get_by_role("link", name="Data").count() == 0  # nor the names of the pages
    sign_in(page, provider, "ann")
    page.get_by_role("heading", name="Backtest").wait_for()
    seen.open("/runs")
    assert page.get_by_role("heading", name="Runs").is_visible()
    content = page.content() + server.log
    assert not [secret for secret in SECRETS.values() if secret in content]
    assert page.get_by_text(re.compile(r"^ann.@example\.com$")).is_visible()  # and is no link
    sign_out(page)


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_others_stay_out(visitor: Visit, server: Server, provider: str, who: str) -> None:
    seen = visitor(server.address)
    page = seen.open("/")
    sign_in(page, provider, who)
    page.get_by_text("may not use this page").wait_for()
    assert page.locator("[data-testid=stSidebar]").count() == 0
    sign_out(page)


def test_a_cookie_that_somebody_made_is_worth_nothing(visitor: Visit, server: Server) -> None:
    seen = visitor(server.address)
    forged = json.dumps({"email": ANN, "email_verified": True, "is_logged_in": True})
    seen.page.context.add_cookies(
        [{"name": "_streamlit_user", "value": forged, "url": server.address}]
    )
    page = seen.open("/")
    assert page.get_by_role("button", name="Sign in").is_visible()
