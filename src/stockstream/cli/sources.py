"""Settings with what options of a command say instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.settings import Settings

__all__ = ["settings_with"]


def settings_with(changes: Mapping[str, Any]) -> Settings:
    """The settings, with what options of fetching say instead.

    Args:
        changes: fields of :class:`stockstream.settings.FetchSettings`; None changes nothing.
    """
    settings = load_settings()
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(settings, fetch=replace(settings.fetch, **given))
