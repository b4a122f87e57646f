"""The page of the workflow without a server, and tasks that start no process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.plugin import install

from stockstream import plugins
from stockstream.app.form import Draft
from stockstream.app.request import Request
from stockstream.app.tasks.progress import Progress, Teller
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Show: TypeAlias = Callable[..., AppTest]


class Asked(NamedTuple):
    """A request that was kept.

    Attributes:
        name: in the address.
        folder: where its tasks are noted.
    """

    name: str
    folder: Path


Ask: TypeAlias = Callable[..., Asked]


def _page() -> None:
    import streamlit as st

    from stockstream.app.pages import pages
    from stockstream.app.pages.workflow import workflow

    st.navigation(pages(), position="hidden")
    workflow()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs; the settings of the page lead to it and to a simulated lake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(simulated_lake(3).location))
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def show(runs: Path) -> Show:
    """Opens the page by its address."""
    assert runs.is_dir()

    def opened(**address: str) -> AppTest:
        page = AppTest.from_function(_page, default_timeout=60)
        for name, value in address.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return opened


@pytest.fixture
def ask(runs: Path) -> Ask:
    """Keeps a request; its estimate is there already."""

    def asked(**fields: Any) -> Asked:
        lake = simulated_lake(3)
        request = Request(Draft(**fields), str(lake.location), lake.version())
        folder = request.keep(runs)
        Teller(folder, "estimate").end(
            found_by="a test", pieces=1, points=4, trials=4, chunks=1, memory=2e6, workers=2,
            seconds=75.0, own=[], costs=[],
        )  # fmt: skip
        return Asked(request.name, folder)

    return asked


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tasks that were started; none of them does anything."""
    names: list[str] = []

    def spawn(folder: Path, task: str, lock: int) -> Progress:
        names.append(task)
        Teller(folder, task)("starting")
        return Progress("running", "starting")

    monkeypatch.setattr(sys.modules["stockstream.app.tasks.start"], "_spawned", spawn)
    return names


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A strategy of a plug-in, and one that does not load."""
    monkeypatch.syspath_prepend(str(install(tmp_path / "installed")))
    plugins._entry_points.cache_clear()
    yield
    plugins._entry_points.cache_clear()


def said(page: AppTest) -> str:
    """Every text of a page, without the signs that keep Markdown from reading it."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "warning", "success", "info")
    found = [str(one.value) for kind in kinds for one in getattr(page, kind)]
    return (
        "\n".join([*found, *(one.label for one in page.expander), *ways(page)])
        .replace("\\", "")
        .replace("\u2060", "")
    )


def ways(page: AppTest) -> list[str]:
    """What the links of a page say."""
    return [one.label for one in page.page_link]


def keys(page: AppTest) -> list[str | None]:
    """The buttons of a page."""
    return [one.key for one in page.button]
