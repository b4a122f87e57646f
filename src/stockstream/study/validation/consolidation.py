"""From the pieces of a point back to one account.

The trials of chosen points are run again as the plain backtests that they are, so that their curves
are exact; for all points at once the sums of a study do (:mod:`stockstream.study.pooling`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.backtest.result import json_ready
from stockstream.backtest.run import run_on_panel
from stockstream.backtest.sleeves import managers_of
from stockstream.errors import DataError, NoDataError, StockstreamError, StrategyError
from stockstream.jit import part_of
from stockstream.metrics.drawdown import drawdowns
from stockstream.study.reuse import panel_of
from stockstream.study.validation.accounts import Account, chained, side_by_side
from stockstream.study.validation.documents import average_metrics

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.run import Source
    from stockstream.market.panel import Panel
    from stockstream.metrics.summary import Metrics
    from stockstream.study.cutting.pieces import Piece
    from stockstream.study.study import Study

__all__ = [
    "Consolidated",
    "Part",
    "account_frame",
    "as_columns",
    "consolidate",
    "run_again",
    "ticker_results",
    "year_results",
]


class Part(NamedTuple):
    """A piece of a point, run again.

    Attributes:
        label: the symbol, the year or the number of the fold; None for the whole.
        start, end: its trading window.
        metrics: of its own account, with fresh capital.
        statistics: the measures beyond the metrics; empty for symbols, of which there are many.
    """

    label: str | int | None
    start: dt.date
    end: dt.date
    metrics: Metrics
    statistics: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Consolidated:
    """One point over all of its pieces.

    Attributes:
        point: its number.
        parameters: its parameters.
        split: how the data was cut.
        parts: the pieces that ran, in their order.
        failures: label of a piece that did not run -> why; it is not in the account.
        account: the joined account: years and test windows one after the other, symbols with equal
            parts of the capital.
        metrics: of the joined account.
        average_metrics: the mean of each metric over the parts where it is defined; a mean of
            Sharpe ratios is no Sharpe ratio, and is here because reports of split runs have it.
    """

    point: int
    parameters: dict[str, Any]
    split: str
    parts: tuple[Part, ...] = field(repr=False)
    failures: dict[str, str]
    account: Account
    metrics: Metrics
    average_metrics: dict[str, float | None]

    def frame(self) -> pl.DataFrame:
        """A row a session of the joined account: date, equity, invested, return, drawdown."""
        return account_frame(self.account)

    def parts_frame(self) -> pl.DataFrame:
        """A row a piece: label, start, end, its metrics (null where undefined)."""
        import polars as pl

        rows = [
            {
                "label": part.label,
                "start": part.start,
                "end": part.end,
                **json_ready(part.metrics.as_dict()),
            }
            for part in self.parts
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without the curve."""
        return {
            "point": self.point,
            "parameters": self.parameters,
            "split": self.split,
            "metrics": json_ready(self.metrics.as_dict()),
            "averageMetrics": self.average_metrics,
            "parts": [
                {
                    "label": part.label,
                    "start": str(part.start),
                    "end": str(part.end),
                    "metrics": json_ready(part.metrics.as_dict()),
                }
                for part in self.parts
            ],
            "failures": self.failures,
        }


def consolidate(
    study: Study, lake: Source, points: Sequence[int], role: str | None = None
) -> tuple[Consolidated, ...]:
    """Join the pieces of some points, each exactly.

    Args:
        study: whose points they are.
        lake: with the data of the study.
        points: numbers of points.
        role: of the pieces that are joined; by default ``test`` where there are test windows, else
            all pieces.

    Raises:
        DataError: no such point, or the lake has other data.
        StrategyError: no piece of a point can run.
    """
    roles = {piece.role for piece in study.pieces}
    wanted = role or ("test" if "test" in roles else "all")
    numbers = [i for i, piece in enumerate(study.pieces) if piece.role == wanted]
    return tuple(_consolidated(study, lake, point, numbers) for point in points)


def run_again(
    study: Study, lake: Source, trials: Iterable[int]
) -> Iterator[BacktestResult | StockstreamError]:
    """Run trials of a study as plain backtests, on pieces of its one panel.

    Gives for each what ``run_backtest(study.trial_config(trial), lake)`` gives, or why there is
    nothing.

    Raises:
        DataError: no such trial, or the lake has other data than the study ran on.
    """
    panel = panel_of(study, lake)
    if panel.digest != study.identity.data_digest:
        raise DataError(
            f"the lake has other data than study {study.name} ran on ({study.data_version}): open "
            "it at that version, or run the study again"
        )
    for trial in trials:
        try:
            yield _run(study, panel, trial)
        except StockstreamError as error:
            yield error
        except Exception as error:  # noqa: BLE001 - a strategy may raise anything
            yield StrategyError(f"{type(error).__name__}: {error}")


def _run(study: Study, panel: Panel, trial: int) -> BacktestResult:
    number, _ = study.piece_and_point(trial)
    config, piece = study.trial_config(trial), study.pieces[number].cut(panel)
    if piece.first >= piece.sessions:
        raise NoDataError(f"{', '.join(piece.symbols)}: no bar in the trading window")
    return run_on_panel(managers_of(config), piece, config, benchmark=False, look_ahead=False)


def _consolidated(study: Study, lake: Source, point: int, pieces: Sequence[int]) -> Consolidated:
    apart = study.split.kind == "ticker"
    trials = [piece * study.points + point for piece in pieces]
    parts, accounts, failures = [], [], {}
    with part_of(panel_of(study, lake).symbol_bars):
        for number, found in zip(pieces, run_again(study, lake, trials), strict=True):
            piece = study.pieces[number]
            if isinstance(found, StockstreamError):
                failures[str(piece.label or study.name)] = str(found)
                continue
            parts.append(part_from(piece, found, described=not apart))
            accounts.append(Account.of(found))
    if not accounts:
        raise StrategyError(
            f"no piece of point {point} can run; the first: {next(iter(failures.values()))}"
        )
    account = side_by_side(accounts) if apart else chained(accounts)
    return Consolidated(
        point=point,
        parameters=study.parameters(trials[0]),
        split=str(study.split),
        parts=tuple(parts),
        failures=failures,
        account=account,
        metrics=account.metrics(study.config),
        average_metrics=average_metrics([part.metrics.as_dict() for part in parts]),
    )


def part_from(piece: Piece, result: BacktestResult, *, described: bool) -> Part:
    """What is kept of a piece that was run again."""
    statistics = json_ready(result.statistics.as_dict()) if described else {}
    return Part(piece.label, piece.start, piece.end, result.metrics, statistics)


def account_frame(account: Account) -> pl.DataFrame:
    """A row a session: date, equity, invested, return, drawdown."""
    import polars as pl

    return pl.DataFrame(
        {
            "date": account.dates,
            "equity": account.equity,
            "invested": account.invested,
            "return": account.returns,
            "drawdown": drawdowns(account.equity),
        }
    )


def as_columns(parameters: Mapping[str, Any], taken: Sequence[str]) -> dict[str, Any]:
    """Parameters as columns of a table: those called like another one are ``parameter_<name>``."""
    return {
        f"parameter_{name}" if name in taken else name: list(v) if isinstance(v, tuple) else v
        for name, v in parameters.items()
    }


def year_results(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The years of a point as ``documents.by_year_document`` has them."""
    return [
        {
            "year": part.label,
            "result": {
                "metrics": json_ready(part.metrics.as_dict()),
                "statistics": part.statistics,
            },
        }
        for part in parts
    ]


def ticker_results(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The symbols of a point as ``documents.by_ticker_document`` has them."""
    rows = []
    for part in parts:
        metrics = json_ready(part.metrics.as_dict())
        rows.append(
            {
                "ticker": part.label,
                "result": {"return": metrics.pop("total_return"), **metrics},
            }
        )
    return rows
