"""Fundamentals and scores from files and databases, each with the day it became public."""

from stockstream.ingest.factors.database import Database
from stockstream.ingest.factors.importer import import_factors
from stockstream.ingest.factors.sources import FactorSource, FileSource, SqlSource, find_files
from stockstream.ingest.factors.summary import FactorSummary

__all__ = [
    "Database",
    "FactorSource",
    "FactorSummary",
    "FileSource",
    "SqlSource",
    "find_files",
    "import_factors",
]
