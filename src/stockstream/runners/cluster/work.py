"""What a worker of the cluster does: a part of an attempt, as any other worker does an item."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.runs.items import RanItem
    from stockstream.study.runs.pinned import PinnedLake

__all__ = ["Order", "run_part", "tidy", "visit"]


class Order(NamedTuple):
    """An attempt at a run, for a process of any machine.

    Attributes:
        lake: folder or URL; the run is beside it.
        run: its name.
        attempt: "1", "2" and so on.
        directory: in which a strategy's file may have been named; taken where it exists.
    """

    lake: str
    run: str
    attempt: str
    directory: str


def run_part(order: Order, chunks: tuple[int, ...]) -> RanItem:
    """Run what is missing of some chunks of a run.

    Args:
        order: whose chunks they are.
        chunks: their numbers, ascending.

    Raises:
        ConfigError: the study was planned by other code.
        DataError: the run cannot be read or written.
        LakeError: the lake cannot be read.
    """
    # one processor each: threads of the workers beside it would be in the way
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    from stockstream.study.runs.items import run_item
    from stockstream.study.runs.plans import Item

    store, lake = _opened(order)
    return run_item(Item(order.run, order.attempt, chunks), store, lake)


def visit(order: Order) -> str:
    """Why a run cannot be worked on in this process; empty if it can."""
    from stockstream.errors import StockstreamError

    try:
        _opened(order)
    except (StockstreamError, OSError) as error:
        return str(error)
    return ""


def tidy(order: Order) -> None:
    """Remove from this machine what the workers of an order share."""
    from stockstream.runners.cluster.panels import forget_panel

    forget_panel(_opened(order)[0].study)


@lru_cache(maxsize=1)
def _opened(order: Order) -> tuple[BucketStore, PinnedLake]:
    """The files of a run and its lake; a worker keeps those of the last one."""
    from stockstream.lake.location import Location
    from stockstream.runners.cluster.panels import SharedLake
    from stockstream.study.runs.bucket_store import BucketStore, runs_of

    if Path(order.directory).is_dir():
        os.chdir(order.directory)
    place = Location.of(order.lake)
    store = BucketStore.open(runs_of(place).child(order.run))
    return store, SharedLake.of(store.study, place)
