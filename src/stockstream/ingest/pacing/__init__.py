"""How fast and how stubbornly a source is asked, agreed among all batches.

tenacity and stamina retry one call, pyrate-limiter and aiolimiter hold one fixed rate; ours are
shared by the threads of a run, slow down with the source, and run on a clock that a test turns.
"""

from stockstream.ingest.pacing.backoff import backoff
from stockstream.ingest.pacing.breaker import Breaker
from stockstream.ingest.pacing.budget import RateBudget
from stockstream.ingest.pacing.clock import Clock, Stopped
from stockstream.ingest.pacing.pacing import Pacing

__all__ = ["Breaker", "Clock", "Pacing", "RateBudget", "Stopped", "backoff"]
