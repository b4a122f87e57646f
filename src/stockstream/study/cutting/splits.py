"""How a study cuts its data: by symbol, by year, walk-forward, cross-validation, hold-out.

Written as text, everywhere the same (command line, configuration, environment)::

    none
    ticker
    year
    walk_forward(train=3y,test=1y)               rolling; anchored: training always from the start
    walk_forward(train=3y,test=6m,anchored,purge=5)
    cross_validation(groups=10,test=2,purge=5,embargo=10)
    hold_out(0.3)                                the last 30 % of the sessions
    hold_out(2015-01-01)                         from that day on
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from stockstream.errors import ConfigError
from stockstream.study.cutting.pieces import Piece, Role, warmup_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.study.cutting.lengths import Length

    Dates = NDArray[np.datetime64]

__all__ = ["MOST_SPLITS", "Kind", "Piece", "Split", "Window", "pieces_of"]

Kind = Literal["none", "ticker", "year", "walk_forward", "cross_validation", "hold_out"]

MOST_SPLITS = 20_000
"""Of a cross-validation: 16 groups in halves are 12,870."""

_LABELS: dict[Kind, tuple[str, ...]] = {
    "ticker": ("symbol",),
    "year": ("year",),
    "walk_forward": ("fold", "role"),
    "hold_out": ("role",),
}


@dataclass(frozen=True)
class Split:
    """A way to cut the data of a study.

    Attributes:
        kind: which way.
        train, test: of a walk-forward: lengths of its windows; the test windows follow each other.
        anchored: of a walk-forward: training begins at the start of the study, not ``train`` ago.
        groups: of a cross-validation: equal parts of the sessions, N.
        test_groups: of a cross-validation: groups that are tested at once, k.
        purge: sessions beside a test window that no training uses, before it (and, in a
            cross-validation, after it).
        embargo: of a cross-validation: further sessions after a test window that no training uses.
        share: of a hold-out: part of the sessions that is held out, the last ones.
        since: of a hold-out: the first day that is held out, in place of ``share``.

    Raises:
        ConfigError: a value that cannot be used.
    """

    kind: Kind = "none"
    train: Length | None = None
    test: Length | None = None
    anchored: bool = False
    groups: int = 0
    test_groups: int = 0
    purge: int = 0
    embargo: int = 0
    share: float | None = None
    since: dt.date | None = None

    def __post_init__(self) -> None:
        if self.kind == "cross_validation":
            _demand_splits(self.groups, self.test_groups)
        if self.share is not None and not 0.0 < self.share < 1.0:
            raise ConfigError(
                f"hold_out({self.share:g}) leaves nothing to train on or nothing to test on: give "
                "a fraction between 0 and 1, such as hold_out(0.3)"
            )

    @classmethod
    def parse(cls, text: str | Split | None) -> Split:
        """Read a split; ``str()`` of a split is text that reads as the same.

        Args:
            text: in the grammar of this module; None and empty text are ``none``.

        Raises:
            UnknownNameError: no such split, or no such option of it.
            ConfigError: a value that cannot be used.
        """
        from stockstream.study.cutting.split_text import read_split

        return text if isinstance(text, Split) else cls(**read_split(text or "none"))

    def __str__(self) -> str:
        options = [f"purge={self.purge}"] if self.purge else []
        if self.kind == "walk_forward":
            anchored = ["anchored"] if self.anchored else []
            options = [f"train={self.train}", f"test={self.test}", *anchored, *options]
        elif self.kind == "cross_validation":
            embargo = [f"embargo={self.embargo}"] if self.embargo else []
            options = [f"groups={self.groups}", f"test={self.test_groups}", *options, *embargo]
        elif self.kind == "hold_out":
            held = repr(self.share) if self.since is None else str(self.since)
            options = [held, *options]
        return f"{self.kind}({','.join(options)})" if options else self.kind

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that name a piece: ``symbol``, ``year``, ``fold``, ``role``."""
        return _LABELS.get(self.kind, ())

    def block_dates(self, dates: Dates) -> tuple[dt.date, ...] | None:
        """Where the blocks of a trial must begin and end so that the groups can be told apart.

        Each group gives up to three blocks: the sessions after its start that are no training where
        the group before is tested (purge and embargo), the middle, and those before its end that
        are none where the group after is tested (purge).

        Args:
            dates: ``datetime64[D] [T]``, the sessions of the trading window.

        Returns:
            ``B + 1`` days: block *b* has the sessions from day *b* to the day before day *b + 1*.
            None where any blocks will do.

        Raises:
            ConfigError: there are too few sessions.
        """
        if self.kind != "cross_validation":
            return None
        edges = group_edges(len(dates), self.groups)
        self._demand_middle(len(dates))
        head, tail = self.purge + self.embargo, self.purge
        inside = {edge + head for edge in edges[1:-1]} | {edge - tail for edge in edges[1:-1]}
        bounds = sorted({*edges, *inside} - {len(dates)})
        return (*(dates[bound].item() for bound in bounds), dates[-1].item() + dt.timedelta(days=1))

    def _demand_middle(self, sessions: int) -> None:
        size, lost = sessions // self.groups, 2 * self.purge + self.embargo
        if size <= lost:
            raise ConfigError(
                f"{self}: {sessions:,} sessions in {self.groups} groups are {size:,} each, and "
                f"purge and embargo take up to {lost:,} of them: lower them, or take fewer groups"
            )


def group_edges(sessions: int, groups: int) -> list[int]:
    """``[N + 1]``: where the groups of a cross-validation begin and end.

    All have ``sessions // groups`` sessions, the last one also what is left over (Lopez de Prado
    2018, section 12.4.1).
    """
    size = sessions // groups
    return [*(group * size for group in range(groups)), sessions]


class Window(NamedTuple):
    """A fold of a walk-forward.

    Attributes:
        number: from 1.
        train_start, train_end: days of the training window, both included.
        test_start, test_end: days of the test window, both included.
        partial: the data ends before the test window would.
    """

    number: int
    train_start: dt.date
    train_end: dt.date
    test_start: dt.date
    test_end: dt.date
    partial: bool


def pieces_of(
    split: Split,
    config: BacktestConfig,
    dates: Dates,
    symbols: Sequence[str],
    lookback: int,
) -> tuple[Piece, ...]:
    """The pieces of a study, in the order of the symbols or of time.

    Args:
        split: how to cut.
        config: its trading window. Where it has a ``warmup_start``, every piece has as many days
            of warm-up.
        dates: ``datetime64[D]``, sessions; those of the trading window count.
        symbols: of the study, as its panel has them.
        lookback: the longest of its points, in sessions.

    Raises:
        ConfigError: the window is too short for the split.
    """
    start, end = config.start_date, config.end_date
    warm = config.warmup_start or warmup_start(start, lookback)
    if split.kind == "ticker":
        return tuple(Piece(name, "all", (name,), start, end, warm) for name in symbols)
    if split.kind in {"none", "cross_validation"}:
        return (Piece(None, "all", None, start, end, warm),)
    inside = dates[(dates >= np.datetime64(start)) & (dates <= np.datetime64(end))]
    if split.kind == "year":
        windows = _years(inside, start, end)
    elif split.kind == "walk_forward":
        windows = [
            part
            for fold in folds_of(split, inside, start, end)
            for part in (
                (fold.number, "train", fold.train_start, fold.train_end),
                (fold.number, "test", fold.test_start, fold.test_end),
            )
        ]
    else:
        windows = _held_out(split, inside, start, end)
    return tuple(
        Piece(label, role, None, first, last, warm + (first - start))
        for label, role, first, last in windows
    )


_Part = tuple[str | int | None, Role, dt.date, dt.date]


def _years(dates: Dates, start: dt.date, end: dt.date) -> list[_Part]:
    years = (np.unique(dates.astype("datetime64[Y]").astype(np.int64)) + 1970).tolist()
    return [
        (year, "all", max(start, dt.date(year, 1, 1)), min(end, dt.date(year, 12, 31)))
        for year in years
    ]


def _held_out(split: Split, dates: Dates, start: dt.date, end: dt.date) -> list[_Part]:
    since = split.since
    if since is None:
        held = max(1, round((split.share or 0.0) * len(dates)))
        since = dates[max(len(dates) - held, 0)].item() if len(dates) else end
    place = int(np.searchsorted(dates, np.datetime64(since)))
    if place <= split.purge or place >= len(dates):
        raise ConfigError(
            f"{split}: of the {len(dates):,} sessions from {start} to {end}, {place:,} lie before "
            f"{since}, and there must be more than {split.purge} there and some after it: choose "
            "another share or day, or a longer window"
        )
    return [
        (None, "train", start, _day_before(dates[place - split.purge].item(), since, split.purge)),
        (None, "test", since, end),
    ]


def folds_of(split: Split, dates: Dates, start: dt.date, end: dt.date) -> list[Window]:
    """The folds of a walk-forward.

    Fold *k* tests from ``start + train + k * test`` on, for ``test``; the last one as far as the
    data go. It trains on what lies before: from ``start + k * test`` on, or, anchored, from
    ``start`` on. ``purge`` sessions before the test window are left out of training.

    Args:
        split: a walk-forward.
        dates: the sessions of the trading window.
        start: of the trading window.
        end: of the trading window.

    Raises:
        ConfigError: there is no fold, or nothing is left to train on.
    """
    folds = list(_folds(split, dates, start, end))
    if not folds:
        raise ConfigError(
            f"{split}: from {start} to {end} there are {len(dates):,} sessions, and "
            f"{split.train.words if split.train else 0} of training leave none to test: shorten "
            "train, or take a longer window"
        )
    return folds


def _folds(split: Split, dates: Dates, start: dt.date, end: dt.date) -> Iterator[Window]:
    assert split.train is not None
    assert split.test is not None
    base = split.train.after(start, 1, dates)
    number, label = 0, 1
    while base is not None:
        since = split.test.after(base, number, dates)
        place = len(dates) if since is None else int(np.searchsorted(dates, np.datetime64(since)))
        if since is None or place == len(dates):
            return
        until = split.test.after(base, number + 1, dates)
        last = end if until is None else min(end, until - dt.timedelta(days=1))
        if np.searchsorted(dates, np.datetime64(last), side="right") > place:
            trained = start if split.anchored else split.test.after(start, number, dates)
            assert trained is not None  # it lies before the test window
            purged = _end_of_training(split, dates, trained, since)
            partial = until is None or until > end + dt.timedelta(days=1)
            yield Window(label, trained, purged, since, last, partial)
            label += 1
        number += 1


def _end_of_training(split: Split, dates: Dates, trained: dt.date, since: dt.date) -> dt.date:
    place = int(np.searchsorted(dates, np.datetime64(since)))
    if place - split.purge <= int(np.searchsorted(dates, np.datetime64(trained))):
        raise ConfigError(
            f"{split}: nothing is left to train on before {since}, from {trained} on: the first "
            f"session is {dates[0]}, and purge takes the last {split.purge}; start there, train "
            "longer, or purge less"
        )
    return _day_before(dates[place - split.purge].item(), since, split.purge)


def _day_before(kept_until: dt.date, since: dt.date, purge: int) -> dt.date:
    """The last day of training: the eve of the test window, or of the sessions left out."""
    return (kept_until if purge else since) - dt.timedelta(days=1)


def _demand_splits(groups: int, test_groups: int) -> None:
    if not 1 <= test_groups < groups:
        raise ConfigError(
            f"cross_validation(groups={groups},test={test_groups}): test must be at least 1 and "
            "less than groups, such as cross_validation(groups=10,test=2)"
        )
    count = math.comb(groups, test_groups)
    if count > MOST_SPLITS:
        raise ConfigError(
            f"cross_validation(groups={groups},test={test_groups}) has {count:,} splits, more than "
            f"{MOST_SPLITS:,}: take fewer groups, such as cross_validation(groups=10,test=2), "
            f"{math.comb(10, 2)} splits"
        )
