"""Collecting the rows of one batch: which days to ask for, and what to make of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from stockstream.ingest.asking import Asker
from stockstream.ingest.notes import Failed, Notes
from stockstream.ingest.raw_rows import raw_rows
from stockstream.ingest.restatement import VERDICT_SCHEMA, compare_overlap
from stockstream.ingest.stamps import foreign_stamps
from stockstream.ingest.windows import Window, history_start, plan_windows
from stockstream.market.actions import empty_actions
from stockstream.market.bars import empty_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.ingest.asking import Answers
    from stockstream.ingest.order import Order
    from stockstream.ingest.pacing import Pacing
    from stockstream.ingest.stored import Stored
    from stockstream.ingest.windows import WindowPlan
    from stockstream.providers.base import Provider
    from stockstream.settings import FetchSettings

__all__ = ["Collector"]

_MOVED: Final = pl.col("verdict").is_in(["restated", "apart"])


class _Came(NamedTuple):
    """Bars and events, within the days that were asked for."""

    bars: pl.DataFrame
    actions: pl.DataFrame

    def of(self, condition: pl.Expr) -> _Came:
        return _Came(self.bars.filter(condition), self.actions.filter(condition))

    def plus(self, other: _Came) -> _Came:
        return _Came(
            pl.concat([self.bars, other.bars], how="diagonal_relaxed"),
            pl.concat([self.actions, other.actions]),
        )


@dataclass(frozen=True)
class Collector:
    """Asks a source for the symbols of batches.

    Attributes:
        provider: the source.
        settings: overlap, attempts and so on.
        pacing: shared with everyone who asks the same source.
        stored: what the lake has of the symbols.
        settled: called once with each symbol that came, is given up or is not asked for.
    """

    provider: Provider
    settings: FetchSettings
    pacing: Pacing
    stored: Stored
    settled: Callable[[str], None]

    def collect(self, order: Order) -> tuple[Notes, pl.DataFrame]:
        """Ask for every symbol, and a second time for those that came on another scale.

        Returns:
            What became of the symbols, and the rows for the raw zone.

        Raises:
            ConfigError: the provider lacks an option or a key.
            LakeError: the lake cannot be read.
            Stopped: the run was told to stop.
        """
        began = self.pacing.clock.time()
        skipped = [symbol for symbol in order.symbols if symbol in self.stored.skipped]
        plan = self._plan(order, skipped)
        for idle in (*skipped, *plan.up_to_date):
            self.settled(idle)
        rng = Random(f"{order.session} {order.number}")  # noqa: S311 - no secret: spreads waits
        first = self._ask(plan.windows, rng, self.settled)
        came = _came(first, plan.windows)
        verdicts = self._compare(came)
        moved = dict(verdicts.filter(_MOVED).select("symbol", "ratio").iter_rows())
        whole = self._whole(list(moved), order)
        second = self._ask(whole, rng, _nobody)
        came = came.of(~pl.col("symbol").is_in(list(moved))).plus(_came(second, whole))
        notes = Notes(
            self.provider.name,
            order.suffix,
            order.names,
            up_to_date=plan.up_to_date,
            skipped=skipped,
            failed=first.failed | _pending(second),
            recovered=first.recovered | second.recovered,
            incomplete=first.incomplete | second.incomplete,
            corrected=verdicts.filter(verdict="corrected")["symbol"].to_list(),
            refetched={name: moved[name] for name in moved if name not in second.failed},
            pending=sorted(second.failed),
            foreign=self._foreign(came.bars),
            requests=first.requests + second.requests,
            seconds=self.pacing.clock.time() - began,
        )
        return notes, raw_rows(*came, first.fetched_at | second.fetched_at)

    def _plan(self, order: Order, skipped: Sequence[str]) -> WindowPlan:
        left_out = set(skipped)
        return plan_windows(
            (symbol for symbol in order.symbols if symbol not in left_out),
            self.stored.last,
            order.session,
            self.stored.calendar,
            overlap=self.settings.overlap,
            history_years=self.settings.history_years,
            again=order.again,
        )

    def _whole(self, symbols: Sequence[str], order: Order) -> list[Window]:
        """The whole history of some symbols: all that is stored, and all that a new one gets."""
        usual = history_start(order.session, self.settings.history_years)
        history = self.stored.history(symbols).group_by("symbol").agg(pl.col("date").min())
        first = dict(history.iter_rows())
        return [
            Window(symbol, min(usual, first.get(symbol, usual)), order.session)
            for symbol in symbols
        ]

    def _ask(
        self, windows: Sequence[Window], rng: Random, settled: Callable[[str], None]
    ) -> Answers:
        attempts = self.settings.attempts
        asker = Asker(self.provider, self.pacing, attempts=attempts, rng=rng, settled=settled)
        return asker.ask(windows)

    def _compare(self, came: _Came) -> pl.DataFrame:
        """Whether what came goes together with what is stored."""
        if not self.settings.overlap or self.stored.tail.is_empty():
            return VERDICT_SCHEMA.to_frame()
        splits = self.stored.unknown(came.actions.filter(pl.col("kind") == "split"))
        return compare_overlap(self.stored.tail, came.bars, splits)

    def _foreign(self, bars: pl.DataFrame) -> dict[str, str]:
        """Symbols that came with time stamps of another zone than the exchange's."""
        if self.stored.calendar is None:
            return {}
        found = foreign_stamps(bars, self.stored.calendar)
        return dict(found.select("symbol", "detail").iter_rows())


def _pending(second: Answers) -> dict[str, Failed]:
    """Symbols that came on another scale, and whose whole history did not come."""
    reason = "its stored prices are on another scale, and its whole history did not come: "
    return {
        name: Failed(why.kind, reason + why.reason, why.attempts)
        for name, why in second.failed.items()
    }


def _came(answers: Answers, windows: Sequence[Window]) -> _Came:
    """Everything together, and nothing that was not asked for; rows without a date are kept."""
    days = {"symbol": pl.String, "_start": pl.Date, "_end": pl.Date}
    asked = pl.DataFrame(windows, days, orient="row")
    inside = pl.col("date").is_between("_start", "_end").fill_null(value=True)

    def within(frames: list[pl.DataFrame]) -> pl.DataFrame:
        rows = pl.concat(frames, how="diagonal_relaxed")
        marked = rows.join(asked, on="symbol", how="inner", maintain_order="left")
        return marked.filter(inside).drop("_start", "_end")

    return _Came(
        within([empty_bars(), *(result.bars for result in answers.results)]),
        within([empty_actions(), *(result.actions for result in answers.results)]),
    )


def _nobody(symbol: str) -> None:
    """The symbol is settled already."""
