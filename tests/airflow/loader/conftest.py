"""What the daily pipeline needs, and a folder of documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.handlers.pipeline.conftest import (  # noqa: F401 - fixtures
    _source,
    cloud,
    laptop,
    market,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def configs(tmp_path: Path) -> Callable[..., Path]:
    """Writes documents into a folder: texts or values by the names of their files."""
    folder = tmp_path / "configs"
    folder.mkdir()

    def write(**documents: Any) -> Path:
        for name, value in documents.items():
            text = value if isinstance(value, str) else json.dumps(value)
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
        return folder

    return write
