"""Whether a run failed: the last task of every DAG of backtests, and its only leaf.

Airflow takes the state of a run from its leaves. An after callback that runs whatever happened
would make a run with failed backtests a success; this task says what failed and fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseOperator

from stockstream.airflow.operators.callbacks import summaries_of
from stockstream.airflow.planned import task_states
from stockstream.airflow.signals import AirflowFailException
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["WatcherOperator", "demand_tolerated", "verdict"]

MOST: Final = 20
"""Failed combinations that are named."""

LONGEST: Final = 300
"""Characters of a reason."""

WORK = ("before_callback", "load_factors", "plan", "collect", "after_callback")
"""Tasks that must not fail; what came of the backtests is in the summaries."""


class WatcherOperator(BaseOperator):  # type: ignore[misc]  # Airflow has no types for us
    """Fails if more combinations failed than are tolerated, or nothing was run at all.

    Args:
        strands: names of the strategies and the tasks that planned and collected them; the one
            strategy of a DAG has the name ``""``.
        tolerated_failures: a number of combinations if it is whole, a share of all if it is not.
        options: of every operator.
    """

    ui_color = "#f4d9d9"

    def __init__(
        self,
        *,
        strands: Mapping[str, tuple[str, str]],
        tolerated_failures: float = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.strands = dict(strands)
        self.tolerated_failures = demand_tolerated(tolerated_failures)

    def execute(self, context: Any) -> str:
        """Say in a sentence what came of the run.

        Raises:
            AirflowFailException: it failed; names the combinations and the tasks.
        """
        found = summaries_of(context, self.strands)
        summaries = {"": found} if set(self.strands) == {""} else found
        broken = sorted(_broken(task_states(context)))
        why, sentence = verdict(summaries, self.tolerated_failures, broken)
        if why:
            raise AirflowFailException("\n".join(why))
        self.log.info("%s", sentence)
        return sentence


def demand_tolerated(tolerated: float) -> float:
    """A number of failures or a share of them, if it is one.

    Raises:
        ConfigError: it is neither.
    """
    given: object = tolerated
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not tolerated >= 0 or (isinstance(given, float) and tolerated > 1):
        raise ConfigError(
            f"tolerated_failures is {tolerated!r}; give a number of combinations (0, 1, 2 ...) or "
            "a share of all (0.05)"
        )
    return tolerated


def verdict(
    summaries: Mapping[str, Mapping[str, Any] | None], tolerated: float, broken: Sequence[str] = ()
) -> tuple[list[str], str]:
    """Whether a run failed.

    Args:
        summaries: of its strategies by name; None where nothing could be collected.
        tolerated: a number of failed combinations if it is whole, a share of all if it is not.
        broken: tasks beside the backtests that failed.

    Returns:
        Why it failed, a line each, and none if it did not; and what came of it in a sentence.
    """
    there = {name: one for name, one in summaries.items() if one is not None}
    trials = sum(int(one["trials"]) for one in there.values())
    failed = sum(int(one["failed"]) for one in there.values())
    sentence = f"{failed:,} of {trials:,} backtests failed"
    why = [f"{task} failed: see its log" for task in broken]
    absent = [name or "the backtests" for name, one in summaries.items() if one is None]
    if absent:
        why.append(f"nothing was planned or collected of {', '.join(absent)}")
    given: object = tolerated  # whole numbers are floats to type checkers
    most = tolerated * trials if isinstance(given, float) else tolerated
    if failed > most:
        at_most = f", and {tolerated:g} may" if tolerated else ""
        why.append(f"{sentence}{at_most}:")
        named = list(_failures(there))[:MOST]
        why += named
        if len(named) < failed:
            why.append(f"  and {failed - len(named):,} more")
    return why, sentence


def _broken(states: Mapping[str, str]) -> Iterator[str]:
    for task, state in states.items():
        if state == "failed" and task.rpartition(".")[2] in WORK:
            yield task


def _failures(summaries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, summary in summaries.items():
        before = f"{name}: " if name else ""
        for trial in summary["failed_trials"]:
            yield f"  {before}{trial['label']}: {str(trial['error'])[:LONGEST]}"
