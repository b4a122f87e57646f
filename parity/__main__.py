"""Hold stockstream against other backtesters: ``python -m parity``.

Installs each peer in an environment of its own (uv; kept in the cache folder), runs the same
signals on the same bars in each of them and in ours, and prints how far they are apart. Exit code 1
where a set-up that must agree does not.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from parity import record
from parity.agreement import compare
from parity.cases import market_cases, portfolios, random_series
from parity.environments import PACKAGES, install, run_peer, versions
from parity.ours import run_ours
from parity.setups import EXACT, SETUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from parity.agreement import Agreement
    from parity.cases import Case
    from parity.environments import PeerResult
    from parity.setups import Setup

SERIES, PORTFOLIOS, SYMBOLS = 200, 8, 20
MARKETS = (
    "asx_market_2019_2023.parquet",
    "us_sp500_raw_actions_2010_2021.parquet",
    "asx_yahoo_1988_2016.parquet",
)
SHARED = Path(__file__).parents[2] / "shared" / "data"
PEERS = tuple(dict.fromkeys(setup.peer for setup in SETUPS))


def say(text: str) -> None:
    """A line for who is watching."""
    print(text, flush=True)


def real_cases(count: int) -> list[Case]:
    """Real symbols, from the files that are on this machine."""
    folder = Path(os.environ.get("STOCKSTREAM_SHARED_DATA", SHARED))
    cases = []
    for name in MARKETS:
        if (folder / name).is_file():
            cases += market_cases(folder / name, count)
        else:
            say(f"skipped: no {name} in {folder} (set STOCKSTREAM_SHARED_DATA)")
    return cases


def agreements(
    setup: Setup, cases: Sequence[Case], theirs: Sequence[PeerResult]
) -> dict[str, Agreement]:
    """How far a peer and we are apart, by group of cases; a line is printed for each."""
    found = {}
    for group in dict.fromkeys(case.group for case in cases):
        pairs = [(c, r) for c, r in zip(cases, theirs, strict=True) if c.group == group]
        ours = [run_ours(case, setup) for case, _ in pairs]
        made = compare([result for _, result in pairs], ours, setup.tolerance or EXACT)
        found[group] = made
        verdict = "ok" if made.keeps(setup) else "DIFFERS"
        if setup.tolerance is None:
            verdict = "differs, as it must"
        say(
            f"{setup.key:24} {group:32} {made.equal:4} of {made.cases:3} equal, "
            f"{made.fills:6,} fills, equity {made.equity:.1e}: {verdict}"
        )
    return found


def run_peers(peers: Iterable[str], singles: Sequence[Case], shared: Sequence[Case]) -> bool:
    """Run peers on all cases; what is complete is written down. Whether all is as it should be."""
    groups = [case.group for case in singles]
    complete = len(set(groups)) == 1 + len(MARKETS) and groups.count("series") == SERIES
    good = True
    for peer in peers:
        found: dict[str, dict[str, Agreement]] = {}
        kept: dict[str, list[PeerResult]] = {}
        for setup in [setup for setup in SETUPS if setup.peer == peer]:
            cases = _cases(setup, singles, shared)
            theirs = run_peer(peer, setup.name, setup.weight, cases)
            found[setup.key] = agreements(setup, cases, theirs)
            good = good and all(made.keeps(setup) for made in found[setup.key].values())
            pairs = zip(cases, theirs, strict=True)
            kept[setup.key] = [r for c, r in pairs if c.group in record.SIMULATED]
        if complete:
            record.write({peer: versions(peer)}, found, kept)
            say(f"written: {peer} in {record.RECORD} and {record.DOCUMENT}")
    if not complete:
        say("not all series and all real data were run: the record stays as it is")
    return good


def _cases(setup: Setup, singles: Sequence[Case], shared: Sequence[Case]) -> Sequence[Case]:
    """What a set-up is run on."""
    if setup.portfolio:
        return shared
    return singles if setup.series is None else singles[: setup.series]


def main() -> int:
    """Install, run, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument("--series", type=int, default=SERIES, help="random series")
    parser.add_argument("--symbols", type=int, default=SYMBOLS, help="of each real file; 0 is none")
    parser.add_argument("--install-only", action="store_true", help="make the environments")
    arguments = parser.parse_args()
    peers = arguments.peers.split(",")
    unknown = set(peers) - set(PEERS)
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    for peer in PACKAGES if arguments.install_only else peers:
        say(f"environment of {peer} ...")
        install(peer)
    if arguments.install_only:
        return 0
    real = real_cases(arguments.symbols) if arguments.symbols else []
    singles = [*random_series(arguments.series), *real]
    return 0 if run_peers(peers, singles, portfolios(PORTFOLIOS)) else 1


if __name__ == "__main__":
    sys.exit(main())
