"""A strategy of a plug-in, installed in a folder as pip leaves it on the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GATE", "NAME", "install"]

NAME: Final = "Gated"
GATE: Final = "GATE_OF_TRIALS"
"""Variable that names a file for which trials with ZAC.AX wait, the last of three symbols."""

MODULE: Final = '''
"""Of a plug-in."""
import os
import time
from typing import Annotated, Literal

from stockstream.strategy import Action, Choice, Percent, Range, Strategy


class Gated(Strategy):
    """Hold what has risen, and *wait* <b>where</b> told to.

    Never shown.
    """

    days: Annotated[int, "bars to look back", Range(2, 500)] = 20
    share: Annotated[float, Percent(0.01)] = 0.2
    eager: Annotated[bool, "buys early"] = False
    style: Literal["calm", "bold"] = "calm"
    weights: Annotated[tuple[float, ...], "of each"] = (1.0, 2.0)

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        gate = os.environ.get("GATE_OF_TRIALS", "")
        while gate and symbol == "ZAC.AX" and not os.path.exists(gate):
            time.sleep(0.02)
        if self.days == 13:
            raise ValueError("thirteen")
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(self.share if past[-1] > past[0] else 0.0)
'''
POINTS: Final = """
[stockstream.strategies]
Broken = no_such_module:Strategy
Gated = gated_strategy:Gated
"""


def install(folder: Path) -> Path:
    """Install it, and beside it one that does not load; returns what belongs on the path."""
    about = folder / "gated-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gated\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    (folder / "gated_strategy.py").write_text(MODULE)
    return folder
