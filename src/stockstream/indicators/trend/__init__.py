"""Averages of price and its range: where it is going."""
