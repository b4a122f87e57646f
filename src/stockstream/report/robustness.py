"""How much of a backtest is left with other costs, a bar late, resampled, or chosen again.

Measuring takes a run for each multiple of the costs, so it is done apart from the page and kept as
JSON; pages only read what was found.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stockstream.backtest.reproduction import kept_panel
from stockstream.backtest.result import json_ready
from stockstream.backtest.sensitivity import delayed_on_panel, sensitivity_on_panel
from stockstream.errors import DataError
from stockstream.metrics.bootstrap import RESAMPLES, fan
from stockstream.metrics.drawdown import drawdowns
from stockstream.report import charts
from stockstream.report.formats import DASH, count, percent, plain_number
from stockstream.report.metric_rows import shown
from stockstream.report.thinning import thinned
from stockstream.report.view import Cell, Row, Table, tone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    import plotly.graph_objects as go

    from stockstream.backtest.reproduction import VersionedSource
    from stockstream.backtest.result import BacktestResult
    from stockstream.study.validation.walk_forward import WalkForward

__all__ = ["COSTS", "FAN_NOTE", "Robustness", "Walk", "fan_of", "measure_robustness", "walk_of"]

COSTS: Final = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Multiples of the costs."""

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
FAN_POINTS: Final = 160

WHAT: Final = ("total_return", "annualised_return", "sharpe", "max_drawdown", "trades")

UNREADABLE: Final = (
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError),
)
"""What damaged text may raise."""

FREE: Final = "the run has no costs: there is nothing to multiply"
NOT_RULES: Final = (
    "the strategy decides bar by bar in Python and would see the delay: its decisions cannot be "
    "held back from outside"
)


@dataclass(frozen=True)
class Walk:
    """A walk-forward of the study that a run belongs to.

    Attributes:
        study: its name.
        split: how the data was cut.
        select: what points were chosen by in training.
        dates: ISO dates of the test windows, joined.
        equity: money at each of them.
        folds: a row for each window.
        metrics: of the joined windows.
        efficiency: of Pardo; None where training made nothing.
        flags: what a reader must know.
    """

    study: str
    split: str
    select: str
    dates: Sequence[str]
    equity: Sequence[float]
    folds: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Any]
    efficiency: float | None
    flags: Sequence[str] = ()

    @property
    def figure(self) -> go.Figure:
        """The joined test windows with their drawdown."""
        equity = np.array(self.equity)
        dates = np.array(self.dates, "datetime64[D]")
        return charts.equity_chart(
            dates, charts.Curve("chosen anew in each window", equity, drawdowns(equity))
        )

    @property
    def table(self) -> Table:
        """A row a window: what was chosen, and what it made before and after."""
        rows = tuple(
            Row(
                (
                    Cell(f"{fold['test_start']} to {fold['test_end']}", "text"),
                    Cell(_set(fold["parameters"]), "text"),
                    Cell(plain_number(_number(fold["train"].get("sharpe")))),
                    Cell(plain_number(_number(fold["test"]["sharpe"]))),
                    _gain(fold["test"]["total_return"]),
                    Cell(count(fold["test"]["trades"])),
                ),
                str(fold["fold"]),
            )
            for fold in self.folds
        )
        made = self.metrics
        kept = DASH if self.efficiency is None else percent(self.efficiency, 0)
        note = (
            f"Chosen by {self.select.replace('_', ' ')} in each training window and traded in the "
            f"window after it ({self.split}). Joined: {percent(_number(made['total_return']))} in "
            f"all, {percent(_number(made['annualised_return']))} a year, Sharpe "
            f"{plain_number(_number(made['sharpe']))}; {kept} of what training promised was kept."
        )
        heads = ("Window", "Traded", "Chosen", "Sharpe before", "Sharpe after", "Return", "Trades")
        return Table(heads, rows, note)


@dataclass(frozen=True)
class Robustness:
    """What was found.

    Attributes:
        run: name of the backtest.
        costs: metrics of the run at each multiple of its costs, with their ``factor``.
        break_even: multiple at which nothing is won; None where all of them win, or none does.
        costs_note: why there are none.
        late: metrics of the run that acts one bar late; None where that cannot be known.
        late_note: why not.
        walk: of the study, if there is one with training and test windows.
    """

    run: str
    costs: Sequence[Mapping[str, Any]] = ()
    break_even: float | None = None
    costs_note: str = ""
    late: Mapping[str, Any] | None = None
    late_note: str = ""
    walk: Walk | None = None

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def of_json(cls, text: str) -> Self:
        """What :meth:`to_json` wrote.

        Raises:
            DataError: it cannot be read.
        """
        try:
            given = json.loads(text)
            walk = given.pop("walk")
            found = cls(**given, walk=None if walk is None else Walk(**walk))
            found.demand_whole()
        except UNREADABLE as error:
            told = str(error)[:200]
            raise DataError(f"what was measured cannot be read: {told}; measure again") from error
        return found

    def demand_whole(self) -> None:
        """What can be shown has all that it needs: to show it is the proof.

        Raises:
            Exception: one of :data:`UNREADABLE`, where it cannot.
        """
        shown = (self.table, self.figures, None if self.walk is None else self.walk.table)
        texts = (self.run, *(() if self.walk is None else self.walk.flags))
        if not (all(isinstance(text, str) for text in texts) and shown):
            raise TypeError("a text is none")

    @property
    def table(self) -> Table | None:
        """A row for each multiple of the costs, and one for the run that is late."""
        rows = [_row(f"{run['factor']:g}\N{MULTIPLICATION SIGN} costs", run) for run in self.costs]
        if self.late is not None:
            rows.append(_row("one bar late", self.late))
        if not rows:
            return None
        heads = ("", "Total return", "CAGR", "Sharpe", "Max drawdown", "Trades")
        return Table(heads, tuple(rows), self._note())

    def _note(self) -> str:
        said = []
        if self.break_even is not None:
            at = plain_number(self.break_even, 1)
            said.append(f"Nothing is won at {at} times the costs.")
        elif self.costs and all(_number(run["total_return"]) > 0.0 for run in self.costs):
            most = self.costs[-1]["factor"]
            said.append(f"It still wins at {most:g} times its costs.")
        said += [
            f"{note[:1].upper()}{note[1:]}." for note in (self.costs_note, self.late_note) if note
        ]
        return " ".join(said)

    @property
    def figures(self) -> dict[str, go.Figure]:
        """``costs`` and ``walk``, as far as there are any."""
        made = {"costs": self.figure, "walk": None if self.walk is None else self.walk.figure}
        return {name: one for name, one in made.items() if one is not None}

    @property
    def figure(self) -> go.Figure | None:
        """Return a year over the multiples."""
        known = [run for run in self.costs if run["annualised_return"] is not None]
        if not known:
            return None
        late = None if self.late is None else self.late["annualised_return"]
        return charts.cost_chart(
            [run["factor"] for run in known],
            np.array([run["annualised_return"] for run in known]),
            late,
        )


def fan_of(result: BacktestResult) -> go.Figure | None:
    """The run before the fan of its resamples; None where nothing can be resampled."""
    at = thinned([result.equity], FAN_POINTS)
    bands = fan(result.returns, at, QUANTILES, seed=result.config.seed)
    if not np.isfinite(bands).all():
        return None
    start = float(result.equity[0])
    return charts.fan_chart(result.dates[at], result.equity[at], bands * start)


FAN_NOTE: Final = (
    f"{RESAMPLES:,} futures that the returns of this run could have strung together as well "
    "(stationary bootstrap): blocks keep what follows on what, their order is drawn."
)


def measure_robustness(
    result: BacktestResult,
    name: str,
    lake: VersionedSource,
    tell: Callable[[str], None],
    walk: Callable[[], WalkForward] | None = None,
) -> Robustness:
    """Run the backtest again with other costs and a bar late.

    Args:
        result: as it was kept.
        name: of the run.
        lake: where its data came from.
        tell: is told what is done now.
        walk: makes the walk-forward of the study that the run belongs to.

    Raises:
        ConfigError: the strategy is gone, or takes other parameters now.
        LakeError: the lake no longer has the version.
        DataError: the lake has other data now.
        StrategyError: the strategy failed.
    """
    tell("reading the bars")
    managers, config, panel = kept_panel(result, lake)
    if panel.digest != result.identity.data_digest:
        raise DataError(
            f"the lake has other data at {result.identity.data_version} than the run was made on: "
            "give the lake it was made on, or run it again"
        )
    costs, even, note = [], math.nan, FREE
    if not config.costs.free:
        tell("running it with other costs")
        found = sensitivity_on_panel(managers, panel, config, COSTS)
        costs, even, note = found.to_dict()["runs"], found.break_even, ""
    tell("running it a bar late")
    late = delayed_on_panel(managers, panel, config)
    forward = None
    if walk is not None:
        tell("walking forward")
        forward = walk_of(walk())
    return Robustness(
        run=name,
        costs=[_picked(run) | {"factor": run["factor"]} for run in costs],
        break_even=even if math.isfinite(even) else None,
        costs_note=note,
        late=None if late is None else _picked(json_ready(late.as_dict())),
        late_note=NOT_RULES if late is None else "",
        walk=forward,
    )


def walk_of(found: WalkForward) -> Walk:
    """What a page shows of a walk-forward."""
    kept = found.to_dict()
    equity = found.account.equity
    at = thinned([equity, drawdowns(equity)], 1_200)
    return Walk(
        study=found.study,
        split=found.split,
        select=found.select,
        dates=[str(day) for day in found.account.dates[at].astype("datetime64[D]")],
        equity=[round(value, 2) for value in equity[at].tolist()],
        folds=[
            {
                **{name: fold[name] for name in ("fold", "test_start", "test_end")},
                "parameters": {name: fold["parameters"].get(name) for name in _grid(found)},
                "train": {"sharpe": fold["train"].get("sharpe")},
                "test": {name: fold["test"][name] for name in ("sharpe", "total_return", "trades")},
            }
            for fold in kept["folds"]
        ],
        metrics=_picked(kept["metrics"]),
        efficiency=kept["efficiency"],
        flags=kept["flags"],
    )


def _grid(found: WalkForward) -> list[str]:
    return [one.parameter for one in found.stability]


def _picked(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: metrics[name] for name in WHAT}


def _row(label: str, run: Mapping[str, Any]) -> Row:
    cells = [
        _gain(run[name])
        if name in {"total_return", "annualised_return"}
        else Cell(shown(name, int(run[name]) if name == "trades" else _number(run[name])))
        for name in WHAT
    ]
    return Row(tuple(cells), label)


def _gain(value: float | None) -> Cell:
    known = _number(value)
    return Cell(percent(known), tone_of(known))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _set(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items()) or "nothing"
