"""The small lake and the studies of the runs' tests."""

from tests.study.runs.conftest import market, plan, runner, strategy

__all__ = ["market", "plan", "runner", "strategy"]
