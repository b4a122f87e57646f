"""A systemd timer of the user: it knows time zones, and makes up for a run that it missed."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError
from stockstream.ingest.schedule.programs import is_installed, run_program

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.ingest.schedule.plan import Plan

__all__ = ["ENABLING", "Timer"]

NAME: Final = "stockstream-update"

ENABLING: Final = (
    ("systemctl", "--user", "daemon-reload"),
    ("systemctl", "--user", "enable", "--now", f"{NAME}.timer"),
    ("loginctl", "enable-linger"),
)
"""Starts the timer now and at every boot, whether the user is logged in or not."""

DISABLING: Final = (("systemctl", "--user", "disable", "--now", f"{NAME}.timer"),)

_SERVICE = """\
# Written by `stockstream schedule install`.
[Unit]
Description=Stock Stream: daily update

[Service]
Type=oneshot
WorkingDirectory={folder}
# Settings that are secret, such as STOCKSTREAM__SYMBOLS__TOKEN=..., may stand in this file.
EnvironmentFile=-%E/stockstream/environment
ExecStart={command}
# 3: partly done; what is missing stands in the message and in the lake's health table.
SuccessExitStatus=3
"""

_TIMER = """\
# Written by `stockstream schedule install`.
[Unit]
Description=Stock Stream: start the daily update

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def user_units() -> Path:
    """Where systemd looks for the units of a user."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "systemd" / "user"


@dataclass(frozen=True)
class Timer:
    """The timer and the service that it starts.

    Attributes:
        folder: of their files.
    """

    folder: Path = field(default_factory=user_units)

    def files(self, plan: Plan) -> dict[Path, str]:
        """The two files of a plan."""
        return {
            self.folder / f"{NAME}.service": _SERVICE.format(
                folder=str(plan.folder).replace("%", "%%"),
                command=" ".join(map(_quoted, plan.command)),
            ),
            self.folder / f"{NAME}.timer": _TIMER.format(calendar=_calendar(plan)),
        }

    def install(self, plan: Plan) -> None:
        """Write the files; what was there is replaced.

        Raises:
            ConfigError: systemd cannot read when the run is to start.
        """
        if is_installed("systemd-analyze"):
            read = run_program(("systemd-analyze", "calendar", _calendar(plan)))
            if read.returncode:
                raise ConfigError(f"systemd does not understand the time: {read.stderr.strip()}")
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, text in self.files(plan).items():
            path.write_text(text, encoding="utf-8")

    def complaints(self) -> list[str]:
        """What systemd has to say about the files; nothing where it is not installed."""
        if not is_installed("systemd-analyze"):
            return []
        with tempfile.TemporaryDirectory() as folder:
            runtime = os.environ.get("XDG_RUNTIME_DIR", folder)
            words = ("systemd-analyze", "--user", "verify", *map(str, self.installed()))
            return run_program(words, environment={"XDG_RUNTIME_DIR": runtime}).stderr.splitlines()

    def installed(self) -> list[Path]:
        """The files that are there."""
        paths = (self.folder / f"{NAME}.service", self.folder / f"{NAME}.timer")
        return [path for path in paths if path.is_file()]

    def enable(self) -> list[str]:
        """Start the timer. Returns what went wrong."""
        return list(_run_all(ENABLING))

    def remove(self) -> list[Path]:
        """Stop the timer and delete the files. Returns those that were there."""
        paths = self.installed()
        if paths and is_installed("systemctl"):
            list(_run_all(DISABLING))  # fails where it was never enabled
        for path in (*paths, self.folder / "timers.target.wants" / f"{NAME}.timer"):
            path.unlink(missing_ok=True)
        return paths


def _run_all(commands: Iterable[tuple[str, ...]]) -> Iterable[str]:
    for words in commands:
        line = " ".join(words)
        if not is_installed(words[0]):
            yield f"{line}: there is no program {words[0]}"
            continue
        done = run_program(words)
        if done.returncode:
            yield f"{line}: {' '.join(done.stderr.split()) or f'exit code {done.returncode}'}"


def _calendar(plan: Plan) -> str:
    days = "Tue..Sat" if plan.is_morning else "Mon..Fri"
    return f"{days} *-*-* {plan.at:%H:%M}:00 {plan.timezone}"


def _quoted(word: str) -> str:
    """A word of a command line as systemd reads it."""
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(sign, written)
    return f'"{word}"'
