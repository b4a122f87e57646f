"""A lake as it was when a study was planned, whatever it has become since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import ConfigError, DataError, LakeError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from stockstream.backtest.identity import Identity
    from stockstream.lake.store import Lake
    from stockstream.market.panel import Panel

__all__ = ["PinnedLake"]


class PinnedLake:
    """Reads one data version, and nothing but the data that a study was planned on.

    Args:
        lake: that still has the version.
        identity: of the study.
    """

    def __init__(self, lake: Lake, identity: Identity) -> None:
        self._lake, self._identity = lake, identity

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
