"""Plug-ins by entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stockstream import plugins
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two packages with entry points, as pip leaves them on the path."""
    for package, points in {
        "good": "Works = json:dumps\nShared = json:loads\n",
        "other": "Broken = no_such_module:thing\nShared = json:dump\n",
    }.items():
        folder = tmp_path / f"{package}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[stockstream.runners]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins._entry_points.cache_clear()
    yield
    plugins._entry_points.cache_clear()


@pytest.mark.usefixtures("install")
def test_names_are_found_without_loading_anything() -> None:
    assert plugin_names("runners") == ("Broken", "Shared", "Works")


@pytest.mark.usefixtures("install")
def test_a_plugin_is_loaded_when_asked_for() -> None:
    import json

    assert load_plugin("runners", "Works") is json.dumps


@pytest.mark.usefixtures("install")
def test_a_plugin_that_does_not_load_says_whose_it_is() -> None:
    with pytest.raises(
        ConfigError, match=r"'Broken' of stockstream.runners \(no_such_module:thing, from other\)"
    ):
        load_plugin("runners", "Broken")


@pytest.mark.usefixtures("install")
def test_a_name_claimed_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"good and other both add 'Shared'.*uninstall one"):
        load_plugin("runners", "Shared")


@pytest.mark.usefixtures("install")
def test_an_unknown_plugin() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Works'"):
        load_plugin("runners", "Work")
