"""Bars from CSV and Parquet files, whatever their layout."""

from stockstream.providers.files.provider import FilesProvider

__all__ = ["FilesProvider"]
