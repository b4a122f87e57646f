"""Progress bars on standard error: only where somebody watches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stockstream.cli.console import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stockstream.runners.protocol import Runner
    from stockstream.study.runs.run_status import RunStatus

__all__ = ["progress", "watch"]


@contextmanager
def progress(label: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a piece of work is.

    Args:
        label: what is done.
        unit: what is counted, such as ``trials``.

    Yields:
        Call it with how many are done and how many there are.
    """
    if not sys.stderr.isatty():
        note(f"{label} ...")
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None, rate="")
        before: list[int] = []  # what was done when somebody began to watch

        def update(done: int, total: int) -> None:
            if not before:
                before.append(done)
            seconds = bar.tasks[0].elapsed or 0.0
            new = done - before[0]
            rate = f"{new / seconds:,.0f} {unit}/s" if new and seconds > 0 else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield update


def watch(runner: Runner, run: str, label: str) -> RunStatus:
    """Follow a run to its end; what it waits for is said once.

    Args:
        runner: that it is with.
        run: its name.
        label: what stands before the bar.

    Raises:
        CloudError: its service has not answered for long.
        KeyboardInterrupt: the user has seen enough.
    """
    said = ""
    with progress(label, "trials") as update:
        for status in runner.follow(run):
            update(status.done, status.total)
            if status.error and status.error != said and not status.has_ended:
                note(status.error)
                said = status.error
    return status
