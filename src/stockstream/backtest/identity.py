"""What a result is made of, as digests: the same identity gives the same numbers again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stockstream
from stockstream.jit import source_digest

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

__all__ = ["Identity", "code_version", "identify", "lock_digest", "made_by"]


@dataclass(frozen=True)
class Identity:
    """Everything that decides a number.

    Attributes:
        data_version: versions of the lake's tables that were read, such as ``bars@3 actions@1``.
        data_digest: SHA-256 of the very data the run read.
        config_digest: SHA-256 of the configuration, the strategy's parameters included.
        code_version: release and digest of the package's sources.
        lock_digest: SHA-256 of the installed versions of everything the package depends on.
        seed: of anything random.
    """

    data_version: str
    data_digest: str
    config_digest: str
    code_version: str
    lock_digest: str
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def identify(config: BacktestConfig, panel: Panel) -> Identity:
    """The identity of a run.

    Args:
        config: with every parameter of the strategy written out. The digest of a strategy's own
            file joins the code version.
        panel: the data that was read.
    """
    return Identity(
        data_version=panel.version,
        data_digest=panel.digest,
        config_digest=config.digest,
        code_version=made_by(config),
        lock_digest=lock_digest(),
        seed=config.seed,
    )


def made_by(config: BacktestConfig) -> str:
    """The code that runs a configuration: ours, and the strategy's own file."""
    code, strategy_source = code_version(), _source_digest(config.strategy_class)
    return f"{code}.{strategy_source[:8]}" if strategy_source else code


def _source_digest(strategy_class: str) -> str:
    """SHA-256 of the file of a strategy that is no part of the package; empty for the others."""
    path = Path(strategy_class.rpartition(":")[0] or strategy_class).expanduser()
    if path.suffix != ".py":
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def code_version() -> str:
    """Release and digest of the sources, such as ``0.1.0+5f0c2a91``."""
    return f"{stockstream.__version__}+{source_digest()[:8]}"


@cache
def lock_digest() -> str:
    """SHA-256 over the installed versions of the package's dependencies, theirs included."""
    versions: dict[str, str] = {}
    waiting = ["stockstream"]
    while waiting:
        name = waiting.pop()
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed on another platform only
        for requirement in found.requires or ():
            needed = re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0]
            needed = re.sub(r"[-_.]+", "-", needed).lower()
            if "extra ==" not in requirement and needed not in versions:
                versions[needed] = ""
                waiting.append(needed)
        if name != "stockstream":
            versions[name] = found.version
    text = "\n".join(f"{name}=={version}" for name, version in sorted(versions.items()) if version)
    return hashlib.sha256(text.encode()).hexdigest()
