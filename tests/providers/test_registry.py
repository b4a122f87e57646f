"""Providers by name, and the simulated one."""

from __future__ import annotations

import datetime as dt

import pytest

from stockstream.errors import UnknownNameError
from stockstream.providers import registry
from stockstream.providers.base import Provider
from stockstream.providers.files import FilesProvider
from stockstream.providers.registry import get_provider, provider_names
from stockstream.providers.simulated import SimulatedProvider

YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))


def test_shipped_providers() -> None:
    assert provider_names() == ["files", "simulated"]
    assert get_provider("files") is FilesProvider
    assert get_provider("simulated") is SimulatedProvider
    with pytest.raises(UnknownNameError, match="unknown provider 'simulate'; did you mean"):
        get_provider("simulate")


def test_a_provider_of_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "plugin_names", lambda _: ("mine",))
    monkeypatch.setattr(registry, "load_plugin", lambda group, name: (group, name))
    assert provider_names() == ["files", "mine", "simulated"]
    assert get_provider("mine") == ("providers", "mine")


def test_the_simulated_market_by_symbol() -> None:
    provider = SimulatedProvider(companies=5, seed=3)
    assert isinstance(provider, Provider)
    everything = provider.fetch([], *YEAR)
    assert everything.bars["symbol"].n_unique() == 5
    assert set(everything.bars["provider"]) == {"simulated"}
    chosen = everything.bars["symbol"].unique().sort()[1]
    one = provider.fetch([chosen, "NOPE.AX"], *YEAR)
    assert one.bars["symbol"].unique().to_list() == [chosen]
    assert one.listings is not None
    assert one.listings["symbol"].to_list() == [chosen]
    assert [failure.name for failure in one.failures] == ["NOPE.AX"]
