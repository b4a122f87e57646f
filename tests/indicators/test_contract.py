"""Every shipped indicator keeps the contract that authors of others inherit."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pytest

from stockstream.indicators import CLASSES, INDICATORS
from stockstream.testing.indicator_contract import KernelIndicatorContract
from stockstream.testing.market import simulated_lake

CUMULATIVE = {"ad", "nvi", "obv", "pvi", "vpt"}
"""Their level depends on the bar where the series begins."""

TESTS = [name for name in dir(KernelIndicatorContract) if name.startswith("test_")]


@cache
def bars() -> pl.DataFrame:
    """The two symbols with the most bars; ``x`` and ``y`` for what works on two columns."""
    market = simulated_lake().bars().with_columns(pl.col("volume").cast(pl.Float64))
    longest = market.group_by("symbol").len().sort("len", "symbol")["symbol"][-2:]
    chosen = market.filter(pl.col("symbol").is_in(longest.to_list()))
    columns = ("symbol", "date", "open", "high", "low", "close", "volume")
    return chosen.select(*columns, x="close", y=pl.col("open") + pl.col("high"))


@pytest.mark.slow
@pytest.mark.parametrize("name", INDICATORS)
def test_it_keeps_the_contract(name: str) -> None:
    given: dict[str, Any] = {
        "indicator": CLASSES[name](),
        "cumulative": name in CUMULATIVE,
        "cuts": 20,
        "bars": lambda _: bars(),
    }
    contract = type("Contract", (KernelIndicatorContract,), given)()
    for test in TESTS:
        if "compiled" not in test:  # test_bits.py holds that against random input
            getattr(contract, test)()
