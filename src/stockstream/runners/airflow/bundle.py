"""What is deployed to an Airflow: DAG files, configurations and the modules that these need.

::

    stockstream_dags/stockstream_backtests.py    DAG files; each begins with the digest of the whole
    stockstream_dags/configs/*.json              what the first of them makes DAGs of
    stockstream_dags/manifest.json               what was deployed
    stockstream/v_0123456789ab/...               the modules, in a folder for each state of them
    stockstream/__init__.py                      leads to the one in use
    stockstream/.airflowignore                   no DAG is looked for in there

So a new state is written beside the one in use, and one small file switches from the one to the
other. The same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import stockstream
from stockstream.errors import ConfigError, StockstreamError
from stockstream.runners.airflow.closure import PACKAGE, SOURCES, closure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "CONFIGS",
    "DAGS",
    "MANIFEST",
    "STAMP",
    "Bundle",
    "build_bundle",
    "digest_of",
    "find_examples",
    "modules_folder",
]

DAGS: Final = "stockstream_dags"
CONFIGS: Final = f"{DAGS}/configs"
MANIFEST: Final = f"{DAGS}/manifest.json"
LEADING: Final = "__init__.py"
POINTER: Final = f"{PACKAGE}/{LEADING}"
IGNORE: Final = f"{PACKAGE}/.airflowignore"
STAMP: Final = "# stockstream bundle "
"""First words of each DAG file; the digest of the bundle follows."""

OWN: Final = SOURCES / "airflow"
EXAMPLES: Final = SOURCES.parents[1] / "examples" / "airflow"
SAFE_WORDS: Final = (b"dag", b"airflow")
"""An Airflow looks into no file that lacks one of them."""


@dataclass(frozen=True)
class Bundle:
    """Everything that is deployed.

    Attributes:
        version: of this package.
        digest: of everything.
        code: digest of the modules.
        modules: by their path, with the file that leads to them at the end.
        configs: by their path.
        dags: DAG files by their path.
    """

    version: str
    digest: str
    code: str
    modules: Mapping[str, bytes]
    configs: Mapping[str, bytes]
    dags: Mapping[str, bytes]

    @property
    def files(self) -> dict[str, bytes]:
        """Every file by its path, in the order of writing: what makes DAGs visible comes last."""
        return {**self.modules, **self.configs, **self.dags}


def build_bundle(configs: Mapping[str, bytes], more: Sequence[Path] = ()) -> Bundle:
    """Put a bundle together.

    Args:
        configs: documents of DAGs by the names of their files.
        more: DAG files beside those of this package, such as :func:`find_examples` gives.

    Raises:
        ConfigError: two files have one name.
        StockstreamError: a module imports what no Airflow has, or a file would not be looked into.
    """
    files = {path.name: path for path in _dag_files()}
    for path in more:
        if path.name in files:
            raise ConfigError(f"there are two DAG files {path.name}: give one another name")
        files[path.name] = path
    dags = {name: _checked(files[name]) for name in sorted(files)}
    modules = _modules(files.values())
    code = _digest(modules)[:12]
    leading = modules.pop(LEADING)
    placed = {f"{modules_folder(code)}/{name}": content for name, content in modules.items()}
    settings = {f"{CONFIGS}/{name}": configs[name] for name in sorted(configs)}
    digest = _digest({**placed, **settings, **dags, POINTER: leading})[:12]
    return Bundle(
        stockstream.__version__,
        digest,
        code,
        {IGNORE: b"*\n", **placed, POINTER: _pointer(leading, code)},
        settings,
        {f"{DAGS}/{name}": _stamped(content, digest) for name, content in dags.items()},
    )


def find_examples() -> list[Path]:
    """The example DAGs of the project.

    Raises:
        ConfigError: this is no clone of the project.
    """
    found = sorted(EXAMPLES.glob("*.py"))
    if not found:
        raise ConfigError(
            "the example DAGs are in examples/airflow of a clone of the project, and this "
            "installation is none: clone it and deploy from there, or leave --examples out"
        )
    return found


def modules_folder(code: str) -> str:
    """Where modules of a digest are."""
    return f"{PACKAGE}/v_{code}"


def digest_of(content: bytes) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def _dag_files() -> list[Path]:
    return sorted((OWN / "dags").glob("[!_]*.py"))


def _checked(dag: Path) -> bytes:
    content = dag.read_bytes()
    if not all(word in content.lower() for word in SAFE_WORDS):
        raise StockstreamError(f"{dag.name} lacks the words dag and airflow: no Airflow reads it")
    return content


def _modules(dags: Iterable[Path]) -> dict[str, bytes]:
    """The package ``stockstream.airflow`` and all that it and the DAG files need."""
    own = [path for path in OWN.rglob("*.py") if path.parent != OWN / "dags"]
    found = closure([*own, *dags, SOURCES / LEADING])
    found |= {path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in own}
    return dict(sorted(found.items()))


def _pointer(leading: bytes, code: str) -> bytes:
    """The package's own first file, with a last line that leads to its modules."""
    folder = modules_folder(code).rpartition("/")[2]
    lines = (
        "# Written by `stockstream deploy airflow`: where the modules in use are.",
        f'__path__ = [f"{{__path__[0]}}/{folder}"]',
    )
    return leading + "\n".join(("", *lines, "")).encode()


def _stamped(content: bytes, digest: str) -> bytes:
    return f"{STAMP}{digest}; written by `stockstream deploy airflow`\n".encode() + content


def _digest(files: Mapping[str, bytes]) -> str:
    listed = "".join(f"{digest_of(files[name])} {name}\n" for name in sorted(files))
    return digest_of(listed.encode())
