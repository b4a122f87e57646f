"""On which days an exchange trades."""

from stockstream.market.calendars.calendar import Calendar, get_calendar

__all__ = ["Calendar", "get_calendar"]
