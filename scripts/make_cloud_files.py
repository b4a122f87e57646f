"""Write what Terraform reads of the Python sources: the table of functions and the state machines.

Run it from the repository after a change of ``stockstream.aws.functions`` or
``stockstream.aws.machines``: ``python scripts/make_cloud_files.py``. With ``--check`` it writes
nothing and exits with 1 if a file is not as it would write it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stockstream.aws.functions import functions_document
from stockstream.aws.machines import MACHINES, machine_text

if TYPE_CHECKING:
    from collections.abc import Mapping

TERRAFORM = Path(__file__).parents[1] / "infra" / "terraform"


def cloud_files() -> Mapping[Path, str]:
    """The text of each file, by its path below ``infra/terraform``."""
    machines = {
        Path("modules", machine.module, f"{name}.asl.json"): machine_text(machine)
        for name, machine in MACHINES.items()
    }
    functions = json.dumps(functions_document(), indent=2) + "\n"
    return {Path("functions.json"): functions, **machines}


def stale_files(folder: Path) -> list[Path]:
    """The files below ``folder`` that are absent or have another text."""
    return [
        name
        for name, text in cloud_files().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the files, or say which are stale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    parser.add_argument("--folder", type=Path, default=TERRAFORM, help="infra/terraform by default")
    chosen = parser.parse_args()
    stale = stale_files(chosen.folder)
    texts = cloud_files()
    for name in stale:
        print(f"{'stale' if chosen.check else 'wrote'}: {chosen.folder / name}")
        if not chosen.check:
            (chosen.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (chosen.folder / name).write_text(texts[name], encoding="utf-8")
    if not stale:
        print("every file is as the sources say")
    return int(chosen.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
