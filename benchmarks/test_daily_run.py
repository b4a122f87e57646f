"""What a daily run costs: 2,000 symbols x 1 session over HTTP, from the list to the tables."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.ingest.pacing import Pacing
from stockstream.ingest.update import update
from stockstream.market.calendars import get_calendar
from stockstream.market.simulated import simulate_market
from stockstream.providers.directory import DirectorySource
from stockstream.providers.yahoo import YahooProvider
from stockstream.testing.source_server import SourceServer, market_frames

if TYPE_CHECKING:
    from pathlib import Path

SYMBOLS = 2_000
MOST = 0.003
"""Seconds of CPU for each symbol."""


@pytest.mark.slow
@pytest.mark.usefixtures("socket_enabled")
def test_a_session_of_the_market(benchmark: Any, tmp_path: Path) -> None:
    """The whole run: symbols, batches, HTTP, raw zone, check, merge, health."""
    first, last = dt.date(2023, 9, 1), dt.date(2023, 12, 22)
    market = simulate_market(SYMBOLS, first, last, 7)
    days = [day.item() for day in get_calendar("XASX").sessions(last - dt.timedelta(12), last)]
    sessions, spent = iter(days), []
    with (
        SourceServer.start(market_frames(market.bars, market.actions)) as server,
        YahooProvider(base_url=server.url) as provider,
        DirectorySource(server.directory_url) as lists,
    ):

        def run() -> int:
            session = next(sessions)
            server.today(session)
            began = time.process_time()
            summary = update(
                tmp_path / "lake", provider, lists, session=session, pacing=Pacing.of(None)
            )
            spent.append((time.process_time() - began) / summary.symbols_fetched)
            return summary.symbols_fetched

        run()  # ten years of history are another matter
        benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    best = min(spent[2:])
    print(f"\n{best * 1000:.2f} ms of CPU for each symbol, HTTP to tables; at most {MOST * 1000:g}")
    assert best < MOST
