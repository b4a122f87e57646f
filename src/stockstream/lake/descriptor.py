"""``lake.json``: what a folder says about itself. Written last, so that a lake is whole or not."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, cast, get_args

from stockstream.errors import ConfigError, LakeError
from stockstream.lake.faults import reading, writing

if TYPE_CHECKING:
    from stockstream.lake.location import Location

__all__ = ["CALENDARS", "FORMAT_VERSION", "CalendarName", "Descriptor"]

FILE = "lake.json"
FORMAT_VERSION = 1

CalendarName = Literal["XASX", "XNYS", "none"]
CALENDARS: tuple[CalendarName, ...] = get_args(CalendarName)


@dataclass(frozen=True)
class Descriptor:
    """What a lake is.

    Attributes:
        calendar: sessions that bars are checked against, or ``"none"``.
        simulated: whether the bars are made up; a lake holds only one kind.
        format_version: layout of the folder.
        created: when, UTC, ISO 8601.
    """

    calendar: CalendarName = "none"
    simulated: bool = False
    format_version: int = FORMAT_VERSION
    created: str = field(
        default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    )

    def __post_init__(self) -> None:
        if self.calendar not in CALENDARS:
            raise ConfigError(
                f"calendar {self.calendar!r} does not exist; choose one of: {', '.join(CALENDARS)}"
            )

    def write(self, location: Location) -> None:
        """Write the file.

        Raises:
            LakeError: there is one already, or the place cannot be written to.
        """
        text = json.dumps(asdict(self), indent=2) + "\n"
        with writing(f"{location.path(FILE)}", "no lake was made"):
            made = location.create(FILE, text.encode())
        if not made:
            raise LakeError(f"there is a lake at {location} already; open it, or choose another")

    @classmethod
    def read(cls, location: Location) -> Descriptor:
        """Read the file.

        Raises:
            LakeError: there is none, it is damaged, or a newer stockstream wrote it.
        """
        path = location.path(FILE)
        with reading(path, "check the path and its permissions"):
            try:
                content = location.read(FILE)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise LakeError(
                    f"there is no lake at {location}; make one with `stockstream import FILE "
                    f"--lake {location}`, or with `stockstream demo`"
                ) from error
        damaged = f"{path} is damaged; restore it, or import the data into a new lake"
        try:
            values = json.loads(content)
        except ValueError as error:
            raise LakeError(f"{damaged} ({error})") from error
        if not isinstance(values, dict) or not isinstance(values.get("format_version"), int):
            raise LakeError(damaged)
        if values["format_version"] > FORMAT_VERSION:
            raise LakeError(
                f"the lake at {location} has format {values['format_version']}; this stockstream "
                f"reads up to {FORMAT_VERSION}: upgrade it"
            )
        return cls(
            calendar=cast("CalendarName", values.get("calendar", "none")),
            simulated=bool(values.get("simulated", False)),
            format_version=values["format_version"],
            created=str(values.get("created", "")),
        )
