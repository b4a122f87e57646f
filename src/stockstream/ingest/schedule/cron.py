"""A line in the user's crontab, between two marks; every other line stays as it is.

Only cronie (Fedora, Red Hat, Arch) is known to read ``CRON_TZ``. Debian's and Ubuntu's cron take it
for any variable and read the time in the time zone of the machine.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from stockstream.errors import ConfigError
from stockstream.ingest.schedule.programs import is_installed, run_program

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.ingest.schedule.plan import Plan

__all__ = ["Crontab"]

BEGIN: Final = "# >>> stockstream update >>>"
END: Final = "# <<< stockstream update <<<"

_NONE_YET: Final = ("no crontab for", "No such file or directory")
"""What cron and BusyBox say of a user who has none."""

_BLOCK = f"""\
{BEGIN}
# Written by `stockstream schedule install`. Keep it last: CRON_TZ holds for every line below it.
CRON_TZ={{timezone}}
{{minute}} {{hour}} * * {{days}} {{command}}
{END}
"""


class Crontab:
    """The crontab of the user, through the program of that name."""

    @staticmethod
    def is_there() -> bool:
        """Whether this machine has the program."""
        return is_installed("crontab")

    @staticmethod
    def block(plan: Plan) -> str:
        """What is added to the crontab."""
        command = f"cd {shlex.quote(str(plan.folder))} && {shlex.join(plan.command)}"
        return _BLOCK.format(
            timezone=plan.timezone,
            minute=plan.at.minute,
            hour=plan.at.hour,
            days="2-6" if plan.is_morning else "1-5",
            command=command.replace("%", r"\%"),  # cron takes a bare one for a line break
        )

    def install(self, plan: Plan) -> None:
        """Put the block at the end, in place of an older one.

        Raises:
            ConfigError: the crontab cannot be read or written.
        """
        rest, _ = self._parts()
        self._write(rest + self.block(plan))

    def installed(self) -> str:
        """The block that is there; empty if there is none.

        Raises:
            ConfigError: the crontab cannot be read.
        """
        return self._parts()[1] if self.is_there() else ""

    def remove(self) -> bool:
        """Take the block out. Returns whether there was one.

        Raises:
            ConfigError: the crontab cannot be read or written.
        """
        rest, block = self._parts() if self.is_there() else ("", "")
        if block:
            self._write(rest)
        return bool(block)

    @staticmethod
    def clock_warning(plan: Plan, now: dt.datetime) -> str:
        """What is wrong if this machine's cron reads the time in another time zone; else empty.

        Args:
            plan: what is to start.
            now: a moment with a time zone.
        """
        version = run_program(("crontab", "-V"))
        if "cronie" in version.stdout + version.stderr:
            return ""
        zone = ZoneInfo(plan.timezone)
        seasons = [now.replace(month=month, day=1) for month in (1, 7)]
        if all(day.astimezone().utcoffset() == day.astimezone(zone).utcoffset() for day in seasons):
            return ""
        here = now.astimezone().replace(hour=plan.at.hour, minute=plan.at.minute)
        return (
            "this cron does not say that it is cronie, and others ignore CRON_TZ: they start the "
            f"run at {plan.at:%H:%M} of this machine, which is {here.astimezone(zone):%H:%M} in "
            f"{plan.timezone}; use --systemd, or install cronie"
        )

    def _parts(self) -> tuple[str, str]:
        """The other lines, and the block.

        Raises:
            ConfigError: the crontab cannot be read, or the block has lost a mark.
        """
        lines = self._read().splitlines(keepends=True)
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        plain = [line.strip() for line in lines]
        if BEGIN not in plain and END not in plain:
            return "".join(lines), ""
        if (
            plain.count(BEGIN) != 1
            or plain.count(END) != 1
            or plain.index(END) < plain.index(BEGIN)
        ):
            raise ConfigError(
                f"the crontab has not exactly one line {BEGIN!r} and one {END!r} after it; "
                "put that right with `crontab -e`, nothing was changed"
            )
        first, last = plain.index(BEGIN), plain.index(END) + 1
        return "".join(lines[:first] + lines[last:]), "".join(lines[first:last])

    @staticmethod
    def _read() -> str:
        done = run_program(("crontab", "-l"))
        if not done.returncode:
            return done.stdout
        if any(words in done.stderr for words in _NONE_YET):
            return ""
        # Taking a failure for an empty crontab would delete everything in it.
        raise ConfigError(f"the crontab cannot be read: {done.stderr.strip()}; use --systemd")

    @staticmethod
    def _write(text: str) -> None:
        done = run_program(("crontab", "-"), text)
        if done.returncode:
            raise ConfigError(f"the crontab cannot be written: {done.stderr.strip()}")
