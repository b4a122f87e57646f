"""How far a task is: a small file, replaced whole, that its process writes and pages read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from stockstream.errors import DataError
from stockstream.market.whole_file import whole_file
from stockstream.study.runs.ledger.liveness import Process, is_alive, this_process

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Progress", "TaskState", "Teller", "read_progress"]

TaskState: TypeAlias = Literal["idle", "running", "done", "failed", "lost"]
"""``lost``: its process ended without a word; it can be started again."""


@dataclass(frozen=True)
class Progress:
    """How far a task is.

    Attributes:
        state: see :data:`TaskState`.
        words: what it does now, or why it failed.
        done, total: steps; ``total`` is 0 where nobody knows.
        found: what it gives to others, JSON values.
        process: that does it.
    """

    state: TaskState = "idle"
    words: str = ""
    done: int = 0
    total: int = 0
    found: dict[str, Any] = field(default_factory=dict)
    process: Process | None = None

    @property
    def share(self) -> float:
        """From 0 to 1."""
        if self.state == "done":
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens unless somebody asks."""
        return self.state in {"done", "failed", "lost"}


def read_progress(folder: Path, task: str) -> Progress:
    """How far a task of a request is; one that nobody has started is ``idle``.

    Raises:
        DataError: its file cannot be read.
    """
    file = folder / f"{task}.json"
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        found = _progress(**given)
    except FileNotFoundError:
        return Progress()
    except OSError as error:
        raise DataError(f"{task} cannot be looked at: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise DataError(
            f"how far {task} of {folder.name} is cannot be read ({type(error).__name__}); remove "
            f"{file.name} from its folder, and it can be started again"
        ) from error
    if found.state == "running" and found.process and is_alive(found.process) is False:
        return replace(found, state="lost", words="the process ended without a word")
    return found


def _progress(*, state: str, found: dict[str, Any], process: Any, **others: Any) -> Progress:
    if state not in get_args(TaskState) or not isinstance(found, dict):
        raise ValueError(state)
    known = None if process is None else Process(*process)
    return Progress(cast("TaskState", state), found=found, process=known, **others)


class Teller:
    """Writes how far the task of this process is.

    Args:
        folder: of the request.
        task: its name.
    """

    def __init__(self, folder: Path, task: str) -> None:
        self._file, self._last = folder / f"{task}.json", Progress(process=this_process())

    def __call__(
        self, words: str, done: int | None = None, total: int | None = None, **found: Any
    ) -> None:
        """Say what is done now, and what was found."""
        last = self._last
        self._write(
            replace(
                last,
                state="running",
                words=words,
                done=last.done if done is None else done,
                total=last.total if total is None else total,
                found={**last.found, **found},
            )
        )

    def hand_on(self, process: Process) -> Progress:
        """Say that another process does it from here on, unless that has said more already."""
        started = replace(self._last, process=process)
        if read_progress(self._file.parent, self._file.stem).process == self._last.process:
            self._write(started)
        return started

    def end(self, words: str = "", **found: Any) -> None:
        """Say that it is done."""
        known = {**self._last.found, **found}
        self._write(replace(self._last, state="done", words=words, found=known))

    def fail(self, words: str) -> None:
        """Say why it is not."""
        self._write(replace(self._last, state="failed", words=words))

    def _write(self, progress: Progress) -> None:
        self._last = progress
        with whole_file(self._file) as fresh:
            fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
