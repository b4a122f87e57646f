"""``python -m stockstream.testing.source_server --market FOLDER``: run the server."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from stockstream.errors import StockstreamError
from stockstream.testing.source_server.bodies import read_bodies
from stockstream.testing.source_server.frames import read_market
from stockstream.testing.source_server.market import load_market
from stockstream.testing.source_server.plan import FaultPlan
from stockstream.testing.source_server.protocol import LOOPBACK, listen
from stockstream.testing.source_server.source import Source

if TYPE_CHECKING:
    from argparse import Namespace


def main() -> int:
    """Serve until interrupted."""
    options = _parser().parse_args()
    try:
        source = _source(options)
    except (StockstreamError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        asyncio.run(_serve(source, options.port, sys.stdin if options.follow else None))
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m stockstream.testing.source_server",
        description="Serve a market as Yahoo, the ASX directory and EODHD would, on this machine.",
    )
    parser.add_argument("--market", type=Path, help="folder with bars.parquet")
    parser.add_argument("--bodies", type=Path, help="folder of recorded bodies with index.json")
    parser.add_argument("--port", type=int, default=0, help="0 takes one that is free")
    parser.add_argument("--today", type=dt.date.fromisoformat, help="day to begin with")
    parser.add_argument("--time", type=dt.time.fromisoformat, help="time of that day")
    parser.add_argument("--plan", type=Path, help="JSON file of faults")
    parser.add_argument("--control", action="store_true", help="serve the paths that steer it")
    parser.add_argument("--follow", action="store_true", help="stop when standard input ends")
    return parser


def _source(options: Namespace) -> Source:
    frames = read_market(options.market) if options.market else None
    bodies = read_bodies(options.bodies) if options.bodies else None
    plan = FaultPlan.from_json(options.plan.read_bytes()) if options.plan else None
    return Source(
        load_market(frames),
        bodies,
        control=options.control,
        today=options.today,
        time=options.time,
        plan=plan,
    )


async def _serve(source: Source, port: int, follow: TextIO | None) -> None:
    server, port = await listen(source.answer, port)
    sys.stdout.write(json.dumps({"url": f"http://{LOOPBACK}:{port}"}) + "\n")
    sys.stdout.flush()
    if follow is None:
        await server.serve_forever()
    else:
        await asyncio.to_thread(follow.read)


if __name__ == "__main__":
    sys.exit(main())
