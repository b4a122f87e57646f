"""One backtest on one self-contained HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.backtest.archive import run_id
from stockstream.errors import DataError
from stockstream.metrics.drawdown import drawdowns
from stockstream.metrics.periods import monthly_returns
from stockstream.report import charts, theme, trust
from stockstream.report.cards import cards
from stockstream.report.metric_rows import metric_rows
from stockstream.report.periods import drawdown_rows, year_rows
from stockstream.report.reproduce import command_line
from stockstream.report.trade_table import trade_table
from stockstream.report.view import Sheet

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from stockstream.backtest.result import BacktestResult

__all__ = ["render_tear_sheet", "write_tear_sheet"]


def write_tear_sheet(result: BacktestResult, path: Path) -> Path:
    """Write the tear sheet of a result; an older file at that path is replaced whole or not at all.

    The page holds everything it needs and asks no server for anything. The same result gives the
    same bytes.

    Args:
        result: the backtest.
        path: where to; its folder is made if it is missing.

    Returns:
        ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    page = render_tear_sheet(result).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(page)
            Path(fresh).chmod(0o644)
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DataError(
            f"cannot write the tear sheet to {path}: {error.strerror or error}; choose another file"
        ) from error
    return path


def render_tear_sheet(result: BacktestResult) -> str:
    """The page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("stockstream.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    library, script = _library(), _packaged("tearsheet.js")
    return environment.get_template("tearsheet.html.j2").render(
        sheet=tear_sheet(result),
        figures={name: _as_json(figure) for name, figure in figures(result).items()},
        policy=_policy(library, script),
        plotly=library,
        script=script,
        light=theme.css_variables(theme.LIGHT),
        dark=theme.css_variables(theme.DARK),
        twins=theme.dark_twins(),
        font=theme.FONT,
    )


def tear_sheet(result: BacktestResult) -> Sheet:
    """Everything the page says."""
    config = result.config
    return Sheet(
        title=trust.strategy_title(config),
        run=run_id(result),
        subtitle=trust.subtitle(result),
        parameters=trust.parameters(config),
        badges=trust.badges(result),
        identity=trust.identity(result),
        alarm=trust.alarm(result),
        cards=cards(result),
        benchmark_name="" if result.benchmark is None else result.benchmark.name,
        years=year_rows(result),
        trades=trade_table(result.trades),
        drawdowns=drawdown_rows(result),
        flags=result.flags,
        metrics=metric_rows(result.metrics),
        command=command_line(config),
        command_note=(
            f"Gives the same numbers on the same data ({result.identity.data_version}), code and "
            "lock; the digests above tell."
        ),
        code_version=result.identity.code_version,
        engine=result.engine,
    )


def figures(result: BacktestResult) -> dict[str, go.Figure]:
    """The charts of the page by name."""
    months = monthly_returns(result.dates, result.equity)
    held = result.benchmark
    drawn = {
        "equity": charts.equity_chart(
            result.dates,
            charts.Curve("Strategy", result.equity, drawdowns(result.equity)),
            None
            if held is None
            else charts.Curve(_capital(held.name), held.equity, drawdowns(held.equity)),
        ),
        "months": charts.monthly_heat_map(months.years.tolist(), months.months),
    }
    closed = result.trades.filter(~result.trades["open"])
    if closed.height:
        drawn["trades"] = charts.trade_chart(
            closed["exit_date"].to_numpy(),
            closed["return"].to_numpy(),
            closed["bars"].to_numpy(),
            closed["symbol"].to_list(),
        )
    return drawn


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _as_json(figure: go.Figure) -> Any:
    return json.loads(figure.to_json(engine="json"))


def _library() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _packaged(name: str) -> str:
    return (resources.files("stockstream.report") / "templates" / name).read_text(encoding="utf-8")


def _policy(*scripts: str) -> str:
    """A content security policy: only these very scripts run, and nothing is fetched."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
