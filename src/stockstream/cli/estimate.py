"""``stockstream estimate``: what a sweep would take."""

from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.bundle import spread
from stockstream.cli.console import emit
from stockstream.cli.exits import Exit
from stockstream.cli.request import open_lake
from stockstream.cli.run_options import RunOptions
from stockstream.cli.sweep_options import SweepOptions

if TYPE_CHECKING:
    from stockstream.lake.store import Lake
    from stockstream.study.study import Study

__all__ = ["estimate", "reckon"]


@spread
def estimate(
    asked: RunOptions,
    swept: SweepOptions,
    region: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Region whose prices to reckon with; give it once for each.  [default: "
            "ap-southeast-2 (Sydney) and us-east-1 (N. Virginia)]",
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    r"""Say what a sweep would take before it runs.

    Takes the options of `stockstream sweep`. Some of its trials are run, for less than a second:
    how many there are, how they run and why, their time and memory here, how long they would take
    on an Airflow or a cluster with as many workers, and what they would cost in the cloud.

    stockstream estimate --strategy MovingAverageCrossover --split ticker \
      --grid "fast_period=5:44:40" --grid "slow_period=50,100"
    """
    source = open_lake(asked.lake)
    return reckon(swept.plan(asked, source), source, swept, region, json=json)


def reckon(
    study: "Study",
    lake: "Lake",
    swept: SweepOptions,
    regions: list[str] | None = None,
    *,
    json: bool,
) -> int:
    """Print what a planned sweep would take.

    Raises:
        UnknownNameError: no prices are known for a region.
    """
    from stockstream.cli.estimate_view import estimate_document, show_estimate
    from stockstream.runners.own_machines import own_times
    from stockstream.runners.prices import PRICES, Work, cloud_costs, demand_region
    from stockstream.study.estimate import estimate as measured

    wanted = regions or list(PRICES)
    for name in wanted:
        demand_region(name)
    found = measured(study, lake, workers=swept.processors())
    work = Work(found.core_seconds, found.memory, found.chunks)
    costs = [cost for name in wanted for cost in cloud_costs(work, name)]
    own = own_times(work, found.workers)
    if json:
        emit(estimate_document(found, own, costs))
    else:
        show_estimate(found, own, costs, study.config.strategy_class)
    return Exit.OK
