"""A stack on the emulation, as the checks see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.runners.conftest import cloud, unmade

from stockstream.aws.verification.site import Site
from stockstream.runners.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud

__all__ = ["cloud", "site", "unmade"]


@pytest.fixture
def site(cloud: Cloud, tmp_path: Path) -> Site:
    """The stack of backtests, looked at as if it were in an account."""
    return Site(Stack.of(cloud.prefix), tmp_path / "runs", pause=0.05, patience=60.0)
