"""Providers by name, as the settings say."""

from __future__ import annotations

import datetime as dt
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from stockstream import plugins
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.providers.base import Pace
from stockstream.providers.eodhd import EodhdProvider
from stockstream.providers.files import FilesProvider
from stockstream.providers.registry import get_provider, make_provider, provider_names
from stockstream.providers.simulated import SimulatedProvider
from stockstream.providers.yahoo import YahooProvider
from stockstream.providers.yfinance import YFinanceProvider
from stockstream.settings import (
    EodhdSettings,
    FetchSettings,
    ListSettings,
    Settings,
    YahooSettings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stockstream.providers.base import FetchResult

SHIPPED = ["eodhd", "files", "simulated", "yahoo", "yfinance"]
SETTINGS = Settings(
    fetch=FetchSettings(timeout=3.0),
    yahoo=YahooSettings("http://localhost:1"),
    eodhd=EodhdSettings("http://localhost:2", "k3y"),
)


class Mine:
    """The provider of a plug-in."""

    name = "mine"
    pace = Pace(symbols_per_request=1, per_second=None)

    def __init__(self, *, greeting: str = "hello") -> None:
        self.greeting = greeting

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        raise NotImplementedError


@pytest.fixture
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that adds a provider, as pip leaves it on the path."""
    module = ModuleType("my_package")
    module.Mine = Mine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_package", module)
    folder = tmp_path / "my_package-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[stockstream.providers]\nmine = my_package:Mine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins._entry_points.cache_clear()
    yield
    plugins._entry_points.cache_clear()


def test_shipped_providers() -> None:
    assert provider_names() == SHIPPED
    found = [get_provider(name) for name in SHIPPED]
    classes = [EodhdProvider, FilesProvider, SimulatedProvider, YahooProvider, YFinanceProvider]
    assert found == classes
    with pytest.raises(UnknownNameError, match="unknown provider 'simulate'; did you mean"):
        get_provider("simulate")


@pytest.mark.usefixtures("_plugin")
def test_the_provider_of_a_plugin() -> None:
    assert provider_names() == sorted([*SHIPPED, "mine"])
    assert get_provider("mine") is Mine
    made: Any = make_provider("mine", SETTINGS, greeting="good day")
    assert (type(made), made.greeting) == (Mine, "good day")
    assert make_provider("mine", SETTINGS).name == "mine"


@pytest.mark.usefixtures("_plugin")
@pytest.mark.parametrize("name", ["mine", "yahoo", "simulated"])
def test_an_option_that_there_is_not(name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' cannot be made of its options: .*'odd'"):
        make_provider(name, SETTINGS, odd=1)


def test_an_option_that_is_missing() -> None:
    with pytest.raises(ConfigError, match=r"'files' cannot be made of its options: .*'paths'"):
        make_provider("files", SETTINGS)


def test_files_are_given_as_an_option(tmp_path: Path) -> None:
    (tmp_path / "AAA.csv").write_text("date,open,high,low,close,volume\n", encoding="utf-8")
    assert make_provider("files", SETTINGS, paths=[tmp_path]).name == "files"


def test_servers_and_time_outs_come_from_the_settings() -> None:
    for name, server in (("yahoo", "localhost:1"), ("eodhd", "localhost:2")):
        made: Any = make_provider(name, SETTINGS)
        assert repr(made._client) == f"HttpClient({server!r})"
        assert made._client._timeout == 3.0
    with pytest.raises(ConfigError, match=r"setting 'eodhd.token'"):
        make_provider("eodhd", Settings())


def test_an_option_wins_over_the_settings() -> None:
    made: Any = make_provider("yahoo", SETTINGS, base_url="http://localhost:9", timeout=1.0)
    assert repr(made._client) == "HttpClient('localhost:9')"
    assert made._client._timeout == 1.0


@pytest.mark.slow
def test_yfinance_asks_yahoo_unless_told_otherwise() -> None:
    made: Any = make_provider("yfinance", SETTINGS)
    assert (made._session._base_url, made._session._most) == (None, 3.0)
    made = make_provider("yfinance", SETTINGS, base_url="http://localhost:9")
    assert made._session._base_url == "http://localhost:9"


def test_the_simulated_market_has_every_whole_year() -> None:
    made: Any = make_provider("simulated", SETTINGS, companies=7)
    assert (made.companies, made.calendar, made.first) == (7, "XASX", dt.date(2015, 1, 1))
    assert made.last >= dt.date(2027, 12, 31)
    assert (made.last.month, made.last.day) == (12, 31)
    made = make_provider("simulated", Settings(symbols=ListSettings(market="US")))
    assert made.calendar == "XNYS"
    made = make_provider("simulated", SETTINGS, first=None, last=None)
    assert made == SimulatedProvider()
