"""A kept run made again from what it says of itself, and held against what was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from stockstream.backtest.run import Source, prepare, run_on_panel
from stockstream.backtest.sleeves import columns_of, lookback_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import polars as pl

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.run import Engine
    from stockstream.backtest.sleeves import Manager
    from stockstream.market.panel import Panel

__all__ = ["Reproduction", "VersionedSource", "kept_panel", "reproduce"]


class VersionedSource(Source, Protocol):
    """A lake that still has its earlier versions."""

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        version: str | None = None,
        columns: Sequence[str] = (),
    ) -> Panel:
        """Bars as they were at a version."""


@dataclass(frozen=True)
class Reproduction:
    """What came out when a run was made again.

    Attributes:
        run: the new result.
        differences: numbers that are not what was kept, in words; none if all are the same.
        changed: parts of the identity that are others now: (name, kept, now).
    """

    run: BacktestResult
    differences: tuple[str, ...]
    changed: tuple[tuple[str, str, str], ...]

    @property
    def same(self) -> bool:
        """Whether every number is what was kept, to the last bit."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON values."""
        changed = [dict(zip(("part", "kept", "now"), row, strict=True)) for row in self.changed]
        return {"same": self.same, "differences": list(self.differences), "changed": changed}


def reproduce(kept: BacktestResult, lake: VersionedSource) -> Reproduction:
    """Run a kept configuration over the data version that it names, and compare every number.

    Args:
        kept: the run as it was.
        lake: where its data came from.

    Raises:
        ConfigError: the strategy is gone, or takes other parameters now.
        LakeError: the lake no longer has the version.
        NoDataError: the lake has no bars for it.
    """
    managers, config, panel = kept_panel(kept, lake)
    now = run_on_panel(
        managers,
        panel,
        config,
        engine=cast("Engine", kept.engine),
        benchmark=False,
        look_ahead=False,
    )
    before, after = kept.identity.as_dict(), now.identity.as_dict()
    changed = tuple(
        (name, str(value), str(after[name]))
        for name, value in before.items()
        if value != after[name]
    )
    return Reproduction(now, tuple(_differences(kept, now)), changed)


def kept_panel(
    kept: BacktestResult, lake: VersionedSource
) -> tuple[tuple[Manager, ...], BacktestConfig, Panel]:
    """The strategies, the configuration and the bars of a kept run, as they were.

    Raises:
        ConfigError: the strategy is gone, or takes other parameters now.
        LakeError: the lake no longer has the version.
        NoDataError: the lake has no bars for it.
    """
    managers, config = prepare(kept.config, lake)
    panel = lake.panel(
        config.universe or (),
        config.start_date,
        config.end_date,
        config.warmup_start or lookback_of(managers),
        version=kept.identity.data_version,
        columns=columns_of(managers),
    )
    return managers, config, panel


def _differences(kept: BacktestResult, now: BacktestResult) -> Iterator[str]:
    if not np.array_equal(kept.dates, now.dates):
        yield f"sessions: {len(kept.dates)} were kept, {len(now.dates)} now"
    else:
        for name in ("equity", "cash", "invested"):
            yield from _first_day(name, kept, now)
    for name in ("fills", "trades"):
        yield from _first_row(name, getattr(kept, name), getattr(now, name))
    before, after = kept.metrics.as_dict(), now.metrics.as_dict()
    for name, value in before.items():
        if not np.array_equal(value, after[name], equal_nan=True):
            yield f"{name}: {value!r} was kept, {after[name]!r} now"


def _first_day(name: str, kept: BacktestResult, now: BacktestResult) -> Iterator[str]:
    before, after = getattr(kept, name), getattr(now, name)
    differ = np.flatnonzero(before != after)
    if len(differ):
        t = int(differ[0])
        yield (
            f"{name}: differs on {len(differ):,} of {len(before):,} days, first on "
            f"{kept.dates[t]}: {float(before[t])!r} was kept, {float(after[t])!r} now"
        )


def _first_row(name: str, before: pl.DataFrame, after: pl.DataFrame) -> Iterator[str]:
    if before.equals(after):
        return
    if before.columns != after.columns or before.height != after.height:
        yield f"{name}: {before.height:,} were kept, {after.height:,} now"
        return
    rows = zip(before.rows(), after.rows(), strict=True)
    i, (old, new) = next((i, pair) for i, pair in enumerate(rows) if repr(pair[0]) != repr(pair[1]))
    yield f"{name}: the first that differs is number {i + 1}: {old} was kept, {new} now"
