"""The same signals on the same bars in other backtesters and in ours: ``python -m parity``.

Each peer runs in an environment of its own and reads one file of cases. ``docs/parity.md`` says
what agrees, and why the rest does not.
"""
