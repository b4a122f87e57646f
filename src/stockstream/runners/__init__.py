"""Where studies run: one protocol, and a file for each place.

``protocol`` says what a runner can do, ``local`` runs on this machine, ``step_functions`` and
``aws_batch`` on a stack in the cloud, which have ``cloud`` in common. ``choice`` knows which one a
run is with, ``prices`` says what others would cost.
"""
