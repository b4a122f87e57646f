"""A stack, as those see it who run studies on it: its names, and the bucket that it works on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError
from stockstream.runners.account import Account, asking, chosen_region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

__all__ = ["Stack", "code_of"]

FUNCTION: Final = "plan-sweep"
"""A function that every stack has; what is deployed can be read off it."""

MACHINE: Final = "backtest-workflow"
JOBS: Final = "stockstream-backtest"
"""Name of the queue of AWS Batch, and of the job definition."""

BUCKET: Final = "S3_BUCKET_NAME"

_ABSENT = frozenset({"ResourceNotFoundException", "StateMachineDoesNotExist"})


@dataclass(frozen=True)
class Stack:
    """One deployment in one region.

    Attributes:
        account: in which it is.
        prefix: of all its names.
    """

    account: Account
    prefix: str = ""

    @classmethod
    def of(cls, prefix: str = "", region: str | None = None) -> Self:
        """The stack of a prefix; nothing is asked of it yet.

        Args:
            prefix: of all its names.
            region: None takes that of the environment.

        Raises:
            ConfigError: no region was chosen.
        """
        return cls(Account(chosen_region(region)), prefix)

    @property
    def region(self) -> str:
        return self.account.region

    @property
    def machine(self) -> str:
        """ARN of the state machine of backtests.

        Raises:
            ConfigError: the stack is not there.
            CloudError: the account refused.
        """
        partition, _, region, number = str(self._function["FunctionArn"]).split(":")[1:5]
        return f"arn:{partition}:states:{region}:{number}:stateMachine:{self.prefix}{MACHINE}"

    @property
    def jobs(self) -> str:
        """Name of the queue of AWS Batch, and of the job definition."""
        return self.prefix + JOBS

    @property
    def bucket(self) -> str:
        """Name of the bucket that the stack works on.

        Raises:
            ConfigError: the stack is not there.
            CloudError: the account refused.
        """
        return str(self._function["Environment"]["Variables"][BUCKET])

    def demand_lake(self, lake: str) -> None:
        """Refuse a lake that the stack does not work on.

        Raises:
            ConfigError: it is another one, or the stack is not there.
            CloudError: the account refused.
        """
        ours = f"s3://{self.bucket}"
        if lake != ours:
            raise ConfigError(
                f"the stack works on the lake {ours}, and this one is {lake}: give --lake {ours}; "
                f"`stockstream lake copy {ours} --lake {lake}` copies what it lacks"
            )

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Turn what the SDK raises into an error of ours.

        Args:
            what: is asked, such as a service.

        Raises:
            ConfigError: the stack is not there.
            CloudError: anything else.
        """
        from botocore.exceptions import ClientError

        with asking(what):
            try:
                yield
            except ClientError as error:
                if code_of(error) not in _ABSENT:
                    raise
                raise self._absent() from None

    @cached_property
    def _function(self) -> dict[str, Any]:
        with self.asking("AWS Lambda"):
            client = self.account.client("lambda")
            found: dict[str, Any] = client.get_function_configuration(
                FunctionName=self.prefix + FUNCTION
            )
        return found

    def _absent(self) -> ConfigError:
        called = f"with the prefix {self.prefix!r}" if self.prefix else "without a prefix"
        return ConfigError(
            f"there is no stack {called} in {self.region}: make one with `stockstream deploy aws "
            "apply`, or name the one that there is with the settings aws.prefix and aws.region "
            "(STOCKSTREAM__AWS__PREFIX, STOCKSTREAM__AWS__REGION)"
        )


def code_of(error: Any) -> str:
    """What a service calls its refusal, such as ``ResourceNotFoundException``."""
    return str(error.response.get("Error", {}).get("Code", ""))
