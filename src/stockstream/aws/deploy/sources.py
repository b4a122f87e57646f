"""The checkout that is deployed: its Terraform, its image, its zip, and what they are made of."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import stockstream
from stockstream.aws.deploy.processes import last_lines
from stockstream.errors import CloudError, ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Checkout", "find_checkout"]

CONFIGURATION = Path("infra") / "terraform"
DOCKERFILE = Path("infra") / "docker" / "Dockerfile"
ZIP_SCRIPT = Path("scripts") / "make_lambda_zip.py"
IMAGE_SOURCES = (
    "src",
    "infra/docker",
    "requirements.lock",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)

_VARIABLE = re.compile(r'^variable\s+"(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Checkout:
    """A clone of the project."""

    folder: Path

    @property
    def terraform(self) -> Path:
        return self.folder / CONFIGURATION

    @property
    def dockerfile(self) -> Path:
        return self.folder / DOCKERFILE

    def variables(self) -> frozenset[str]:
        """Names of the variables that the configuration declares."""
        texts = (path.read_text(encoding="utf-8") for path in self.terraform.glob("*.tf"))
        return frozenset(name for text in texts for name in _VARIABLE.findall(text))

    def demand_variables(self, names: Iterable[str]) -> None:
        """Refuse variables that there are not.

        Raises:
            UnknownNameError: there is no variable of a name.
        """
        known = self.variables()
        for name in names:
            if name not in known:
                raise UnknownNameError("Terraform variable", name, known)

    def image_tag(self) -> str:
        """A tag for the image: the version and a digest of everything that goes into it."""
        digest = hashlib.sha256()
        for path in self._image_files():
            name = path.relative_to(self.folder).as_posix()
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return f"{stockstream.__version__}-{digest.hexdigest()[:12]}"

    def make_zip(self, target: Path, *, runtime: str | None = None) -> Path:
        """Make the zip with the light functions.

        Args:
            target: where to.
            runtime: of the functions, such as ``python3.12``; that of this process by default, for
                a rehearsal in it.

        Raises:
            CloudError: that failed.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        kind = ["--installed"] if runtime is None else ["--runtime", runtime]
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(self.folder / ZIP_SCRIPT), "--output", str(target), *kind],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not target.is_file():
            raise CloudError(f"{ZIP_SCRIPT} failed: {last_lines(done.stderr or done.stdout)}")
        return target

    def _image_files(self) -> Iterator[Path]:
        for name in IMAGE_SOURCES:
            place = self.folder / name
            found = sorted(place.rglob("*")) if place.is_dir() else [place]
            yield from (
                path for path in found if path.is_file() and "__pycache__" not in path.parts
            )


def find_checkout(here: Path | None = None) -> Checkout:
    """The clone that this very code is part of, else the one around a folder.

    Args:
        here: where to look upwards; the working folder by default.

    Raises:
        ConfigError: there is none: the package alone cannot be deployed.
    """
    place = (here or Path.cwd()).resolve()
    own = Path(stockstream.__file__).resolve().parents[2]
    for folder in (own, place, *place.parents):
        if (folder / CONFIGURATION / "modules").is_dir():
            return Checkout(folder)
    raise ConfigError(
        f"there is no {CONFIGURATION} here: deploying needs a clone of the project, whose code "
        "goes with its Terraform; clone it, run `make install` in it, and deploy from there"
    )
