"""Names of DAGs and of their tasks, and what a name may look like. Needs no Airflow."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

from stockstream.errors import ConfigError

__all__ = [
    "DAG_ID",
    "GROUP",
    "LOADER",
    "MODES",
    "OWN_DAGS",
    "PIPELINE",
    "SWEEP",
    "Mode",
    "demand_group",
    "quoted",
]

Mode: TypeAlias = Literal["batch_array", "batch_expand", "local"]
"""Where backtests run."""
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

LOADER: Final = "stockstream_loader"
SWEEP: Final = "stockstream_sweep"
PIPELINE: Final = "stockstream_daily_pipeline"
OWN_DAGS: Final = (LOADER, SWEEP, PIPELINE)
"""DAGs that are there anyway."""

DAG_ID: Final = "[A-Za-z0-9_.-]{1,200}"
"""What Airflow takes."""
GROUP: Final = "[A-Za-z][A-Za-z0-9_-]{0,59}"
"""Of a group of tasks, for one strategy of several."""

TASKS: Final = frozenset(
    {"before_callback", "load_factors", "plan", "collect", "after_callback", "watcher"}
)
"""Names that tasks have already."""

SHOWN: Final = 80
"""Characters of somebody else's text in an error."""


def demand_group(name: str) -> None:
    """Refuse what cannot be the name of a strategy among several.

    Raises:
        ConfigError: it is no name of a group of tasks, or a task would be taken for another one.
    """
    if re.fullmatch(GROUP, name) is None:
        raise ConfigError(
            f"{quoted(name)} cannot be the name of a group of tasks: begin with a letter, go on "
            "with letters, digits, _ and -, 60 at most"
        )
    if name in TASKS or "backtest" in name.lower():
        raise ConfigError(
            f"{name} is the name of a task, or has 'backtest' in it, by which the tasks that run "
            "backtests are counted: give another name"
        )


def quoted(text: str) -> str:
    """A text in quotes, in one line, the end left out of a long one."""
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")
