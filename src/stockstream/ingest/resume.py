"""What is left to do of a session, from the batches that are there."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from stockstream.errors import LakeError
from stockstream.ingest.batch import location_of
from stockstream.ingest.notes import RETRYABLE, Notes
from stockstream.ingest.order import full_name
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from stockstream.errors import FailureKind
    from stockstream.lake.location import Location
    from stockstream.lake.store import Lake

__all__ = ["renumber", "resume", "retry_failed"]


def resume(
    place: Lake | Location | str | Path,
    session: dt.date,
    batches: Sequence[Mapping[str, Any]],
    suffix: str = "",
) -> list[dict[str, Any]]:
    """Fit a plan to the batches that are there.

    As a rule the plan is the same as when they were made, and stays as it is. If the symbols were
    cut in another way since then (another size of batches), or a file is damaged, what is there
    counts, and the symbols that it lacks get numbers behind all others.

    Args:
        place: the lake, or where it is or will be.
        session: the as-of session.
        batches: the plan, each batch with ``symbols`` and ``batchNumber``.
        suffix: makes bare codes full.

    Returns:
        The plan to follow; batches of it that are there need no fetching.
    """
    there = dict(_notes(place, session))
    plan = {batch["batchNumber"]: list(batch["symbols"]) for batch in batches}
    clashing = {
        number
        for number, names in plan.items()
        if number in there and not _is_of(there[number], names, suffix)
    }
    if not clashing:
        return _batches(plan.values(), plan)
    kept = {number: names for number, names in plan.items() if number not in clashing}
    kept |= {number: list(notes.names) for number, notes in there.items() if notes}
    held = {full_name(name, suffix) for names in kept.values() for name in names}
    wanted = (name for number in sorted(clashing) for name in plan[number])
    loose = [name for name in wanted if full_name(name, suffix) not in held]
    behind = itertools.count(max((*plan, *there)) + 1)
    size = max(map(len, plan.values()))
    return _batches(kept.values(), kept) + _batches(_cut(loose, size), behind)


def retry_failed(
    place: Lake | Location | str | Path,
    session: dt.date,
    size: int,
    *,
    planned: int = 0,
    kinds: Collection[FailureKind] = RETRYABLE,
) -> list[dict[str, Any]]:
    """Batches of the symbols that failed and did not come in any other batch of the session.

    Args:
        place: the lake, or where it is or will be.
        session: the as-of session.
        size: most symbols of a batch.
        planned: numbers below this are taken, whether the batch is there or not.
        kinds: of failures to try again.
    """
    came: set[str] = set()
    failed: dict[str, FailureKind] = {}
    given: dict[str, str] = {}
    for _, notes in _notes(place, session):
        if notes is not None:
            came |= {*notes.fetched, *notes.up_to_date}
            failed |= {symbol: why.kind for symbol, why in notes.failed.items()}
            given |= {full_name(name, notes.suffix): name for name in notes.names}
    names = [given[s] for s, kind in failed.items() if kind in kinds and s not in came]
    first = max(RawZone(location_of(place)).next_number(session), planned)
    return _batches(_cut(names, size), itertools.count(first))


def renumber(
    place: Lake | Location | str | Path,
    session: dt.date,
    batches: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The same batches with the next free numbers of a session."""
    first = RawZone(location_of(place)).next_number(session)
    return _batches((list(batch["symbols"]) for batch in batches), itertools.count(first))


def _notes(
    place: Lake | Location | str | Path, session: dt.date
) -> Iterable[tuple[int, Notes | None]]:
    """Number and notes of each batch that has notes, in order; None if its file is damaged."""
    zone = RawZone(location_of(place))
    for batch in zone.batches(session, session):
        try:
            told = zone.notes(batch)
        except LakeError:
            yield batch.number, None
        else:
            if told:
                yield batch.number, Notes.of(told)


def _is_of(notes: Notes | None, names: Iterable[str], suffix: str) -> bool:
    """Whether a batch was made of these symbols and can be read."""
    wanted = {full_name(name, suffix) for name in names}
    return notes is not None and set(notes.symbols) == wanted


def _cut(names: Sequence[str], size: int) -> Iterable[list[str]]:
    return ([*names[start : start + size]] for start in range(0, len(names), size))


def _batches(parts: Iterable[list[str]], numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [
        {"symbols": names, "batchNumber": number}
        for names, number in zip(parts, numbers, strict=False)
    ]
