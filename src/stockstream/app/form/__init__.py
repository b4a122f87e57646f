"""From what is typed into fields to a configuration, or to one problem for each field."""

from stockstream.app.form.check import Checked, Problem, check
from stockstream.app.form.draft import FIELDS, Draft

__all__ = ["FIELDS", "Checked", "Draft", "Problem", "check"]
