"""The way into the lake: get bars, check them, set aside what is wrong, merge the rest."""
