"""The ledger of runs: who works on which chunk, what went wrong, and what was tried before.

``ledger`` is what workers and runners talk to, ``file`` the SQLite file that may be lost, ``entry``
how a run is written down, ``workers`` who is there, ``status`` how far a run is, ``liveness``
whether a process still runs.
"""

from stockstream.study.runs.ledger.ledger import Ledger, Turn

__all__ = ["Ledger", "Turn"]
