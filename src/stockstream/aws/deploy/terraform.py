"""Terraform as a program: found, given its providers, run, and stopped without harm."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.aws.deploy.messages import change_of, place_of, read_line, what_went_wrong
from stockstream.aws.deploy.processes import last_lines, run_program
from stockstream.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stockstream.aws.deploy.messages import Change

__all__ = ["MIRROR", "Terraform", "find_mirror", "find_terraform"]

MIRROR = "STOCKSTREAM_TERRAFORM_MIRROR"
"""Environment variable with a folder that `terraform providers mirror` made."""

PROVIDER = "*/hashicorp/aws"
ROOTS = ("/opt", "/usr/local/share", "/usr/share", "/usr/local/lib", "/usr/lib", "/var/lib", "/srv")
DEPTH = 2
KEPT_LINES = 20
STOPPING = "stopping: Terraform finishes what it has begun and writes that down"

_PROVIDERS = """\
provider_installation {{
  filesystem_mirror {{
    path    = {mirror}
    include = ["hashicorp/*"]
  }}
  direct {{
    exclude = ["hashicorp/*"]
  }}
}}
disable_checkpoint = true
"""


def find_terraform() -> str:
    """The path of the program.

    Raises:
        ConfigError: it is not installed.
    """
    found = shutil.which("terraform")
    if found is None:
        raise ConfigError(
            "terraform was not found; install Terraform 1.9 or later "
            "(https://developer.hashicorp.com/terraform/install)"
        )
    return found


def find_mirror(roots: Iterable[str] = ROOTS) -> Path | None:
    """A folder on this machine that has the AWS provider; None where the registry is to be asked.

    Args:
        roots: where to look, two folders deep, if the environment does not say where it is.

    Raises:
        ConfigError: the environment names a folder that has no providers.
    """
    named = os.environ.get(MIRROR)
    if named:
        if not _has_provider(Path(named)):
            raise ConfigError(f"{MIRROR} is {named}, where there is no {PROVIDER}")
        return Path(named)
    for root in roots:
        for depth in range(1, DEPTH + 1):
            for found in sorted(Path(root).glob("*/" * depth + PROVIDER)):
                if _has_provider(found.parents[2]):
                    return found.parents[2]
    return None


def _has_provider(mirror: Path) -> bool:
    """Whether there is an AWS provider for this machine, unpacked or as a zip."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    here = f"{sys.platform}_{machine}"
    return any(any(mirror.glob(f"{PROVIDER}/{form}")) for form in (f"*/{here}", f"*_{here}.zip"))


@dataclass
class Terraform:
    """Terraform in a folder.

    Attributes:
        program: path of the binary.
        root: folder of the configuration.
        data: folder for its providers and other files of its own.
        environment: variables beside those of this process; None takes one away.
        verbose: whether all that it says is told, and not only what was done.
        tell: takes what is to be said, one line each.
    """

    program: str
    root: Path
    data: Path
    environment: Mapping[str, str | None] = field(default_factory=dict)
    verbose: bool = False
    tell: Callable[[str], None] = lambda _text: None

    def run(self, *words: str, ends: tuple[int, ...] = (0,), total: int = 0) -> list[Change]:
        """Run a command that takes its time, and tell how far it is.

        Args:
            words: the command and its options.
            ends: exit codes that are no failure.
            total: how many resources it works on, if that is known.

        Returns:
            The changes that it announced.

        Raises:
            CloudError: it failed; with the errors that it told.
            KeyboardInterrupt: the user stopped it; it has written down what it did.
        """
        name, *options = words
        listener = _Listener(self.tell, total, verbose=self.verbose)
        code = run_program(
            [self.program, name, "-json", *options],
            listener.hear,
            folder=self.root,
            environment=self._environment(),
            stopping=lambda: self.tell(STOPPING),
        )
        if code not in ends:
            raise CloudError(f"terraform {name} failed: {listener.errors()}")
        return listener.changes

    def state(self) -> dict[str, Any]:
        """What Terraform wrote down of the resources and outputs; empty if there is nothing.

        Raises:
            CloudError: it cannot be read.
        """
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            [self.program, "state", "pull"],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CloudError(f"terraform state failed: {last_lines(done.stderr)}")
        return dict(json.loads(done.stdout)) if done.stdout.strip() else {}

    def write_providers(self, mirror: Path | None) -> None:
        """Write where providers come from: a mirror on this machine, else the registry."""
        self.data.mkdir(parents=True, exist_ok=True)
        config = self.data / "terraform.rc"
        if mirror is None:
            config.unlink(missing_ok=True)
        else:
            text = _PROVIDERS.format(mirror=json.dumps(str(mirror)))
            config.write_text(text, encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        config = self.data / "terraform.rc"
        given = os.environ.get("TF_CLI_CONFIG_FILE")
        ours: dict[str, str | None] = {
            "TF_DATA_DIR": str(self.data / "providers"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_WORKSPACE": None,
            **self.environment,
        }
        if config.exists():
            ours["TF_CLI_CONFIG_FILE"] = str(config)
        elif given and not Path(given).is_file():
            ours["TF_CLI_CONFIG_FILE"] = None
        merged = {**os.environ, **ours}
        return {name: value for name, value in merged.items() if value is not None}


class _Listener:
    """Makes lines for people of what Terraform says, and keeps its errors and changes."""

    def __init__(self, tell: Callable[[str], None], total: int, *, verbose: bool) -> None:
        self.tell, self.total, self.verbose = tell, total, verbose
        self.done = 0
        self.changes: list[Change] = []
        self.found: list[str] = []
        self.last: deque[str] = deque(maxlen=KEPT_LINES)

    def hear(self, line: str) -> None:
        """Take a line."""
        message = read_line(line)
        text = str(message.get("@message", ""))
        self.last.append(text)
        wrong, change, done = what_went_wrong(message), change_of(message), place_of(message)
        if wrong is not None and wrong not in self.found:
            self.found.append(wrong)
        if change is not None:
            self.changes.append(change)
        if self.verbose:
            self.tell(wrong or text)
        elif done is not None:
            self.done += 1
            self.tell(f"[{self.done}/{self.total}] {done}" if self.total else done)

    def errors(self) -> str:
        """What it complained of, else the last lines that it said."""
        return "; ".join(self.found) or last_lines("\n".join(self.last))
