"""Many backtests of one strategy: which ones, over what, and what came out.

``grid`` is the grammar of a grid, ``points`` its combinations of parameters, ``splits`` cuts the
data, ``trials`` runs points over a piece of it, ``sweep`` runs all of it, ``result`` is what comes
out. ``grid`` needs nothing beyond the standard library, so that a scheduler can read one.
"""
