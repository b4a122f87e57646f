"""Starting the daily run by itself: a systemd timer of the user, or a line in the crontab."""

from stockstream.ingest.schedule.cron import Crontab
from stockstream.ingest.schedule.plan import Plan, parse_time
from stockstream.ingest.schedule.systemd import ENABLING, Timer

__all__ = ["ENABLING", "Crontab", "Plan", "Timer", "parse_time"]
