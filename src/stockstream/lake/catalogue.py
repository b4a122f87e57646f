"""What a lake holds, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.lake.summaries import LakeInfo
from stockstream.lake.tables import ACTIONS, BARS, FACTORS, FINDINGS, HEALTH, QUARANTINE, UNIVERSE

if TYPE_CHECKING:
    from stockstream.lake.publication import Pair
    from stockstream.lake.store import Lake

__all__ = ["take_stock"]


def take_stock(lake: Lake, pair: Pair, symbols: int) -> LakeInfo:
    """Count what is there.

    Args:
        lake: the lake.
        pair: the bars and actions to count.
        symbols: how many there are.
    """
    specs = (QUARANTINE, FINDINGS, UNIVERSE, FACTORS, HEALTH)
    found = {BARS: pair.bars, ACTIONS: pair.actions}
    found |= {spec: there for spec in specs if (there := lake.table(spec).find()) is not None}
    rows = dict.fromkeys(specs, 0) | {spec: snapshot.rows for spec, snapshot in found.items()}
    first, last = pair.bars.bounds("date")
    return LakeInfo(
        address=str(lake.location),
        version=str(pair.version),
        calendar=lake.calendar,
        simulated=lake.simulated,
        symbols=symbols,
        bars=rows[BARS],
        first=first,
        last=last,
        actions=rows[ACTIONS],
        quarantined=rows[QUARANTINE],
        findings=rows[FINDINGS],
        universe=rows[UNIVERSE],
        universe_since=lake.universe_since(),
        factors=rows[FACTORS],
        health=rows[HEALTH],
        size=sum(snapshot.size for snapshot in found.values()),
    )
