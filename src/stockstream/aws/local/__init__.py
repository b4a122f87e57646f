"""AWS on one machine, to rehearse the whole deployment with no account and no Docker.

moto 5.2.5 keeps the records; functions run in warm processes, Batch jobs as processes, state
machines in moto's interpreter. It listens on loopback only and keeps nothing when it ends.
"""

from stockstream.aws.local.emulation import FOLDER, LocalAws
from stockstream.aws.local.environment import ACCOUNT, REGION
from stockstream.aws.local.faults import NO_FAULTS, Faults
from stockstream.aws.local.mwaa import MwaaEnvironment

__all__ = ["ACCOUNT", "FOLDER", "NO_FAULTS", "REGION", "Faults", "LocalAws", "MwaaEnvironment"]
