"""The quality of the data of a lake on one self-contained HTML page."""

from stockstream.report.quality.page import render_quality, write_quality

__all__ = ["render_quality", "write_quality"]
