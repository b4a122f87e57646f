"""What the last full run found: a JSON file for the tests, and the tables of ``docs/parity.md``."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parity.agreement import Agreement, real_fills
from parity.setups import SETUPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parity.environments import PeerResult

__all__ = ["DOCUMENT", "RECORD", "read", "recorded_results", "render", "write"]

RECORD = Path(__file__).parent / "record.json"
DOCUMENT = Path(__file__).parents[1] / "docs" / "parity.md"
END = "<!-- end -->"
SIMULATED = ("series", "portfolio")


def write(
    versions: Mapping[str, Mapping[str, str]],
    agreements: Mapping[str, Mapping[str, Agreement]],
    results: Mapping[str, Sequence[PeerResult]],
) -> None:
    """Write what was run into the record and the document; the rest of them stays.

    Args:
        versions: of each peer's environment.
        agreements: by set-up and group of cases.
        results: each peer's results on the simulated cases, by set-up. Of real data only the
            agreement is kept.
    """
    record = read() if RECORD.is_file() else {}
    made: dict[str, dict[str, Any]] = {
        "versions": {peer: dict(sorted(found.items())) for peer, found in versions.items()},
        "agreements": {
            key: {group: asdict(found) for group, found in groups.items()}
            for key, groups in agreements.items()
        },
        "results": {
            key: [[r.equity, r.trades, len(real_fills(r.fills)), r.refused] for r in rows]
            for key, rows in results.items()
        },
    }
    for part, new in made.items():
        record[part] = dict(sorted({**record.get(part, {}), **new}.items()))
    RECORD.write_text(_compact(record), encoding="utf-8")
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(render(text, record), encoding="utf-8")


def _compact(record: dict[str, Any]) -> str:
    """JSON with one case on a line, so that a change shows as the case that changed."""
    row = re.compile(r"\[\s+([-+\d.e]+),\s+(\d+),\s+(\d+),\s+(\d+)\s+\]")
    return row.sub(r"[\1, \2, \3, \4]", json.dumps(record, indent=1)) + "\n"


def read() -> dict[str, Any]:
    """The record as it stands."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def recorded_results(key: str) -> list[tuple[float, int, int, int]]:
    """Equity, round trips, fills and refused orders of each simulated case."""
    return [tuple(row) for row in read()["results"][key]]


def render(text: str, record: Mapping[str, Any]) -> str:
    """A document with its tables made anew."""
    tables = {"agreement": _agreement_table(record), "versions": _versions_table(record)}
    for name, table in tables.items():
        before, mark, rest = text.partition(f"<!-- parity: {name} -->\n")
        text = f"{before}{mark}\n{table}\n{rest[rest.index(END) :]}"
    return text


def _agreement_table(record: Mapping[str, Any]) -> str:
    heads = ("peer", "what it is told", "what we are told", "simulated", "real", "why")
    lines = [_line(heads), _line(["---"] * len(heads))]
    for setup in SETUPS:
        groups = {k: Agreement(**v) for k, v in record["agreements"].get(setup.key, {}).items()}
        simulated = [found for group, found in groups.items() if group in SIMULATED]
        real = [found for group, found in groups.items() if group not in SIMULATED]
        cells = (setup.peer, setup.theirs, setup.ours, _cell(simulated), _cell(real), setup.reason)
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _cell(found: Sequence[Agreement]) -> str:
    if not found:
        return "-"
    equal, cases = sum(f.equal for f in found), sum(f.cases for f in found)
    worst = max(f.equity for f in found)
    refused = sum(f.refused for f in found)
    word = f"{equal} of {cases} equal; largest {worst:.1e}"
    return word + (f"; {refused:,} orders refused" if refused else "")


def _versions_table(record: Mapping[str, Any]) -> str:
    rows = [
        (peer, ", ".join(f"{name} {number}" for name, number in found.items()))
        for peer, found in record["versions"].items()
    ]
    lines = [_line(("environment", "versions")), _line(("---", "---")), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
