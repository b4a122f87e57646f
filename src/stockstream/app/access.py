"""Who may use the page: this machine, those who sign in, or everybody if that was asked for."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.settings import AppSettings

__all__ = ["LOOPBACK_NAMES", "demand_guarded", "is_loopback", "login_secrets", "may_use"]

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
NAMED: Final = {"hosts": "name of a host", "people": "address of mail"}
SIGNS: Final = frozenset(",;\"'")
NEEDED: Final = ("client_id", "client_secret", "cookie_secret", "redirect_uri")


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def demand_guarded(settings: AppSettings) -> None:
    """Refuse to serve others unless they sign in, or everybody is let in on purpose.

    Raises:
        ConfigError: nobody signs in, a part of what that needs is not set, or a list is no list.
    """
    _demand_lists(settings)
    if settings.has_login:
        missing = [f"app.{name}" for name in NEEDED if not getattr(settings, name)]
        if missing:
            raise ConfigError(f"app.oidc is set, and signing in needs {', '.join(missing)} as well")
        return
    if settings.public or (is_loopback(settings.address) and not settings.hosts):
        return
    what = f"on {settings.address}" if not is_loopback(settings.address) else "to other hosts"
    raise ConfigError(
        f"the page is not served {what} where nobody signs in: whoever reaches it could start runs "
        "and spend money. Set app.oidc and the settings beside it, put it behind a tunnel "
        "(ssh -L), or say --public"
    )


def _demand_lists(settings: AppSettings) -> None:
    """Refuse names with signs that none has: a list that was written in another way."""
    for name in ("hosts", "people"):
        for one in getattr(settings, name):
            if SIGNS.intersection(one):
                raise ConfigError(
                    f"app.{name} has {one!r}, which is no {NAMED[name]}: write several of them "
                    "with spaces between, or as a list in stockstream.toml"
                )


def login_secrets(settings: AppSettings) -> Mapping[str, Any]:
    """What Streamlit needs so that people can sign in; empty if they do not."""
    if not settings.has_login:
        return {}
    return {
        "auth": {
            "redirect_uri": settings.redirect_uri,
            "cookie_secret": settings.cookie_secret,
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "server_metadata_url": settings.oidc,
        }
    }


def may_use(settings: AppSettings, mail: str, *, is_verified: bool) -> bool:
    """Whether somebody who has signed in may use the page.

    Args:
        settings: of the page.
        mail: what the provider says.
        is_verified: whether the provider has made sure of it.
    """
    if not settings.people:
        return True
    known = {one.casefold() for one in settings.people}
    return is_verified and mail.casefold() in known
