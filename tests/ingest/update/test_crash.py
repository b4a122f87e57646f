"""Runs that are cut off, steps that are done twice or in another order: the lake is the same."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.ingest import update as updating
from stockstream.ingest.batch import fetch_batch
from stockstream.ingest.finish import finish
from stockstream.ingest.lock import only_run
from stockstream.ingest.symbols import update_symbols
from stockstream.lake import transaction
from stockstream.lake.location import Location
from stockstream.settings import FetchSettings, ListSettings, Settings
from stockstream.testing.source_server import FaultPlan, Poison

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingest.update.conftest import Rehearsal

    from stockstream.lake.delta import Snapshot
    from stockstream.lake.store import Lake
    from stockstream.providers.base import FetchResult

BEFORE, DAY, AFTER = "2024-05-14", "2024-05-15", "2024-05-16"
FRIDAY, MONDAY = "2024-05-03", "2024-05-06"
SETTINGS = Settings(
    fetch=FetchSettings(batch_size=4, history_years=1), symbols=ListSettings(shrink_limit=0.2)
)


class Killed(BaseException):
    """Nothing that runs after a SIGKILL runs after this."""


def kill(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["fetch_batches", "finish"])
def test_a_run_that_is_cut_off_is_completed(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    rehearsal.begin(FRIDAY)
    with monkeypatch.context() as patch:
        patch.setattr(updating, step, kill)
        with pytest.raises(Killed):
            rehearsal.run(MONDAY)
    asked = rehearsal.asked()
    summary = rehearsal.run(MONDAY)
    assert (summary.state, summary.run, summary.added) == ("complete", f"{MONDAY}.1", 11)
    rehearsal.demand_truth(MONDAY)
    fetched = {"fetch_batches": 12, "finish": 0}[step]
    assert (rehearsal.asked() - asked).total() == fetched


def dirty(result: FetchResult, _start: dt.date) -> FetchResult:
    """P00.AX comes with a price that breaks a rule, P01.AX with one that is odd."""
    today = pl.col("date") == dt.date(2024, 5, 15)
    broken = pl.when(today & (pl.col("symbol") == "P00.AX")).then(-1.0).otherwise("high")
    jumps = pl.when(today & (pl.col("symbol") == "P01.AX")).then(pl.col("close") * 4)
    return replace(
        result,
        bars=result.bars.with_columns(
            high=pl.max_horizontal(broken, jumps), close=jumps.otherwise("close")
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("table", ["actions", "quarantine", "findings", "bars", "health"])
def test_a_run_that_is_cut_off_after_a_commit(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """Until the bars are in, a reader sees bars and events of the day before."""
    rehearsal.begin(BEFORE)
    bars, actions = rehearsal.lake.bars(), rehearsal.lake.actions()
    commit = transaction.commit_version

    def commit_and_die(snapshot: Snapshot, **change: Any) -> int:
        version = commit(snapshot, **change)
        if snapshot.table.spec.name == table:
            raise Killed
        return version

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "commit_version", commit_and_die)
        with pytest.raises(Killed):
            rehearsal.run(DAY, change=dirty)
    if table not in {"bars", "health"}:
        assert_frame_equal(rehearsal.lake.bars(), bars)
        assert_frame_equal(rehearsal.lake.actions(), actions)
    assert rehearsal.run(DAY).run == f"{DAY}.1"
    rehearsal.demand_truth(DAY, "P00.AX", "P01.AX", "GON.AX")
    assert len(rehearsal.lake.quarantine()) == 1
    assert "jump" in set(rehearsal.lake.findings()["rule"])


def tables(lake: Lake) -> dict[str, pl.DataFrame]:
    """What must not depend on how often and in which order steps were done."""
    return {
        "bars": lake.bars(),
        "actions": lake.actions(),
        "quarantine": lake.quarantine().drop("ingested"),
        "findings": lake.findings().drop("ingested"),
        "universe": lake.universe(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_steps_that_are_done_often_and_in_any_order(rehearsal: Rehearsal, seed: int) -> None:
    """As a queue delivers them: each up to three times, and the last step before the others."""
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY)
    wanted = tables(rehearsal.lake)
    rehearsal.place = Path(rehearsal.place).with_name("again")
    rehearsal.begin(BEFORE)
    lake, session = rehearsal.lake, dt.date.fromisoformat(DAY)
    listed = update_symbols(lake, session, rehearsal.directory, SETTINGS)
    answers: list[dict[str, Any]] = []

    def fetch(batch: dict[str, Any]) -> None:
        number, fetch = batch["batchNumber"], SETTINGS.fetch
        answers.append(
            fetch_batch(
                lake,
                rehearsal.yahoo,
                batch["symbols"],
                number,
                session,
                suffix=".AX",
                settings=fetch,
                pacing=rehearsal.pacing(),
            )
        )

    def end(_: object) -> None:
        finish(lake, session, answers, listed, SETTINGS)

    chance = random.Random(seed)  # noqa: S311 - no secret
    batches = listed.result["symbolBatches"]
    steps: list[tuple[Callable[[Any], None], Any]] = [
        *((fetch, batch) for batch in batches for _ in range(chance.randint(1, 3))),
        *((end, None) for _ in range(2)),
    ]
    chance.shuffle(steps)
    for step, given in [*steps, (end, None)]:
        step(given)
    for name, frame in tables(lake).items():
        assert_frame_equal(frame, wanted[name])


@pytest.mark.slow
def test_a_damaged_batch_is_fetched_anew(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk has eaten a half of it before it was merged."""
    rehearsal.begin(FRIDAY)
    with monkeypatch.context() as patch:
        patch.setattr(updating, "finish", kill)
        with pytest.raises(Killed):
            rehearsal.run(MONDAY)
    path = Path(rehearsal.place) / "raw-data" / f"{MONDAY}-batch-1.parquet"
    path.write_bytes(path.read_bytes()[:500])
    asked = rehearsal.asked()
    summary = rehearsal.run(MONDAY)
    assert summary.state == "partial"
    assert any("batch_unreadable" in notice for notice in summary.notices)
    assert (rehearsal.asked() - asked).keys() == {"P00.AX", "P01.AX", "P02.AX", "P03.AX"}
    rehearsal.demand_truth(MONDAY)
    assert rehearsal.run("2024-05-07").state == "complete"


@pytest.mark.slow
def test_what_a_killed_run_fetched_is_not_fetched_again(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody ran it again that day. On the next one a symbol, new to the lake, has split."""
    with monkeypatch.context() as patch:
        patch.setattr(updating, "finish", kill)
        with pytest.raises(Killed):
            rehearsal.run(BEFORE)
    assert not rehearsal.lake.symbols()
    windows: list[dt.date] = []

    def watched(result: FetchResult, start: dt.date) -> FetchResult:
        windows.append(start)
        return result

    summary = rehearsal.run(DAY, change=watched)
    assert sorted(windows)[1] > dt.date(2024, 4, 1)  # the first is that of the split
    assert summary.pending == ()
    rehearsal.demand_truth(DAY, "GON.AX")


@pytest.mark.slow
def test_left_overs_are_merged_in_their_order_without_a_new_run(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the cloud the steps of a day know nothing of a day before that came to no end."""
    monkeypatch.setattr(updating, "_merge_leftovers", lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr(updating, "finish", kill)
        with pytest.raises(Killed):
            rehearsal.run(BEFORE)
    rehearsal.run(DAY)
    old = rehearsal.truth(BEFORE)[0].filter(symbol="SPL.AX")
    assert_frame_equal(rehearsal.lake.bars(["SPL"]).select(old.columns), old, rel_tol=1e-6)
    rehearsal.run(AFTER)
    rehearsal.demand_truth(AFTER, "GON.AX")


def test_two_runs_at_the_same_time(rehearsal: Rehearsal) -> None:
    rehearsal.begin(FRIDAY)
    before = rehearsal.contents()
    with (
        only_run(Location.of(rehearsal.place)),
        pytest.raises(LakeError, match="another run works on the lake"),
    ):
        rehearsal.run(MONDAY)
    assert rehearsal.contents() == before
    assert rehearsal.run(MONDAY).state == "complete"


@pytest.mark.slow
def test_a_run_that_was_partial_keeps_what_it_had(rehearsal: Rehearsal) -> None:
    """All symbols but one fail on the first day of all."""
    others = [f"{name}.AX" for name in ("CON", "GON", "ILL", "NUL", "P00", "P01", "P02", "P03")]
    rehearsal.server.plan(FaultPlan(poison=(Poison("server_error", tuple(others)),)))
    summary = rehearsal.run(FRIDAY, attempts=1)
    assert (summary.state, list(summary.batches_failed)) == ("partial", [0, 1])
    rehearsal.demand_truth(FRIDAY, *others)
    rehearsal.server.plan(FaultPlan())
    assert rehearsal.run(FRIDAY).state == "complete"
    rehearsal.demand_truth(FRIDAY)
