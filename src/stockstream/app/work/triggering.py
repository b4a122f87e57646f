"""A request becomes a run: a backtest that is kept, or a study that a runner is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.form.market import Market
from stockstream.app.request import Request
from stockstream.app.work.planning import planned
from stockstream.backtest.archive import save_result
from stockstream.backtest.run import run_backtest
from stockstream.lake.store import Lake
from stockstream.runners.choice import cloud_runner
from stockstream.runners.local import LocalRunner

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.tasks.progress import Teller

__all__ = ["work"]


def work(folder: Path, tell: Teller) -> None:
    """Start what was asked for; what has been started before is joined."""
    request, runs = Request.at(folder), folder.parents[1]
    if request.draft.runner == "local" and _is_one_backtest(request):
        _backtest(request, runs, tell)
        return
    tell("planning")
    study, _ = planned(folder)
    kind = request.draft.runner
    if kind == "local":
        run = LocalRunner(runs, request.lake).submit(study)
    else:
        tell("asking whether it can be run there")
        if kind == "airflow":
            _unpause()
        runner = cloud_runner(kind, runs, request.lake)
        runner.ready()
        tell(f"handing {study.trials:,} trials over")
        run = runner.submit(study)
    tell.end(f"{study.trials:,} trials", run=run)


def _is_one_backtest(request: Request) -> bool:
    return not request.checked(Market.of(Lake.open(request.lake))).is_sweep


def _backtest(request: Request, runs: Path, tell: Teller) -> None:
    tell("running the backtest")
    lake = Lake.open(request.lake)
    config = request.checked(Market.of(lake)).config
    assert config is not None, "a request is checked"
    kept = save_result(run_backtest(config, lake), runs)
    tell.end("one backtest", run=kept.name)


def _unpause() -> None:
    from stockstream.runners.airflow.client import connect
    from stockstream.runners.airflow.dags import find_dag, set_paused
    from stockstream.runners.airflow.service import SWEEP
    from stockstream.settings import load_settings

    settings = load_settings()
    api = connect(settings.airflow, settings.aws.region)
    if find_dag(api, SWEEP).paused:
        set_paused(api, SWEEP, paused=False)
