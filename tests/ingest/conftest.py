"""A PostgreSQL server for the tests of factors that lie in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all of them."""
    with running_postgres() as server:
        yield server
