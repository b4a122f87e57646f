"""Companies that changed their symbol: their bars under one name, so that a position lives on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.market.panel import Actions, Panel

__all__ = ["join_renamed", "with_former"]


def with_former(symbols: Sequence[str], became: Mapping[str, str]) -> list[str]:
    """The symbols, and at the end those that they were called before and that are not among them.

    Args:
        symbols: wanted.
        became: the next symbol of each that was changed.
    """
    wanted = dict.fromkeys(symbols)
    for old in became:
        if _latest(old, became) in wanted:
            wanted.setdefault(old)
    return list(wanted)


def join_renamed(panel: Panel, became: Mapping[str, str]) -> Panel:
    """A panel in which the bars of a company stand under its newest symbol of the panel.

    Bars that overlap are two companies, or one that is quoted twice: they are left as they are. A
    flag says what was joined.

    Args:
        panel: as it was read, before columns are added.
        became: the next symbol of each that was changed.
    """
    groups = _groups(panel, became)
    if not any(len(group) > 1 for group in groups):
        return panel
    pieces = [
        np.concatenate([np.arange(panel.rows(s).start, panel.rows(s).stop) for s in group])
        for group in groups
    ]
    rows = np.concatenate(pieces)
    names = tuple(panel.symbols[group[-1]] for group in groups)
    gone = [s for group in groups for s in group[:-1]]
    flags = (*_kept_flags(panel, gone), *_joined_flags(panel, groups))
    columns = {name: getattr(panel, name)[rows] for name in ("open", "high", "low", "close")}
    return replace(
        panel,
        symbols=names,
        offsets=np.concatenate(([0], np.cumsum([len(piece) for piece in pieces]))),
        bar=panel.bar[rows],
        volume=panel.volume[rows],
        actions=_moved(panel.actions, groups, len(panel.symbols)),
        delisted=np.array([_delisted(panel, group) for group in groups]),
        flags=flags,
        **columns,
    )


def _latest(symbol: str, became: Mapping[str, str]) -> str:
    """What it is called in the end; a ring of renames ends where it began."""
    seen = {symbol}
    while symbol in became and became[symbol] not in seen:
        symbol = became[symbol]
        seen.add(symbol)
    return symbol


def _groups(panel: Panel, became: Mapping[str, str]) -> list[list[int]]:
    """The symbols of each company, by place and from the oldest on, in the order of the newest."""
    place = {symbol: s for s, symbol in enumerate(panel.symbols)}
    before = {new: old for old, new in became.items() if old in place and new in place}
    joined: dict[int, list[int]] = {}
    for symbol, s in place.items():
        group, name = [s], symbol
        while name in before and place[before[name]] not in group:
            if not _follows(panel, place[before[name]], group[0]):
                break
            name = before[name]
            group.insert(0, place[name])
        joined[s] = group
    swallowed = {s for group in joined.values() for s in group[:-1]}
    return [group for s, group in joined.items() if s not in swallowed]


def _follows(panel: Panel, old: int, new: int) -> bool:
    """Whether the bars of one symbol begin after those of another have ended."""
    first, second = panel.bar[panel.rows(old)], panel.bar[panel.rows(new)]
    return not (len(first) and len(second)) or bool(first[-1] < second[0])


def _delisted(panel: Panel, group: list[int]) -> int:
    """The newest symbol says when a company went; one that has no bar yet has not gone."""
    rows = panel.rows(group[-1])
    return int(panel.delisted[group[-1]]) if rows.stop > rows.start else panel.sessions


def _moved(actions: Actions, groups: list[list[int]], symbols: int) -> Actions:
    """Corporate actions under the places of the joined symbols."""
    place = np.empty(symbols, np.int64)
    for new, group in enumerate(groups):
        place[group] = new
    moved = actions._replace(symbol=place[actions.symbol])
    return moved.keep(np.lexsort((moved.kind, moved.symbol, moved.bar)))


def _kept_flags(panel: Panel, gone: list[int]) -> list[str]:
    """What was said of the old symbols, their silence above all, is no longer true."""
    names = tuple(f"{panel.symbols[s]}: " for s in gone)
    return [flag for flag in panel.flags if not flag.startswith(names)]


def _joined_flags(panel: Panel, groups: list[list[int]]) -> list[str]:
    flags = []
    for group in groups:
        for old, new in pairwise(group):
            bars = panel.bar[panel.rows(old)]
            if len(bars):
                until = panel.dates[bars[-1]]
                flags.append(f"{panel.symbols[new]}: was {panel.symbols[old]} until {until}")
    return flags
