"""How long work takes on machines that one has, by hand."""

from __future__ import annotations

import pytest

from stockstream.runners.own_machines import STARTS, own_times
from stockstream.runners.prices import Work

AIRFLOW = STARTS["airflow"]
HOUR = Work(core_seconds=3600.0, memory=2**30, files=100)


def test_an_hour_of_one_core_on_four_workers_by_hand() -> None:
    airflow, cluster = own_times(HOUR, 4)
    assert (airflow.runner, airflow.workers, airflow.jobs) == ("airflow", 4, 4)
    assert airflow.seconds == pytest.approx(sum(AIRFLOW) + 900.0)
    assert (cluster.runner, cluster.jobs) == ("cluster", 4)
    assert cluster.seconds == pytest.approx(STARTS["cluster"].once + 0.004 + 900.0)


def test_many_chunks_are_items_of_a_minute_in_turns() -> None:
    airflow, _ = own_times(HOUR._replace(files=601), 4)  # 300.5 s of chunks
    assert airflow.jobs == 6
    assert airflow.seconds == pytest.approx(AIRFLOW.once + 2 * (AIRFLOW.each + 600.0))


def test_more_workers_than_chunks_do_not_help() -> None:
    assert [one.jobs for one in own_times(HOUR._replace(files=3), 8)] == [3, 3]
    few, many = (own_times(HOUR._replace(files=3), workers)[0] for workers in (3, 8))
    assert few.seconds == many.seconds
