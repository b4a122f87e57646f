"""``stockstream demo``: the whole house on a simulated market, offline."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli.console import command, emit, heading, note, say
from stockstream.cli.figures import count
from stockstream.cli.options import DATA, Json, lake_place
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.result import BacktestResult
    from stockstream.lake.store import Lake, LakeInfo
    from stockstream.study.result import StudyResult

__all__ = ["demo"]

FOLDER = Path("data/demo")
RUNS = FOLDER / "runs"
COMPANIES, SYMBOLS = 300, 25
START, END = dt.date(2015, 1, 1), dt.date(2024, 12, 31)
STRATEGY = "MovingAverageCrossover"
GRID = ("fast_period=5:40:8", "slow_period=50:170:5")
COSTS = {"commission_bps": 10.0, "commission_minimum": 5.0, "slippage_bps": 5.0}


def demo(
    lake: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Where the simulated market lives; made if there is none.",
            rich_help_panel=DATA,
        ),
    ] = str(FOLDER / "lake"),
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the tear sheet in the browser.")
    ] = False,
    json: Json = False,
) -> None:
    """Try everything on a simulated market, offline.

    No account, no network, no data of your own: builds a lake, runs one backtest and one small
    sweep, writes a page on each into data/demo, and says what to try next.
    """
    from stockstream.backtest.archive import save_result
    from stockstream.backtest.run import run_backtest
    from stockstream.report.study.page import write_study_page
    from stockstream.report.tearsheet import write_tear_sheet

    began = time.perf_counter()
    source = _market(lake_place(lake))
    config = _config(source)
    with _step("2/4  one backtest"):
        result = run_backtest(config, source)
        save_result(result, RUNS)
    swept = _sweep(config, source)
    with _step("4/4  the tear sheet, and the page of the sweep"):
        page = write_tear_sheet(result, FOLDER / "tearsheet.html")
        swept_page = write_study_page(swept, FOLDER / "sweep.html")
    following = _what_next(lake, config)
    if json:
        emit(
            {
                "lake": lake,
                "tear_sheet": page,
                "sweep_page": swept_page,
                "backtest": result.to_dict(),
                "sweep": swept.to_dict(),
                "next": following,
            }
        )
    else:
        _show(source.info(), result, swept)
        heading(f"Done in {time.perf_counter() - began:.1f} s")
        say(f"The tear sheet: {page}")
        say(f"The page of the sweep: {swept_page}")
        say(f"All of it in a browser: {command(f'app --lake {lake} --runs {RUNS}')}")
        say("Try next:")
        for line in following:
            typer.echo(f"  {command(line)}")
    if show:
        typer.launch(page.absolute().as_uri())


@contextmanager
def _step(label: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    note(f"{label}: {time.perf_counter() - began:.1f} s")


def _market(place: str) -> "Lake":
    """The simulated market, made unless it is there: bars are committed last and as one.

    Raises:
        ConfigError: the lake holds real bars.
    """
    from stockstream.lake.store import Lake

    if Lake.exists(place):
        lake = Lake.open(place)
        if not lake.simulated:
            raise ConfigError(f"the lake at {place} holds real bars; choose another --lake")
        if lake.symbols():
            note(f"1/4  the simulated market is there already: {place}")
            return lake
    from stockstream.ingest.fetch import fetch
    from stockstream.providers.simulated import SimulatedProvider

    with _step(f"1/4  a simulated market of {COMPANIES} companies, {START.year} to {END.year}"):
        fetch(SimulatedProvider(companies=COMPANIES), (), START, END, place)
        return Lake.open(place)


def _config(lake: "Lake") -> "BacktestConfig":
    """The first symbols that traded in the year before the run: what one could know then."""
    from stockstream.backtest.config import BacktestConfig

    first, last = lake.info().first, lake.last_session()
    start = dt.date((first or START).year + 1, 1, 1)
    known = lake.bars(end=start)["symbol"].unique().sort()
    return BacktestConfig(
        strategy_class=STRATEGY,
        start_date=start,
        end_date=last,
        universe=tuple(known[:SYMBOLS]),
        costs=COSTS,
    )


def _sweep(config: "BacktestConfig", lake: "Lake") -> "StudyResult":
    from stockstream.cli.progress import progress
    from stockstream.study.grid import parse_grids
    from stockstream.study.plan import plan_study
    from stockstream.study.result import StudyResult
    from stockstream.study.runs.store import FolderStore
    from stockstream.study.sweep import run_study

    began = time.perf_counter()
    study = plan_study(config.changed(param_grid=parse_grids(GRID)), lake)
    store = FolderStore.create(RUNS, study)
    with progress(f"3/4  a sweep of {study.trials} backtests", "trials") as update:
        run_study(study, lake, store, progress=update)
    result = StudyResult(study, store, seconds=time.perf_counter() - began)
    result.write(FOLDER / "trials.parquet")
    return result


def _show(market: "LakeInfo", result: "BacktestResult", swept: "StudyResult") -> None:
    from stockstream.cli.result_view import show_result
    from stockstream.cli.sweep_view import show_sweep

    heading("The market")
    say(
        f"{count(market.symbols)} simulated companies, {count(market.bars, 'bar')}, "
        f"{market.first} to {market.last}, with splits, dividends, halts, new "
        f"listings and delistings: {market.address}"
    )
    heading("One backtest")
    show_result(result)
    heading("One sweep")
    show_sweep(swept, "deflated_sharpe", 5)


def _what_next(lake: str, config: "BacktestConfig") -> list[str]:
    """Commands that work as they stand."""
    symbols = ",".join((config.universe or ())[:3])
    return [
        f"backtest --strategy RSIMeanReversion --symbols {symbols} --lake {lake}",
        f"verify --strategy {STRATEGY} --symbols {symbols} --lake {lake}",
        f"lake symbols --lake {lake}",
        "import --help",
    ]
