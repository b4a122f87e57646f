"""The package of the light functions: this project's sources and pydantic, and nothing else.

``python scripts/make_lambda_zip.py`` writes ``dist/light.zip`` for the runtime of the functions and
both kinds of processor, with the very files of requirements.lock; ``--installed`` takes what is
installed here instead, which is right for the rehearsal on this machine and needs no network.
The same inputs give the same bytes, so that Terraform sees a change only where there is one.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "dist" / "light.zip"

RUNTIME: Final = "python3.12"
PLATFORMS: Final = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")

PACKAGES: Final = (
    *("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"),
)
"""Distributions beside our own: pydantic and what it needs."""

MOST_BYTES: Final = 220_000_000
"""Unzipped; Lambda takes 250 MB."""

MADE: Final = (1980, 1, 1, 0, 0, 0)
"""When every file was made, as a zip can say it: the clock is no part of the package."""

SKIPPED: Final = {"__pycache__", "bin", ".lock"}

Files = dict[str, Path]
"""Name in the zip -> where it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the zip; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the zip to write")
    parser.add_argument("--runtime", default=RUNTIME, help=f"Lambda's Python, such as {RUNTIME}")
    parser.add_argument(
        "--installed",
        action="store_true",
        help="take the packages that are installed here, for functions that run here",
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        packages = installed() if given.installed else downloaded(given.runtime, Path(folder))
        files = {**packages, **own_files()}
        size = sum(path.stat().st_size for path in files.values())
        if size > MOST_BYTES:
            raise SystemExit(f"{size:,} bytes are more than the {MOST_BYTES:,} of a function")
        write_zip(given.output, files)
    zipped = given.output.stat().st_size / 1e6
    print(f"{given.output}: {len(files)} files, {zipped:.1f} MB, unzipped {size / 1e6:.1f} MB")
    return 0


def own_files() -> Files:
    """The sources of this project."""
    source = ROOT / "src"
    return {path.relative_to(source).as_posix(): path for path in source.rglob("*.py")}


def installed() -> Files:
    """The packages of this interpreter."""
    found: Files = {}
    for name in PACKAGES:
        for file in metadata.files(name) or ():
            found[file.as_posix()] = Path(str(file.locate()))
    return dict(_kept(found))


def downloaded(runtime: str, folder: Path) -> Files:
    """The packages that requirements.lock names, for one Python and each kind of processor.

    Compiled modules carry the processor in their names, so that they can lie side by side.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text("".join(locked(PACKAGES)), encoding="utf-8")
    found: Files = {}
    for platform in PLATFORMS:
        target = folder / platform
        version = runtime.removeprefix("python")
        _run_uv(
            *("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"),
            *("--python-version", version, "--python-platform", platform),
            *("--target", str(target), "--requirement", str(wanted)),
        )
        found |= {path.relative_to(target).as_posix(): path for path in target.rglob("*.*")}
    return dict(_kept(found))


def locked(names: Sequence[str]) -> Iterator[str]:
    """The entries of some distributions in requirements.lock, hashes included."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name in names:
        entry = re.search(rf"^{re.escape(name)}==.*\n(?:    --hash=.*\n)+", text, re.MULTILINE)
        if entry is None:
            raise SystemExit(f"requirements.lock has no {name}: run `make lock`")
        yield entry[0]


def write_zip(output: Path, files: Files) -> None:
    """Write files in the order of their names, the same bytes for the same files."""
    output.parent.mkdir(parents=True, exist_ok=True)
    draft = output.with_name(f"{output.name}.draft")
    with zipfile.ZipFile(draft, "w") as package:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, MADE)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, path.read_bytes(), compresslevel=9)
    draft.replace(output)


def _kept(files: Files) -> Iterator[tuple[str, Path]]:
    """What is needed to run: no caches, no programs, no metadata of the installation."""
    for name, path in files.items():
        parts = set(Path(name).parts)
        about = any(part.endswith(".dist-info") or part == ".." for part in parts)
        if path.is_file() and not about and not parts & SKIPPED:
            yield name, path


def _run_uv(*words: str) -> None:
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    try:
        done = subprocess.run([uv, *words], capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise SystemExit("uv was not found: `make install` brings it") from None
    if done.returncode != 0:
        raise SystemExit(
            f"the packages could not be fetched: {' '.join(done.stderr.split())}; "
            "for functions that run on this machine, --installed needs no network"
        )


if __name__ == "__main__":
    sys.exit(main())
