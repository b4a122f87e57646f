"""Many backtests of one strategy: which ones, over what, what came out, and how far to believe it.

``grid`` is the grammar of a grid, ``points`` the combinations; ``cutting`` cuts the data; ``plan``
makes of both a ``study``, a list of trials in chunks. ``planning``, ``trials`` and ``chunk`` run
them, ``runs`` keeps them, ``sweep`` is all of it in one call. ``result`` is what comes out,
``pooling`` takes the pieces of a point together, ``belief`` judges, ``validation`` tests out of
sample, ``selection`` ranks, ``surface`` looks at a metric over the parameters, ``search`` lets
Optuna choose. ``grid`` needs nothing beyond the standard library, so that a scheduler can read one.
"""
