"""How far the batches of a run are: bars where somebody watches, JSON lines where not."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from stockstream.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tell = Callable[[int, int, int, str], None]

__all__ = ["batch_progress"]


@contextmanager
def batch_progress(label: str) -> Iterator[Tell]:
    """Show on standard error how far a run is.

    Without a terminal there is one line of JSON for each batch that ends, such as
    ``{"event": "batch", "batch": 3, "done": 400, "total": 1838, "seconds": 81.2, "text": "..."}``.

    Args:
        label: what is done.

    Yields:
        See ``progress`` of :func:`stockstream.ingest.run_batches.fetch_batches`.
    """
    if sys.stderr.isatty():
        with progress(label, "symbols") as update:
            yield lambda done, total, _batch, _event: update(done, total)
        return
    began = time.monotonic()

    def tell(done: int, total: int, batch: int, event: str) -> None:
        if " " not in event:  # a symbol; how a batch ended is a sentence
            return
        seconds = round(time.monotonic() - began, 1)
        line = {"event": "batch", "batch": batch, "done": done, "total": total, "seconds": seconds}
        typer.echo(json.dumps({**line, "text": event}), err=True)

    yield tell
