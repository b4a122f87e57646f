"""vectorbt itself, where its environment exists (``python -m parity --install-only``)."""

from __future__ import annotations

import pytest

from parity.agreement import compare
from parity.cases import portfolios, random_series
from parity.environments import cache_folder, is_installed, run_peer
from parity.ours import run_ours
from parity.setups import SETUPS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all_in", "portfolio"])
def test_equals_vectorbt_live(name: str) -> None:
    if not is_installed("vectorbt"):
        pytest.skip(f"no vectorbt in {cache_folder()} (python -m parity --install-only)")
    setup = next(setup for setup in SETUPS if setup.key == f"vectorbt.{name}")
    cases = portfolios(3) if setup.portfolio else random_series(20)
    theirs = run_peer("vectorbt", name, setup.weight, cases)
    found = compare(theirs, [run_ours(case, setup) for case in cases], 1e-9)
    assert found.equal == found.cases
    assert found.keeps(setup)
