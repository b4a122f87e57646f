"""Which points of a grid to try next: Optuna's tree-structured Parzen estimator (Bergstra 2011).

Each proposal follows from the scores so far, the seed and its own number, and from nothing else. So
a search that was killed goes on as if nothing had happened: it reads its journal and proposes the
same points again. The first proposals are points at random.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from stockstream.errors import ConfigError, DataError
from stockstream.study.grid import MOST_POINTS
from stockstream.study.points.sampling import INSTALL, Shuffle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import optuna
    from optuna.distributions import BaseDistribution as Distribution

    from stockstream.study.points.space import Space

__all__ = ["Proposals", "alone_in", "demand_optuna"]

Direction: TypeAlias = Literal["minimize", "maximize"]

JOURNAL = "journal.log"
LOCK = "search.lock"
POINT = "point"
STARTUP = 10
"""Points at random before the first guess, at least."""

ATTEMPTS = 30
"""Guesses that may be taken or refused before a point at random stands in."""

WALKED = 1 << 12


class Proposals:
    """Points to try, each after the scores of those before.

    Args:
        space: the grid and its constraints; ``sample`` and ``listed`` are ignored.
        batch: points that are proposed before any of them has a score.
        seed: the same seed and scores, the same points.
        minimise: whether the least score is the best.
        folder: where the journal is; None keeps it in memory.

    Raises:
        ConfigError: Optuna is not installed.
        DataError: the journal cannot be read.
    """

    def __init__(
        self,
        space: Space,
        *,
        batch: int,
        seed: int = 0,
        minimise: bool = False,
        folder: Path | None = None,
    ) -> None:
        optuna = demand_optuna()
        self.space, self.seed = space, seed
        self.orders = {name: _order(values) for name, values in space.axes.items()}
        self.axes = {name: _axis(space.axes[name], order) for name, order in self.orders.items()}
        self.shuffle, self.walked = Shuffle(space.whole, seed), 0
        self.startup = max(STARTUP, 2 * len(space.axes))
        direction: Direction = "minimize" if minimise else "maximize"
        with _quiet():
            self.study = optuna.create_study(direction=direction)
            self.journal = None if folder is None else _open(folder / JOURNAL, direction)
        records = [] if self.journal is None else [_record(one) for one in self.journal.trials]
        whole = len(records) - len(records) % batch
        self.tried: dict[int, float] = {}
        self.unfinished = dict(records[whole:])
        self._learn(dict(records[:whole]))

    def propose(self, count: int) -> tuple[int, ...]:
        """Points that were not tried, as numbers on the grid; fewer where no others are left."""
        batch: list[int] = []
        asked: list[optuna.Trial] = []
        with _quiet():
            while len(batch) < count:
                number = self._guess({*self.tried, *batch}, asked)
                if number is None:
                    break
                batch.append(number)
            for trial in asked:
                self.study.tell(trial, state=_states().FAIL)  # its score comes as a new trial
        return tuple(batch)

    def record(self, scores: Mapping[int, float]) -> None:
        """Keep what proposed points scored; NaN where a point could not run."""
        if self.journal is not None:
            for number, score in scores.items():
                if number not in self.unfinished:
                    self.journal.add_trial(self._trial(number, score))
        self._learn({**self.unfinished, **scores})
        self.unfinished = {}

    def _learn(self, scores: Mapping[int, float]) -> None:
        self.tried.update(scores)
        with _quiet():
            self.study.add_trials([self._trial(*one) for one in scores.items()])

    def _guess(self, taken: set[int], asked: list[optuna.Trial]) -> int | None:
        """A point that is not taken: from what was learnt, else the next one at random."""
        if len(taken) >= self.startup:
            for attempt in range(ATTEMPTS):
                self.study.sampler = _sampler(self._derived(len(taken), attempt), self.axes)
                trial = self.study.ask(self.axes)
                number = self._number(trial.params)
                if number not in taken and self.space.keeps(np.array([number]))[0]:
                    asked.append(trial)  # still running: the next guess keeps away from it
                    return number
                self.study.tell(trial, state=_states().FAIL)
        return self._walk(taken)

    def _walk(self, taken: set[int]) -> int | None:
        """The next point of the shuffled grid that is not taken."""
        stop = min(self.space.whole, MOST_POINTS)
        while self.walked < stop:
            last = min(self.walked + WALKED, stop)
            numbers = self.shuffle.at(np.arange(self.walked, last))
            for number in numbers[self.space.keeps(numbers)].tolist():
                if number not in taken:
                    return int(number)
            self.walked = last
        return None

    def _derived(self, *parts: int) -> int:
        digest = hashlib.blake2b(repr((self.seed, *parts)).encode(), digest_size=4).digest()
        return int.from_bytes(digest, "little")

    def _number(self, parameters: Mapping[str, int]) -> int:
        places = [
            parameters[name] if order is None else order[parameters[name]]
            for name, order in self.orders.items()
        ]
        return self.space.number(places)

    def _trial(self, number: int, score: float) -> optuna.trial.FrozenTrial:
        """A point and its score as Optuna keeps them: parameters are places on sorted axes."""
        from optuna.trial import create_trial

        parameters: dict[str, Any] = {}
        rest = number
        for name, order in reversed(self.orders.items()):
            rest, place = divmod(rest, len(self.space.axes[name]))
            parameters[name] = place if order is None else order.index(place)
        failed = math.isnan(score)
        return create_trial(
            state=_states().PRUNED if failed else _states().COMPLETE,
            value=None if failed else score,
            params={name: parameters[name] for name in self.orders},
            distributions=self.axes,
            user_attrs={POINT: number},
        )


def demand_optuna() -> Any:
    """Optuna, if it is installed.

    Raises:
        ConfigError: it is not.
    """
    try:
        import optuna
    except ImportError as error:
        raise ConfigError(f"a search needs Optuna: {INSTALL}, or sample the grid") from error
    return optuna


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other searches out of a folder; the system lets go when the process ends.

    Raises:
        DataError: another search works in it, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DataError(f"cannot write to {folder}: {error.strerror or error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DataError(f"another search works in {folder}: wait until it is done") from None
    finally:
        os.close(handle)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's messages about each trial."""
    optuna = demand_optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _open(journal: Path, direction: Direction) -> optuna.Study:
    """The study in a journal; what a killed writer left half written is cut off."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)  # we hold our own
    try:
        if journal.exists():
            content = journal.read_bytes()
            os.truncate(journal, content.rfind(b"\n") + 1)
        storage = JournalStorage(JournalFileBackend(str(journal)))
        return optuna.create_study(
            storage=storage, study_name="search", direction=direction, load_if_exists=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"cannot read {journal}: {error}; remove its folder and search again"
        ) from error


def _record(trial: optuna.trial.FrozenTrial) -> tuple[int, float]:
    return int(trial.user_attrs[POINT]), math.nan if trial.value is None else trial.value


def _order(values: Sequence[Any]) -> list[int] | None:
    """The places of numbers from the least to the greatest; None for what has no order."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return None
    return sorted(range(len(values)), key=values.__getitem__)


def _sampler(seed: int, axes: dict[str, Distribution]) -> optuna.samplers.BaseSampler:
    """The estimator, told its search space: it would find it out from all trials each time."""
    from optuna.samplers import TPESampler

    class Sampler(TPESampler):
        def infer_relative_search_space(
            self, study: optuna.Study, trial: optuna.trial.FrozenTrial
        ) -> dict[str, Distribution]:
            return {name: axis for name, axis in axes.items() if not axis.single()}

    return Sampler(n_startup_trials=1, seed=seed)


def _axis(values: Sequence[Any], order: list[int] | None) -> Distribution:
    """The places on an axis: ordered where its values are, else choices."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if order is None:
        return CategoricalDistribution(range(len(values)))
    return IntDistribution(0, len(values) - 1)


def _states() -> Any:
    from optuna.trial import TrialState

    return TrialState
