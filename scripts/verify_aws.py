"""What only an account can show of a stack on AWS: each check comes out as one of three words.

``python scripts/verify_aws.py`` after ``stockstream deploy aws apply``, from a clone, logged in to
the account. It says ``verified``, ``failed`` or ``could not be checked`` with the reason, for
everything that docs/guide/aws.md lists as not verified. It starts a few small runs (about a cent),
makes the daily pipeline fail once on purpose, so expect its message, and removes its own files from
the bucket. With ``--local`` it looks at the rehearsal, where much of it cannot be checked.

Exit codes: 0 all verified; 1 something failed; 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stockstream.aws.verification.checks import CHECKS, verdict
from stockstream.aws.verification.site import Site
from stockstream.errors import ConfigError, StockstreamError
from stockstream.runners.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Run the checks that were asked for; returns the exit code."""
    asked = _arguments(words)
    if asked.list:
        for name, check in CHECKS.items():
            print(f"{name:<16}{(check.__doc__ or '').splitlines()[0]}")
        return 0
    with TemporaryDirectory() as runs:
        site = _site(asked, Path(runs))
        found = []
        for name in asked.only or CHECKS:
            found.append(verdict(name, site))
            if not asked.json:
                print(f"{found[-1].outcome:<22}{name:<16}{found[-1].detail}", flush=True)
    if asked.json:
        print(json.dumps([finding._asdict() for finding in found], indent=1))
    outcomes = {finding.outcome for finding in found}
    return 1 if "failed" in outcomes else 3 if "could not be checked" in outcomes else 0


def _site(asked: argparse.Namespace, runs: Path) -> Site:
    if asked.local:
        from stockstream.aws.local import LocalAws

        local = LocalAws.running(asked.folder)
        if local is None:
            raise ConfigError("no rehearsal is running: `stockstream aws local up`")
        os.environ.update(local.environment)
        return Site(Stack.of(asked.prefix), runs, is_rehearsal=True, pause=0.1)
    return Site(Stack.of(asked.prefix, asked.region), runs)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prefix", default="", help="of the stack, such as dev-")
    parser.add_argument("--region", help="of the stack; else that of the environment")
    parser.add_argument("--only", nargs="+", choices=CHECKS, metavar="CHECK")
    parser.add_argument("--list", action="store_true", help="say what is checked")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--local", action="store_true", help="look at the rehearsal")
    parser.add_argument("--folder", type=Path, default=Path("data/aws"), help="of the rehearsal")
    return parser.parse_args(words)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StockstreamError as error:
        sys.exit(f"error: {error}")
