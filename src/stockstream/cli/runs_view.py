"""Runs on the screen."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import typer

from stockstream.cli.console import command, heading, say, show_table, warn
from stockstream.cli.figures import count, metric_cells, percent, plain
from stockstream.errors import CloudError, ConfigError, DataError
from stockstream.study.runs.detached import LOG

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.backtest.result import BacktestResult
    from stockstream.report.studies_compared import BestTrial, StudiesCompared
    from stockstream.study.runs.run_status import RunState, RunStatus
    from stockstream.study.study import Study

__all__ = [
    "KeptRun",
    "in_one_line",
    "kept_runs",
    "show_backtest",
    "show_comparison",
    "show_list",
    "show_status",
]

COLORS: dict[RunState, str] = {
    "running": "cyan",
    "done": "green",
    "partial": "yellow",
    "cancelled": "yellow",
    "stopped": "red",
    "unreachable": "yellow",
}
UNREADABLE: Final = "unreadable"
UNREACHABLE: Final[RunState] = "unreachable"
SHOWN_METRICS = ("total_return", "max_drawdown")


@dataclass(frozen=True)
class KeptRun:
    """One run of the list.

    Attributes:
        run: its name.
        kind: ``sweep`` or ``backtest``.
        state: of a sweep, ``unreachable`` if its service does not say; a backtest that is kept is
            done.
        strategy: its name.
        done, failed, trials: of the sweep; a backtest is one trial.
        rate, seconds_left: of a sweep that runs.
        created: when it was started, in seconds since 1970.
    """

    run: str
    kind: str
    state: str
    strategy: str
    done: int
    failed: int
    trials: int
    rate: float | None
    seconds_left: float | None
    created: float

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON values."""
        return asdict(self)


def kept_runs(place: Path) -> list[KeptRun]:
    """Sweeps and backtests of a folder, the newest first."""
    from stockstream.runners.local import LocalRunner

    found = [_of_sweep(name, place) for name in LocalRunner(place).names()]
    found += [_of_backtest(path) for path in place.glob("r-*/result.json")]
    return sorted(found, key=lambda run: (-run.created, run.run))


def show_list(runs: list[KeptRun], place: Path) -> None:
    """Print the list of runs."""
    if not runs:
        say(f"no run is kept in {place}; make one with `{command('backtest')}`")
        return
    rows = [
        (
            run.run,
            run.kind,
            _state(run),
            run.strategy,
            "" if run.kind == "backtest" else f"{run.done:,} of {run.trials:,}",
            f"{run.failed:,}" if run.failed else "",
            _when(run.created),
        )
        for run in runs
    ]
    heads = ("run", "kind", "state", "strategy", "trials", "failed", "started")
    show_table(heads, rows, align="llllrr")


def show_status(status: RunStatus, study: Study, folder: Path) -> None:
    """Print how far a sweep is, and what to do next.

    Args:
        status: of the run.
        study: that it is about.
        folder: of the run.
    """
    config = study.config
    state = typer.style(status.state, fg=COLORS[status.state], bold=True)
    typer.echo(f"{typer.style(status.run, bold=True)}: {state}")
    split = "" if study.split.kind == "none" else f", split {study.split}"
    say(
        f"{status.strategy}, {config.start_date} to {config.end_date}, "
        f"{count(len(config.universe or ()), 'symbol')}{split}, data {study.data_version}"
    )
    say(_progress(status))
    if away := _elsewhere(folder):
        say(away)
    if status.workers:
        numbers = ", ".join(map(str, status.workers))
        say(f"{count(len(status.workers), 'worker')}: {numbers}")
    for failure in status.failures:
        warn(f"chunk {failure.number} ({count(failure.trials, 'trial')}): {failure.error}")
    if status.error:
        warn(status.error)
    if status.state == "stopped" and (folder / LOG).exists():
        say(f"the workers' log: {folder / LOG}")
    if status.state in {"stopped", "cancelled", "partial"}:
        again = "try again" if status.state == "partial" else "go on"
        say(f"{again} with `{command(f'runs resume {status.run}')}`")


def _elsewhere(folder: Path) -> str:
    """Where to look for a sweep that a service runs; nothing of a sweep on this machine."""
    from stockstream.runners.cloud_record import CloudRecord

    record = CloudRecord.read(folder)
    if record is None:
        return ""
    which = ", ".join(f"{name} {value}" for name, value in record.where.items() if value)
    where = f"{record.runner} on {record.lake}{f' ({which})' if which else ''}"
    return f"{where}, attempt {record.last.attempt}: {record.last.id}" if record.last else where


def in_one_line(status: RunStatus) -> str:
    """A status for lists: ``s-0123456789ab: running, 1,200 of 10,000 trials (12%)``."""
    return f"{status.run}: {status.state}, {_progress(status)}"


def show_backtest(name: str, result: BacktestResult) -> None:
    """Print a single backtest."""
    from stockstream.report.trust import strategy_title

    typer.echo(f"{typer.style(name, bold=True)}: a single backtest")
    config = result.config
    say(
        f"{strategy_title(config)}, {config.start_date} to {config.end_date}, "
        f"{count(len(config.universe or ()), 'symbol')}, data {result.identity.data_version}"
    )
    show_table(("", ""), metric_cells(result.metrics), align="lr")


def show_comparison(found: StudiesCompared) -> None:
    """Print sweeps side by side."""
    from stockstream.report.comparison import written

    heading(f"Best trials by {found.metric.replace('_', ' ')}")
    heads = [""]
    for name in found.names:
        heads += [name, found.metric, *SHOWN_METRICS]
    deepest = max(map(len, found.best))
    rows = [
        [str(i + 1), *(cell for trials in found.best for cell in _cells(trials, i, found.metric))]
        for i in range(deepest)
    ]
    show_table([_head(name) for name in heads], rows, align="r" + "lrrr" * len(found.names))
    heading("What differs")
    if found.differences:
        changed = [
            (field, *(plain(written(value)) for value in values))
            for field, values in found.differences.items()
        ]
        show_table(("setting", *found.names), changed, align="l" * (1 + len(found.names)))
    else:
        say("Nothing.")
    for warning in found.warnings:
        warn(warning)


def _cells(trials: tuple[BestTrial, ...], place: int, metric: str) -> list[str]:
    from stockstream.report.metric_rows import shown

    if place >= len(trials):
        return [""] * (2 + len(SHOWN_METRICS))
    trial = trials[place]
    setting = " ".join(f"{name}={value}" for name, value in trial.setting.items())
    values = [trial.metrics[name] for name in (metric, *SHOWN_METRICS)]
    numbers = zip((metric, *SHOWN_METRICS), values, strict=True)
    return [
        setting,
        *("-" if value is None else plain(shown(name, value)) for name, value in numbers),
    ]


def _head(name: str) -> str:
    return {"total_return": "return", "max_drawdown": "drawdown"}.get(name, name)


def _progress(status: RunStatus) -> str:
    share = percent(status.done / status.total, 0)
    parts = [f"{status.done:,} of {count(status.total, 'trial')} ({share})"]
    if status.failed:
        parts.append(f"{status.failed:,} failed")
    if status.rate:
        parts.append(f"{status.rate:,.0f} trials/s")
    if status.seconds_left is not None:
        parts.append(f"about {_duration(status.seconds_left)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    """``75.0`` as ``1 min 15 s``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def _state(run: KeptRun) -> str:
    if run.seconds_left is None:
        return run.state
    return f"{run.state}, {_duration(run.seconds_left)} left"


def _when(created: float) -> str:
    return dt.datetime.fromtimestamp(created).astimezone().strftime("%Y-%m-%d %H:%M")


def _of_sweep(name: str, place: Path) -> KeptRun:
    from stockstream.runners.choice import runner_of

    try:
        status = runner_of(name, place).status(name)
    except (DataError, CloudError, ConfigError) as error:
        state = UNREADABLE if isinstance(error, DataError) else UNREACHABLE
        created = (place / name).stat().st_mtime
        return KeptRun(name, "sweep", state, "", 0, 0, 0, None, None, created)
    return KeptRun(
        name,
        "sweep",
        status.state,
        status.strategy,
        status.done,
        status.failed,
        status.total,
        status.rate,
        status.seconds_left,
        status.created,
    )


def _of_backtest(path: Path) -> KeptRun:
    name, created = path.parent.name, path.stat().st_mtime
    try:
        config = json.loads(path.read_text(encoding="utf-8"))["config"]
        sleeves = [sleeve["strategy_class"] for sleeve in config["sleeves"]]
        strategy = config["strategy_class"] or " + ".join(sleeves)
    except (OSError, ValueError, KeyError, TypeError):
        return KeptRun(name, "backtest", UNREADABLE, "", 0, 0, 1, None, None, created)
    return KeptRun(name, "backtest", "done", strategy, 1, 0, 1, None, None, created)
