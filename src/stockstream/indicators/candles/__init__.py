"""Shapes of single bars and of a few in a row."""
