"""Write the session tables of ``stockstream.market.calendars`` from exchange_calendars.

Run it from the repository with the development environment, when a new release of
exchange_calendars knows more, or when the years run out: ``python scripts/make_calendars.py``.
``tests/market/test_calendars.py`` fails where the tables and the installed release differ.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import exchange_calendars
import numpy as np

from stockstream.market.calendars.calendar import CLOSES, TIMEZONES

TABLES = Path(__file__).parents[1] / "src" / "stockstream" / "market" / "calendars"

# Before 1970 exchange_calendars applies none of its rules: pandas' holiday calendar starts there.
FIRST = "1970-01-01"
# Exchanges publish their holidays about two years ahead.
LAST = "2027-12-31"


def table(name: str, first: str, last: str) -> str:
    """The table of one exchange: its range, weekday closures, weekend sessions, early closes."""
    # A start on the bound itself keeps a holiday there; the default range is twenty years only.
    calendar = exchange_calendars.get_calendar(name, start=first, end=last)
    sessions = calendar.sessions.to_numpy().astype("datetime64[D]")
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    weekdays = days[np.is_busday(days)]
    closes = calendar.closes.dt.tz_convert(calendar.tz).dt.time
    events = [
        (first, "first"),
        *((str(day), "closed") for day in np.setdiff1d(weekdays, sessions)),
        *((str(day), "open") for day in np.setdiff1d(sessions, weekdays)),
        *(
            (str(day), f"early {close:%H:%M}")
            for day, close in zip(sessions, closes, strict=True)
            if close != CLOSES[name]
        ),
        (last, "last"),
    ]
    source = f"exchange_calendars {version('exchange_calendars')}"
    head = (
        f"# Written by scripts/make_calendars.py from {source}; not edited by hand.\ndate,event\n"
    )
    return head + "".join(f"{day},{event}\n" for day, event in sorted(events, key=_in_table))


def _in_table(event: tuple[str, str]) -> tuple[str, int]:
    kinds = ("first", "closed", "open", "early", "last")
    return event[0], kinds.index(event[1].partition(" ")[0])


def main() -> None:
    """Write one file for each exchange."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--first", default=FIRST)
    parser.add_argument("--last", default=LAST)
    options = parser.parse_args()
    for name in TIMEZONES:
        (TABLES / f"{name}.csv").write_text(table(name, options.first, options.last))


if __name__ == "__main__":
    main()
