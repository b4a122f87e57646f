"""Tasks without a job: the callbacks of the user, and the summaries of several strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from stockstream.airflow.planned import Planned
from stockstream.airflow.signals import AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["AfterOperator", "CallOperator", "SummaryOperator", "summaries_of"]


class CallOperator(BaseOperator):  # type: ignore[misc]  # Airflow has no types for us
    """Calls ``callback(**context)``; what it raises fails the task.

    Args:
        callback: of the user, or of a DAG of this package.
        options: of every operator.
    """

    ui_color = "#e6e1f4"

    def __init__(self, *, callback: Callable[..., Any], **options: Any) -> None:
        super().__init__(**options)
        self.callback = callback

    def execute(self, context: Any) -> Any:
        """Call it; what it returns is the XCom of the task."""
        return self.callback(**context)


class AfterOperator(CallOperator):
    """Calls ``callback(**context)`` when all backtests are done, whatever came of them.

    ``context["backtests"]`` is the summary of the backtests, or one for each strategy by its name;
    None stands for what could not be collected.

    Args:
        callback: the user's.
        strands: names of the strategies and the tasks that planned and collected them.
        options: of every operator.
    """

    def __init__(self, *, strands: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self.strands = dict(strands)

    def execute(self, context: Any) -> Any:
        """Call it.

        Raises:
            AirflowSkipException: nothing was planned, so nothing was run.
        """
        plans = [planned_by for planned_by, _ in self.strands.values()]
        if not any(Planned.of(context, planned_by) for planned_by in plans):
            raise AirflowSkipException("nothing was planned, so there is nothing to report")
        return self.callback(**{**context, "backtests": summaries_of(context, self.strands)})


class SummaryOperator(BaseOperator):  # type: ignore[misc]
    """Puts the summaries of several strategies together: ``{name: summary or None}``.

    Args:
        strands: as :class:`AfterOperator` has them.
        options: of every operator.
    """

    def __init__(self, *, strands: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self.strands = dict(strands)

    def execute(self, context: Any) -> dict[str, Any]:
        """Read them."""
        found: dict[str, Any] = summaries_of(context, self.strands)
        return found


def summaries_of(context: Mapping[str, Any], strands: Mapping[str, tuple[str, str]]) -> Any:
    """The summary of the one strategy without a name, or those of several by name."""
    found = {
        name: context["ti"].xcom_pull(task_ids=collected_by)
        for name, (_, collected_by) in strands.items()
    }
    return found[""] if set(found) == {""} else found
