"""How Streamlit is told to behave: nothing leaks, nothing is asked of other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockstream.report.theme import DARK, FONT, LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.report.theme import Palette

__all__ = ["OPTIONS", "set_options"]


BUTTON: Final = {"light": LIGHT.strategy, "dark": "#2b6cc4"}
"""Behind white labels: the blue of charts in the dark is too light for them."""


def _look(kind: str, palette: Palette) -> dict[str, Any]:
    return {
        f"theme.{kind}.primaryColor": BUTTON[kind],
        f"theme.{kind}.backgroundColor": palette.page,
        f"theme.{kind}.secondaryBackgroundColor": palette.panel,
        f"theme.{kind}.textColor": palette.ink,
        f"theme.{kind}.borderColor": palette.line,
        f"theme.{kind}.linkColor": palette.strategy,
        f"theme.{kind}.grayTextColor": palette.muted,
    }


OPTIONS: Final[Mapping[str, Any]] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",  # tracebacks have paths and code in them
    "client.showErrorLinks": False,  # they carry the error to other servers
    "client.toolbarMode": "viewer",
    "global.developmentMode": False,
    "logger.level": "warning",
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1,
    "theme.font": FONT,
    **_look("light", LIGHT),
    **_look("dark", DARK),
}
"""Options of Streamlit by name."""


def set_options(more: Mapping[str, Any]) -> None:
    """Set them; call it before the app is made.

    Args:
        more: of this server, such as the names of hosts that may be asked for.
    """
    from streamlit import config

    for name, value in {**OPTIONS, **more}.items():
        config.set_option(name, value)
