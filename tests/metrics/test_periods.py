"""Returns by month and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.metrics.periods import monthly_returns, yearly_returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Dates: TypeAlias = NDArray[np.datetime64]


@pytest.fixture(name="dates")
def _dates() -> Dates:
    return np.array(
        ["2022-11-15", "2022-11-30", "2022-12-30", "2023-01-03", "2023-03-31", "2025-02-03"],
        "datetime64[D]",
    )


EQUITY = np.array([100.0, 110.0, 99.0, 108.9, 120.0, 60.0])


def test_a_row_for_each_year_and_a_hole_for_each_missing_month(dates: Dates) -> None:
    table = monthly_returns(dates, EQUITY)
    assert table.years.tolist() == [2022, 2023, 2024, 2025]
    assert table.months.shape == (4, 12)
    np.testing.assert_allclose(table.months[0, 10:], [0.1, -0.1])
    np.testing.assert_allclose(table.months[1, [0, 2]], [0.1, 120.0 / 108.9 - 1.0])
    assert np.isnan(table.months[1, 1])
    assert np.isnan(table.months[2]).all()
    np.testing.assert_allclose(table.months[3, 1], -0.5)
    np.testing.assert_allclose(table.total, [-0.01, 120.0 / 99.0 - 1.0, np.nan, -0.5])


def test_months_compound_to_years_and_years_to_the_total(dates: Dates) -> None:
    table = monthly_returns(dates, EQUITY)
    years, change = yearly_returns(dates, EQUITY)
    assert years.tolist() == [2022, 2023, 2025]
    np.testing.assert_allclose(np.nanprod(1.0 + table.months), EQUITY[-1] / EQUITY[0])
    np.testing.assert_allclose(np.prod(1.0 + change), EQUITY[-1] / EQUITY[0])
    np.testing.assert_allclose(change, table.total[[0, 1, 3]])


def test_dates_before_1970_and_of_any_unit() -> None:
    dates = np.array(["1969-12-31", "1970-01-02"], "datetime64[ns]")
    table = monthly_returns(dates, np.array([1.0, 2.0]))
    assert table.years.tolist() == [1969, 1970]
    assert table.months[0, 11] == 0.0
    assert table.months[1, 0] == 1.0


def test_no_bars() -> None:
    nothing = np.empty(0, "datetime64[D]")
    assert monthly_returns(nothing, np.empty(0)).months.shape == (0, 12)
    assert len(yearly_returns(nothing, np.empty(0))[0]) == 0
