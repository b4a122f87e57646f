"""The plan of an attempt at a run: what was missing when it began, in items for its workers.

It is a file of the run, ``plans/<attempt>.json``: a JSON array of
``{"run": "s-0123456789ab", "attempt": "1", "chunks": [3, 4, 5]}``. The first one to write it
decides, so that a message which comes twice finds the plan that is there. A state machine reads it
item by item, a child of an array job takes the item with its own index.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.study.plan import CHUNK_SECONDS
from stockstream.study.runs.file_store import reading, writing
from stockstream.study.runs.store import demand_run_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = [
    "AT_ONCE",
    "ITEM_SECONDS",
    "MOST_ITEMS",
    "Item",
    "Plan",
    "demand_attempt",
    "last_attempt",
    "make_plan",
    "plan_file",
    "plan_items",
    "read_item",
    "read_plan",
]

AT_ONCE: Final = 30
"""Workers that are counted on where nobody says how many there are."""

ITEM_SECONDS: Final = 60.0
"""Work of an item on one core, about: long against the start of a worker, short against the fifteen
minutes that a function has."""

MOST_ITEMS: Final = 10_000
"""Children that an array job of AWS Batch may have, and executions that a Distributed Map keeps."""

PLANS: Final = "plans"
FIRST: Final = "1"

_ATTEMPT = re.compile(r"[1-9][0-9]{0,5}")


class Item(NamedTuple):
    """The work of one invocation.

    Attributes:
        run: name of the run.
        attempt: at the run: "1", "2" and so on.
        chunks: their numbers, ascending.
    """

    run: str
    attempt: str
    chunks: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """The item as JSON values."""
        return {"run": self.run, "attempt": self.attempt, "chunks": list(self.chunks)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Item:
        """Read what :meth:`as_dict` gave; without an attempt it is the first.

        Raises:
            ConfigError: it is no item.
        """
        run, chunks = document.get("run"), document.get("chunks")
        if not (isinstance(run, str) and chunks and _are_numbers(chunks)):
            raise ConfigError(
                f"{str(dict(document))[:100]} is no item of a plan; one looks like "
                '{"run": "s-0123456789ab", "attempt": "1", "chunks": [0, 1, 2]}'
            )
        attempt = demand_attempt(document.get("attempt", FIRST))
        return cls(demand_run_name(run), attempt, tuple(chunks))


class Plan(NamedTuple):
    """The work of one attempt.

    Attributes:
        attempt: "1", "2" and so on.
        file: where it is, below the place of the run.
        items: in their order.
    """

    attempt: str
    file: str
    items: tuple[Item, ...]

    @property
    def chunks(self) -> int:
        """How many chunks it has: those that were missing when it was made."""
        return sum(len(item.chunks) for item in self.items)


def plan_items(
    missing: Sequence[Chunk],
    attempt: str,
    at_once: int = AT_ONCE,
    seconds: float = ITEM_SECONDS,
) -> tuple[Item, ...]:
    """Group chunks that follow each other, so that an item has about so much work.

    There are at least as many items as may run at once, if there are that many chunks, and never
    more than :data:`MOST_ITEMS`; no item has more than one chunk more than another.

    Args:
        missing: chunks of one study, in their order.
        attempt: that they are for.
        at_once: workers that there may be.
        seconds: of work on one core for an item.

    Raises:
        ConfigError: nobody may work, or an item would have no time.
    """
    if at_once < 1 or seconds <= 0.0:
        raise ConfigError(
            f"at_once={at_once} and seconds={seconds}: at least one worker, and more than no time"
        )
    wanted = max(ceil(len(missing) * CHUNK_SECONDS / seconds), at_once)
    count = min(wanted, len(missing), MOST_ITEMS)
    bounds = [len(missing) * part // count for part in range(count + 1)] if count else []
    return tuple(
        Item(missing[0].study.name, attempt, tuple(c.number for c in missing[first:stop]))
        for first, stop in pairwise(bounds)
    )


def make_plan(
    store: BucketStore,
    attempt: str | None = None,
    at_once: int = AT_ONCE,
    seconds: float = ITEM_SECONDS,
    *,
    again: bool = False,
) -> Plan:
    """Plan an attempt over what is missing, or give the plan that it already has.

    A new attempt tries again what was given up before, and with ``again`` chunks that are there in
    which a trial failed.

    Args:
        store: of the run.
        attempt: which one; None is the one after the last.
        at_once: see :func:`plan_items`.
        seconds: see :func:`plan_items`.
        again: see above; :func:`stockstream.study.runs.items.run_item` is to be told as well.

    Raises:
        ConfigError: it is no number of an attempt.
        DataError: the bucket cannot be read or written.
    """
    asked = str(last_attempt(store) + 1) if attempt is None else demand_attempt(attempt)
    with reading(store.place):
        made = store.place.has(plan_file(asked))
    if not made:
        missing = store.missing()
        wanted = _with_failing(store, missing) if again else missing
        items = [item.as_dict() for item in plan_items(wanted, asked, at_once, seconds)]
        store.forgive(missing)
        with writing(store.place):
            store.place.create(plan_file(asked), json.dumps(items).encode())
    return read_plan(store, asked)


def read_plan(store: BucketStore, attempt: str) -> Plan:
    """The plan of an attempt.

    Raises:
        ConfigError: it is no number of an attempt.
        NoDataError: it was not planned.
        DataError: the plan cannot be read.
    """
    file = plan_file(demand_attempt(attempt))
    try:
        with reading(store.place):
            found = json.loads(_content(store, file))
        items = tuple(Item.of(item) for item in found)
    except (ValueError, TypeError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{store.place.path(file)} is no plan: {error}") from error
    return Plan(attempt, file, items)


def read_item(store: BucketStore, attempt: str, index: int) -> Item:
    """One item of a plan.

    Raises:
        ConfigError: it is no number of an attempt, or the plan has no such item.
        NoDataError: it was not planned.
        DataError: the plan cannot be read.
    """
    items = read_plan(store, attempt).items
    if not 0 <= index < len(items):
        raise ConfigError(
            f"attempt {attempt} at {store.study.name} has {len(items):,} items, and none has the "
            f"index {index}: start an array job of as many children as the plan has items"
        )
    return items[index]


def last_attempt(store: BucketStore) -> int:
    """The number of the last attempt that was planned; 0 before the first.

    Raises:
        DataError: the bucket cannot be read.
    """
    with reading(store.place):
        names = [file.name.rpartition("/")[2] for file in store.place.files(PLANS)]
    numbers = (name.removesuffix(".json") for name in names)
    return max((int(number) for number in numbers if _ATTEMPT.fullmatch(number)), default=0)


def plan_file(attempt: str) -> str:
    """Name of the file of a plan below the place of its run."""
    return f"{PLANS}/{attempt}.json"


def demand_attempt(attempt: object) -> str:
    """The attempt, if it is the number of one: it becomes a path.

    Raises:
        ConfigError: it is none.
    """
    text = str(attempt)
    if _ATTEMPT.fullmatch(text) is None:
        raise ConfigError(f"{text[:60]!r} is no number of an attempt; they are 1, 2, 3 and so on")
    return text


def _with_failing(store: BucketStore, missing: Sequence[Chunk]) -> list[Chunk]:
    """What is missing and what has a trial that failed, in their order."""
    absent = {chunk.number for chunk in missing}
    failing = store.failing([one for one in store.study.chunks if one.number not in absent])
    return sorted([*missing, *failing], key=lambda chunk: chunk.number)


def _are_numbers(given: object) -> bool:
    return isinstance(given, list) and all(type(one) is int and one >= 0 for one in given)


def _content(store: BucketStore, file: str) -> bytes:
    try:
        return store.place.read(file)
    except FileNotFoundError:
        attempt = last_attempt(store)
        planned = f"the last is attempt {attempt}" if attempt else "no attempt was planned yet"
        raise NoDataError(
            f"{store.place.path(file)} is missing, {planned}; submit the study, or resume the run"
        ) from None
