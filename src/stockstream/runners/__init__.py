"""Where studies run: one protocol, and a file for each place.

``protocol`` says what a runner can do, ``local`` runs on this machine, ``prices`` says what others
would cost.
"""
