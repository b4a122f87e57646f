"""Dockerfiles and locks, read as far as tests ask for it."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

__all__ = ["DOCKER", "ROOT", "installs", "instructions", "needs", "stages", "versions"]

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "infra" / "docker"


def instructions(text: str) -> list[tuple[str, str]]:
    """The words and arguments of a Dockerfile, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(word, " ".join(rest.split())) for word, rest in parts]


def stages(text: str) -> list[list[tuple[str, str]]]:
    """The same, a list for each stage."""
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions(text):
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def installs(text: str) -> list[str]:
    """What pip is told."""
    return [rest for word, rest in instructions(text) if word == "RUN" and "pip install" in rest]


def versions(lock: str) -> dict[str, set[str]]:
    """Name -> its versions; where they differ by Python there are several."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def needs(*extras: str) -> set[str]:
    """Names of all packages that the project with some extras needs everywhere."""
    wanted = re.compile("|".join(f"extra == ['\"]{extra}['\"]" for extra in extras) or "(?!)")
    waiting, needed = ["stockstream"], set[str]()
    while waiting:
        package = waiting.pop()
        for need in metadata.requires(package) or ():
            text, _, condition = need.partition(";")
            name = re.split(r"[\s<>=!~\[(]", text, maxsplit=1)[0].lower().replace("_", "-")
            is_ours = package == "stockstream" and wanted.search(condition)
            if (not condition or is_ours) and name not in needed:
                needed.add(name)
                waiting.append(name)
    return needed
