"""A server that speaks as the sources do, to rehearse and test the daily pipeline offline.

It serves a market from Parquet files in the wire formats of Yahoo's v8 chart endpoint, of the ASX
directory of companies and of EODHD, at a day that is set, and with faults that are planned::

    planted = market_from_bars(simulate_market().bars, folder)
    with SourceServer.start(planted.folder) as server:
        server.today(dt.date(2024, 6, 28), dt.time(6))
        server.plan(FaultPlan(server_error=0.02, bursts=(Burst(first=100, count=20),)))
        ...  # fetch from server.url and server.directory_url
        print(server.faults(), server.requests())

``python -m stockstream.testing.source_server --market FOLDER`` runs it by hand. It listens on this
machine only.
"""

from stockstream.testing.source_server.frames import (
    MarketFrames,
    Truth,
    market_frames,
    read_market,
    truth_of,
    write_market,
)
from stockstream.testing.source_server.plan import Burst, DirectoryFault, FaultPlan, Poison
from stockstream.testing.source_server.planting import Planted, market_from_bars
from stockstream.testing.source_server.server import RequestCounts, SourceServer

__all__ = [
    "Burst",
    "DirectoryFault",
    "FaultPlan",
    "MarketFrames",
    "Planted",
    "Poison",
    "RequestCounts",
    "SourceServer",
    "Truth",
    "market_frames",
    "market_from_bars",
    "read_market",
    "truth_of",
    "write_market",
]
