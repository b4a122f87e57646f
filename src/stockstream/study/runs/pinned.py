"""A lake as it was when a study was planned, whatever it has become since."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from stockstream.backtest.identity import made_by
from stockstream.errors import ConfigError, DataError, LakeError
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.study.runs.bucket_store import BucketStore, runs_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.backtest.identity import Identity
    from stockstream.market.panel import Panel
    from stockstream.study.study import Study

__all__ = ["PinnedLake", "demand_same_code", "open_run"]


class PinnedLake:
    """Reads one data version, and nothing but the data that a study was planned on.

    Args:
        lake: that still has the version.
        identity: of the study.
    """

    def __init__(self, lake: Lake, identity: Identity) -> None:
        self._lake, self._identity = lake, identity

    @classmethod
    def of(cls, study: Study, place: str | Path | Location) -> PinnedLake:
        """The lake of a study, for a worker that may be on another machine.

        Args:
            study: that was planned on it.
            place: folder or URL of the lake.

        Raises:
            ConfigError: the study was planned by other code.
            LakeError: there is no lake.
        """
        demand_same_code(study)
        return cls(Lake.open(place), study.identity)

    def symbols(self) -> list[str]:
        """Every symbol of the version."""
        return self._lake.symbols(self._identity.data_version)

    def resolve(self, symbols: Sequence[str]) -> list[str]:
        """Full symbols for what a person typed."""
        return self._lake.resolve(symbols, self._identity.data_version)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        """The panel of the study.

        Raises:
            LakeError: the lake no longer has the version, or it is another lake.
        """
        version = self._identity.data_version
        try:
            panel = self._lake.panel(symbols, start, end, warmup, version, columns)
        except (ConfigError, DataError) as error:  # it had all of that when it was planned on
            raise LakeError(
                f"the lake at {self._lake.location} lacks what the study was planned on: {error}"
            ) from error
        if panel.digest != self._identity.data_digest:
            raise LakeError(
                f"the lake at {self._lake.location} has other data at {version} than the study was "
                "planned on: give the lake it was planned on (--lake), or start the sweep again"
            )
        return panel


@lru_cache(maxsize=1)
def open_run(lake: str, run: str) -> tuple[BucketStore, PinnedLake]:
    """The files of a run beside a lake, and the lake that it reads.

    A warm process keeps those of the last run.

    Args:
        lake: folder or URL.
        run: its name, which becomes a path: checked before.

    Raises:
        ConfigError: the study was planned by other code.
        NoDataError: there is no such run.
        DataError: the run cannot be read.
        LakeError: the lake cannot be read.
    """
    place = Location.of(lake)
    store = BucketStore.open(runs_of(place).child(run))
    return store, PinnedLake.of(store.study, place)


def demand_same_code(study: Study) -> None:
    """Refuse a study of other code: its chunks would not be alike.

    Raises:
        ConfigError: it was planned by other code, or by a strategy's file that is not here.
    """
    try:
        here = made_by(study.config)
    except OSError as error:
        raise ConfigError(
            f"{study.name} runs {study.config.strategy_class}, and that file cannot be read here "
            f"({error.strerror or error}): run it where the file is, or install the strategy with "
            "the package"
        ) from error
    planned_by = study.identity.code_version
    if planned_by != here:
        raise ConfigError(
            f"{study.name} was planned by the code {planned_by}, and this is {here}: its chunks "
            "would not fit together; start the sweep again, or go back to that code (in the cloud: "
            "deploy the code that plans)"
        )
