"""What every provider of bars must keep, as tests that the author of one inherits.

Say which symbols and days the provider has, and make it in a fixture::

    class TestMyProvider(ProviderContract):
        symbols = ("BHP.AX", "CBA.AX")
        unknown = "NOPE.AX"
        start, end = dt.date(2024, 1, 2), dt.date(2024, 1, 31)

        @pytest.fixture
        def provider(self) -> MyProvider:
            return MyProvider()

The tests ask the provider a few dozen times, so it should answer from memory or from a server on
the same machine.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar, get_args

import polars as pl

from stockstream.errors import FailureKind
from stockstream.market.actions import ACTION_SCHEMA, KINDS
from stockstream.market.bars import BAR_SCHEMA, BASES, PRICES
from stockstream.providers.base import Failure, FetchResult, Provider

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

__all__ = ["ProviderContract"]

EXTRA = pl.Schema({"is_final": pl.Boolean(), "source": pl.String(), "utc_offset": pl.String()})
"""Columns that a frame of bars may have beside those of a bar."""
KNOWN_KINDS = get_args(FailureKind)


class ProviderContract:
    """Tests of a :class:`stockstream.providers.base.Provider`.

    Attributes:
        symbols: at least two that have bars in the window.
        unknown: one that the provider does not have.
        start: first day of the window.
        end: last day of the window.
    """

    symbols: ClassVar[tuple[str, ...]]
    unknown: ClassVar[str]
    start: ClassVar[dt.date]
    end: ClassVar[dt.date]

    def fetch(self, provider: Provider, symbols: Sequence[str]) -> FetchResult:
        """What the provider sends of some symbols in the window."""
        return provider.fetch(symbols, self.start, self.end)

    def test_it_has_a_name_and_a_pace(self, provider: Provider) -> None:
        assert isinstance(provider, Provider), "it lacks a part of the protocol"
        name, pace = provider.name, provider.pace
        assert name, "a name is stored with every bar"
        assert name == name.strip().lower(), "a name is short and in lower case"
        assert pace.symbols_per_request is None or pace.symbols_per_request >= 1
        assert pace.per_second is None or 0 < pace.per_second < math.inf
        self.fetch(provider, self.symbols[:1])
        assert (provider.name, provider.pace) == (name, pace), "they are stable"

    def test_the_bars_have_their_schema(self, provider: Provider) -> None:
        bars = self.fetch(provider, self.symbols).bars
        _demand_bar_schema(bars)
        assert set(bars["basis"]) <= set(BASES)
        assert not bars.select("symbol", "date", "provider").null_count().sum_horizontal().item()

    def test_every_known_symbol_gives_bars(self, provider: Provider) -> None:
        result = self.fetch(provider, self.symbols)
        assert set(result.bars["symbol"]) == set(self.symbols)
        assert not {failure.name for failure in result.failures} & set(self.symbols)
        assert result.basis_reason, "it says why the bars are on their basis"

    def test_only_what_was_asked_for_comes(self, provider: Provider) -> None:
        chosen = self.symbols[0]
        result = self.fetch(provider, [chosen])
        for frame in (result.bars, result.actions):
            assert set(frame["symbol"]) <= {chosen}
            assert frame["date"].is_between(self.start, self.end).all()

    def test_final_bars_are_whole_and_one_of_each_day(self, provider: Provider) -> None:
        bars = self.fetch(provider, self.symbols).bars
        final = bars
        if "is_final" in bars.columns:
            assert not bars["is_final"].has_nulls()
            final = bars.filter("is_final")
            assert not final.select(PRICES).null_count().sum_horizontal().item()
        assert not final.is_empty(), "the window needs days that are over"
        assert not final.select("symbol", "date").is_duplicated().any()

    def test_offsets_are_as_iso_8601_writes_them(self, provider: Provider) -> None:
        bars = self.fetch(provider, self.symbols).bars
        if "utc_offset" in bars.columns:
            assert bars["utc_offset"].drop_nulls().str.contains(r"^[+-]\d\d:\d\d$").all()

    def test_the_actions_have_their_schema(self, provider: Provider) -> None:
        actions = self.fetch(provider, self.symbols).actions
        assert actions.schema == ACTION_SCHEMA
        assert set(actions["kind"]) <= set(KINDS)
        assert not actions.select("symbol", "date", "kind").is_duplicated().any()
        assert (actions["value"].is_finite() & (actions["value"] > 0)).all()

    def test_the_order_of_symbols_does_not_matter(self, provider: Provider) -> None:
        forwards = self.fetch(provider, self.symbols)
        backwards = self.fetch(provider, self.symbols[::-1])
        assert _sorted(forwards).bars.equals(_sorted(backwards).bars)
        assert _sorted(forwards).actions.equals(_sorted(backwards).actions)

    def test_an_unknown_symbol_is_a_failure_beside_the_others(self, provider: Provider) -> None:
        mixed = self.fetch(provider, [self.unknown, *self.symbols])
        assert set(mixed.bars["symbol"]) == set(self.symbols)
        self._demand_failure(mixed)

    def test_an_unknown_symbol_alone(self, provider: Provider) -> None:
        alone = self.fetch(provider, [self.unknown])
        _demand_bar_schema(alone.bars)
        assert alone.bars.is_empty()
        assert alone.actions.schema == ACTION_SCHEMA
        assert alone.actions.is_empty()
        self._demand_failure(alone)

    def test_asking_again_gives_the_same(self, provider: Provider) -> None:
        first, second = (_sorted(self.fetch(provider, self.symbols)) for _ in range(2))
        assert first.bars.equals(second.bars)
        assert first.actions.equals(second.actions)
        assert first.failures == second.failures

    def test_threads_may_ask_at_once(self, provider: Provider) -> None:
        apart = [[symbol] for symbol in self.symbols] * 4
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda symbols: self.fetch(provider, symbols), apart))
        alone = [self.fetch(provider, symbols) for symbols in apart[: len(self.symbols)]] * 4
        for one, other in zip(found, alone, strict=True):
            assert _sorted(one).bars.equals(_sorted(other).bars)

    def _demand_failure(self, result: FetchResult) -> None:
        (failure,) = [failure for failure in result.failures if failure.name == self.unknown]
        assert isinstance(failure, Failure)
        assert failure.reason, "it says what happened"
        assert failure.kind in KNOWN_KINDS
        assert 0 <= failure.retry_after < math.inf
        assert "delist" not in failure.reason.lower(), "no answer of a source means a delisting"


def _demand_bar_schema(bars: pl.DataFrame) -> None:
    extra = {name: dtype for name, dtype in bars.schema.items() if name not in BAR_SCHEMA}
    assert bars.select(name for name in bars.columns if name in BAR_SCHEMA).schema == BAR_SCHEMA
    assert extra.items() <= EXTRA.items(), f"columns that no reader knows: {extra}"


def _sorted(result: FetchResult) -> FetchResult:
    return FetchResult(
        result.bars.sort("symbol", "date", maintain_order=True),
        result.actions.sort("symbol", "date", "kind"),
        result.failures,
    )
