"""``stockstream doctor``: is this machine fit for work?"""

import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

import stockstream
from stockstream.cli import options
from stockstream.cli.console import command, emit, say
from stockstream.cli.exits import Exit
from stockstream.cli.figures import count, size
from stockstream.errors import StockstreamError
from stockstream.settings import SETTINGS_FILE, load_settings

__all__ = ["doctor"]

PACKAGES = ("polars", "numpy", "numba", "deltalake", "obstore", "pydantic", "plotly", "typer")
LITTLE_MEMORY = 2e9
LITTLE_SPACE = 2e9
OLDEST_PYTHON = (3, 11)
OTHERS_READ = stat.S_IRGRP | stat.S_IROTH

State = Literal["ok", "warn", "broken"]
COLORS: dict[State, str] = {"ok": "green", "warn": "yellow", "broken": "red"}


class Finding(NamedTuple):
    """One thing looked at: what, in which state, and what to do."""

    what: str
    state: State
    detail: str


def doctor(
    lake: options.LakePlace = None,
    warm: Annotated[
        bool,
        typer.Option(
            "--warm", help="Compile the kernels now, so that the first large run starts at once."
        ),
    ] = False,
    json: options.Json = False,
) -> int:
    """Check Python, the packages, the caches, the disk and the lake.

    Exit code 1 where something is broken; what is merely slow is a warning.
    """
    if warm:
        from stockstream.cli.progress import progress
        from stockstream.cli.warm import compile_kernels

        with progress("compiling", "kernels") as update:
            compile_kernels(update)
    findings = list(_look(options.lake_place(lake)))
    broken = any(finding.state == "broken" for finding in findings)
    if json:
        emit({"healthy": not broken, "findings": [finding._asdict() for finding in findings]})
        return Exit.ERROR if broken else Exit.OK
    for finding in findings:
        mark, color = f"{finding.state.upper():6}", COLORS[finding.state]
        say(f" {finding.what}: {finding.detail}", indent="       ", mark=mark, color=color)
    return Exit.ERROR if broken else Exit.OK


def _look(place: str) -> Iterator[Finding]:
    yield _python()
    yield from _packages()
    yield _machine()
    yield from _kernel_cache()
    yield from _settings()
    yield _space(place)
    yield _lake(place)


def _python() -> Finding:
    version, wanted = platform.python_version(), ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", "broken", f"{version}; {wanted} or newer is needed")
    return Finding("Python", "ok", f"{version} at {sys.executable}")


def _packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    from stockstream.backtest.identity import code_version, lock_digest

    yield Finding("stockstream", "ok", f"{code_version()} at {Path(stockstream.__file__).parent}")
    found: list[str] = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding("package", "broken", f"{name} is not installed; run `make install`")
    yield Finding("packages", "ok", f"{', '.join(found)} (lock {lock_digest()[:10]})")


def _machine() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("machine", "ok", f"{cores} cores, memory unknown")
    detail = f"{count(cores or 1, 'core')}, {size(memory)} of memory"
    if memory < LITTLE_MEMORY:
        return Finding("machine", "warn", f"{detail}: a whole market may not fit; name symbols")
    return Finding("machine", "ok", detail)


def _kernel_cache() -> Iterator[Finding]:
    from stockstream.jit import cache_dir

    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        yield Finding(
            "kernel cache",
            "warn",
            f"{folder} cannot be written: every large run compiles again; set STOCKSTREAM_CACHE",
        )
        return
    kernels = len(list(folder.rglob("*.nbi")))
    if not kernels:
        yield Finding(
            "kernel cache",
            "warn",
            f"{folder} is empty: the first large run compiles for some seconds; "
            f"do it now with {command('doctor --warm')}",
        )
        return
    yield Finding("kernel cache", "ok", f"{count(kernels, 'kernel')} compiled in {folder}")


def _settings() -> Iterator[Finding]:
    """Only where there is something to say."""
    known = load_settings()
    private = known.symbols.token or known.eodhd.token or known.notify.urls
    if private and SETTINGS_FILE.is_file() and SETTINGS_FILE.stat().st_mode & OTHERS_READ:
        yield Finding(
            "settings",
            "warn",
            f"others on this machine can read {SETTINGS_FILE}; if a token is in it: "
            f"chmod 600 {SETTINGS_FILE}",
        )


def _space(place: str) -> Finding:
    folder = Path.cwd() if "://" in place else Path(place).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    if not os.access(nearest, os.W_OK):
        return Finding("disk", "warn", f"{nearest} cannot be written; choose another --lake")
    if free < LITTLE_SPACE:
        return Finding("disk", "warn", f"only {size(free)} free at {nearest}")
    return Finding("disk", "ok", f"{size(free)} free at {nearest}")


def _lake(place: str) -> Finding:
    from stockstream.lake.store import Lake

    try:
        if not Lake.exists(place):
            advice = f"{command('demo')} makes one, {command('import FILE')} takes your own data"
            return Finding("lake", "warn", f"there is none at {place} yet; {advice}")
        known = Lake.open(place).info()
    except StockstreamError as error:
        return Finding("lake", "broken", str(error))
    return Finding(
        "lake",
        "ok",
        f"{known.address}: {known.version}, {count(known.symbols, 'symbol')}, "
        f"{count(known.bars, 'bar')}, {known.first} to {known.last}",
    )
