"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The gate sees the same examples each time; --hypothesis-profile=search looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("same")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data, gold vectors and recorded dirt, kept beside the checkout, never in it."""
    folder = Path(os.environ.get("STOCKSTREAM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "MANIFEST.json").is_file():
        pytest.skip(f"real market data not found at {folder} (set STOCKSTREAM_SHARED_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's environment must not reach into a test."""
    for name in list(os.environ):
        if name.startswith("STOCKSTREAM__") or name == "STOCKSTREAM_JIT":
            monkeypatch.delenv(name)
