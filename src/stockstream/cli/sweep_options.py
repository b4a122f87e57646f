"""What ``sweep`` and ``estimate`` ask for alike: which trials there are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import note
from stockstream.cli.figures import count
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.cli.run_options import RunOptions
    from stockstream.lake.store import Lake
    from stockstream.study.points.sampling import Sample
    from stockstream.study.study import Study

__all__ = ["SWEEP", "Runner", "SweepOptions"]

SWEEP = "Sweep"
GRID_VARIABLE = "STOCKSTREAM_GRID"

Grid: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUES",
        help="Values of one parameter: fast_period=5,10,20, or fast_period=5:44:40 for 40 values "
        "from 5 to 44. Give it once for each parameter, or all in one, with ; between them.  "
        "[default: the environment variable STOCKSTREAM_GRID]",
        rich_help_panel="Strategy",
    ),
]
Where: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="EXPRESSION",
        help="Try only combinations for which this holds: fast_period * 2 <= slow_period. Give it "
        "once for each.",
        rich_help_panel=SWEEP,
    ),
]
SampleSize: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--sample",
        min=1,
        metavar="N",
        help="Try only so many combinations of the grid, drawn with --seed.",
        rich_help_panel=SWEEP,
    ),
]
Sampler: TypeAlias = Annotated[
    Literal["random", "sobol"],
    typer.Option(
        help="How --sample draws: at random, or evenly spread (a scrambled Sobol sequence).",
        rich_help_panel=SWEEP,
    ),
]
SplitText: TypeAlias = Annotated[
    str,
    typer.Option(
        "--split",
        metavar="HOW",
        help="Cut the data into pieces, each with the whole capital: ticker, year, "
        "walk_forward(train=3y,test=1y), cross_validation(groups=10,test=2), hold_out(0.3). none: "
        "all symbols and days in one portfolio.",
        rich_help_panel=options.DATA,
    ),
]
Blocks: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Blocks of time for which each trial keeps its returns; cross-validation shuffles "
        "them.",
        rich_help_panel=SWEEP,
    ),
]
KeepEquity: TypeAlias = Annotated[
    int,
    typer.Option(
        "--keep-equity",
        min=0,
        metavar="N",
        help="Days at which each trial's equity is kept too, evenly spaced.",
        rich_help_panel=SWEEP,
    ),
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="How many work side by side.  [default: one for each processor; on AWS the setting "
        "aws.at_once]",
        rich_help_panel=SWEEP,
    ),
]
Runner: TypeAlias = Annotated[
    Literal["local", "step-functions", "aws-batch", "airflow", "cluster"],
    typer.Option(
        help="Where it runs: on this machine; by step-functions or aws-batch on a stack that "
        "`stockstream deploy aws apply` made and whose bucket is the lake (settings aws.prefix, "
        "aws.region); on an Airflow to which `stockstream deploy airflow` has brought its DAGs "
        "(airflow.url or airflow.environment); on a cluster of Ray (cluster.address).",
        rich_help_panel=SWEEP,
    ),
]


@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """The options that decide which trials there are, as they were typed."""

    grid: Grid = None
    where: Where = None
    sample: SampleSize = None
    sampler: Sampler = "random"
    split: SplitText = "none"
    blocks: Blocks = 16
    keep_equity: KeepEquity = 0
    workers: Workers = None

    def values(self) -> Mapping[str, Sequence[Any]]:
        """The values of each parameter of the grid.

        Raises:
            GridError: the grid cannot be read.
            ConfigError: there is neither a grid nor a split, so that there is nothing to compare.
        """
        from stockstream.study.grid import parse_grids

        given = self.grid or list(filter(None, [os.environ.get(GRID_VARIABLE)]))
        if not given and self.split == "none":
            raise ConfigError(
                "give the values to try, such as --grid fast_period=5:44:40, or a --split; for a "
                "single run there is `stockstream backtest`"
            )
        return parse_grids(given)

    def config(self, asked: "RunOptions", lake: "Lake") -> "BacktestConfig":
        """The configuration with its grid, whose values are shown.

        Raises:
            ConfigError: a value that cannot be used.
            NoDataError: the lake is empty.
        """
        from stockstream.study.cutting.split_text import read_split
        from stockstream.study.grid import describe

        values = self.values()
        read_split(self.split)  # so that a misspelt one is said first
        config = asked.config(lake, values)
        if values:
            note(describe(values))
        return config

    def plan(self, asked: "RunOptions", lake: "Lake") -> "Study":
        """The study that they ask for; its size is said before anything runs.

        Args:
            asked: what every trial has in common.
            lake: where the bars are.

        Raises:
            ConfigError: a value that cannot be used.
            NoDataError: there are no bars for it.
        """
        from stockstream.study.grid import describe
        from stockstream.study.plan import plan_study

        study = plan_study(
            self.config(asked, lake), lake, sample=self.sampled(asked.seed), **self.settings()
        )
        chosen = study.space.describe().removeprefix(describe(study.space.axes)).strip()
        note("\n".join(filter(None, [chosen, size_of(study)])))
        return study

    def settings(self) -> dict[str, Any]:
        """What a study is made of beside its configuration."""
        return {
            "split": self.split,
            "where": tuple(self.where or ()),
            "blocks": self.blocks,
            "keep_equity": self.keep_equity,
        }

    def sampled(self, seed: int) -> "Sample | None":
        """How the grid is sampled, if it is."""
        from stockstream.study.points.sampling import Sample

        if self.sample is None:
            return None
        return Sample(method=self.sampler, size=self.sample, seed=seed)

    def processors(self) -> int:
        """How many work side by side."""
        return self.workers or os.cpu_count() or 1


def size_of(study: "Study") -> str:
    """``1,000 combinations x 1,997 symbols = 1,997,000 trials, in 125 chunks``."""
    pieces = len(study.pieces)
    product = count(study.points, "combination")
    if study.split.kind != "none":
        product += f" x {count(pieces, 'piece')} ({study.split})"
    chunks = count(len(study.chunks), "chunk")
    return f"{product} = {count(study.trials, 'trial')}, in {chunks}"
