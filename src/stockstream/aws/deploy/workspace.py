"""What this machine keeps of a stack: its state, the choices made for it, a copy of the sources.

``.stockstream/aws/default/`` (or the prefix in place of ``default``) holds it; rehearsals are kept
apart, in ``.stockstream/rehearsal/``, so that neither is ever taken for the other. The checkout
itself is not written to.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.aws.deploy.sources import Checkout

__all__ = ["HOME", "Workspace", "demand_prefix", "stack_name"]

HOME = Path(".stockstream")
LOCK = ".terraform.lock.hcl"
"""Which versions of the providers were chosen, and their digests."""

STATE, APPLIED = "terraform.tfstate", "applied.zip"

_PREFIX = re.compile(r"([a-z]([a-z0-9-]{0,14}[a-z0-9])?-)?")
_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w!.*'()/-]+?))?/?", re.ASCII)
_LEFT_OUT = shutil.ignore_patterns(
    ".terraform", "*.tfstate", "*.tfstate.*", "tests", "examples", "*.tfplan"
)


def demand_prefix(prefix: str) -> str:
    """The prefix, if names in the cloud can begin with it.

    Raises:
        ConfigError: they cannot.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ConfigError(
            f"prefix {prefix!r} cannot be used: at most 17 of a-z, 0-9 and -, a letter first and "
            "one hyphen last, such as dev-"
        )
    return prefix


def stack_name(prefix: str) -> str:
    """The name of a stack, which its resources have as a tag."""
    return f"{prefix}stockstream"


@dataclass(frozen=True)
class Workspace:
    """The folder of one stack.

    Attributes:
        folder: of the stack.
        backend: URL below which the state is kept, ``s3://bucket/folder``; empty: in the folder.
        region: of the bucket of the state.
    """

    folder: Path
    backend: str = ""
    region: str = ""

    @classmethod
    def of(
        cls, prefix: str, *, local: bool = False, backend: str = "", region: str = ""
    ) -> Workspace:
        """The workspace of a stack.

        Raises:
            ConfigError: the prefix or the address of the state cannot be used.
        """
        name = demand_prefix(prefix).rstrip("-") or "default"
        if backend and not _BUCKET.fullmatch(backend):
            raise ConfigError(
                f"{backend!r} is no place for a state; one looks like s3://my-bucket/stockstream"
            )
        folder = (HOME / ("rehearsal" if local else "aws") / name).absolute()
        return cls(folder, backend, region)

    @property
    def root(self) -> Path:
        """The copy of the Terraform sources."""
        return self.folder / "root"

    @property
    def zip(self) -> Path:
        return self.folder / "functions.zip"

    @property
    def plan(self) -> Path:
        return self.folder / "plan"

    def has_state(self) -> bool:
        """Whether there may be a state: there is a file, or it is kept elsewhere."""
        return bool(self.backend) or (self.folder / STATE).is_file()

    def remembered(self) -> dict[str, Any]:
        """The values that were chosen when the stack was last applied; empty if it never was."""
        try:
            values = json.loads((self.folder / "stack.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise ConfigError(f"{self.folder / 'stack.json'} is damaged; remove it") from error
        return values if isinstance(values, dict) else {}

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keep what was chosen for the stack."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(self.folder / "stack.json", values)

    def keep_zip(self) -> None:
        """Keep the zip as the one that was applied."""
        shutil.copyfile(self.zip, self.folder / APPLIED)

    def restore_zip(self) -> bool:
        """Take the zip that was applied; False if there is none here."""
        if not (self.folder / APPLIED).is_file():
            return False
        shutil.copyfile(self.folder / APPLIED, self.zip)
        return True

    def forget(self) -> None:
        """Remove everything but the state."""
        for name in ("root", "providers"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("stack.json", "ready", "plan", "functions.zip", APPLIED, "terraform.rc"):
            (self.folder / name).unlink(missing_ok=True)

    def fill(self, checkout: Checkout, variables: Mapping[str, Any]) -> bool:
        """Copy the sources and write the variables.

        Returns:
            Whether Terraform must be made ready again: the sources or the backend changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder.parent.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        locked = self.root / LOCK
        chosen = locked.read_bytes() if locked.is_file() else None
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(checkout.terraform, self.root, ignore=_LEFT_OUT)
        if chosen is not None and not locked.is_file():
            locked.write_bytes(chosen)
        self._write(self.root / "backend_override.tf.json", self._backend())
        digest = self._digest()
        self._write(self.root / "stockstream.auto.tfvars.json", variables)
        ready = self.folder / "ready"
        return not ready.is_file() or ready.read_text(encoding="utf-8") != digest

    def made_ready(self) -> None:
        """Note that Terraform is ready for the sources that are there."""
        (self.folder / "ready").write_text(self._digest(), encoding="utf-8")

    def _backend(self) -> dict[str, Any]:
        match = _BUCKET.fullmatch(self.backend)
        if match is None:
            return {"terraform": {"backend": {"local": {"path": str(self.folder / STATE)}}}}
        key = "/".join(filter(None, (match[2], self.folder.name, STATE)))
        values = {
            "bucket": match[1],
            "key": key,
            "region": self.region,
            "encrypt": True,
            "use_lockfile": True,
        }
        return {"terraform": {"backend": {"s3": values}}}

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and not path.name.endswith((".auto.tfvars.json", ".hcl")):
                digest.update(f"{path.relative_to(self.root)}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def _write(self, path: Path, values: Mapping[str, Any]) -> None:
        path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
