"""``stockstream lake``: what is in the lake, and its upkeep. One file for each kind of question."""

from stockstream.cli.lake.group import lake_app

__all__ = ["lake_app"]
