"""What the services of a stack have in common: which stack it is, and the lake that it works on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from stockstream.errors import ConfigError
from stockstream.runners.stack import Stack
from stockstream.study.runs.plans import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from stockstream.settings import Settings

__all__ = ["StackService"]


class StackService:
    """A service of a stack; see :class:`stockstream.runners.service.Service`.

    Args:
        prefix: of the stack.
        region: in which it is; None takes that of the environment.
        at_once: workers that a study is divided for.
    """

    kind: ClassVar[str]

    def __init__(self, prefix: str = "", region: str | None = None, at_once: int = AT_ONCE) -> None:
        self._prefix, self._region, self.at_once = prefix, region, at_once

    @classmethod
    def of(
        cls,
        settings: Settings,
        _runs: Path,
        at_once: int | None = None,
        where: Mapping[str, str] | None = None,
    ) -> Self:
        """The service of the stack that the settings name, or that a run was started on."""
        aws = settings.aws
        named = {"prefix": aws.prefix, "region": aws.region} if where is None else where
        return cls(named.get("prefix", ""), named.get("region") or None, at_once or aws.at_once)

    @cached_property
    def stack(self) -> Stack:
        """The stack.

        Raises:
            ConfigError: no region was chosen.
        """
        return Stack.of(self._prefix, self._region)

    @property
    def where(self) -> Mapping[str, str]:
        """Prefix and region of the stack."""
        return {"prefix": self.stack.prefix, "region": self.stack.region}

    def ready(self, lake: str) -> None:
        """Refuse a lake that the stack does not work on.

        Raises:
            ConfigError: it is another one, or the stack is not there.
            CloudError: the account refused.
        """
        if not lake.startswith("s3://"):
            raise ConfigError(
                f"--runner {self.kind} reads the lake in the bucket of the stack, and this one is "
                f"{lake}: copy it there with `stockstream lake copy s3://BUCKET`, then give --lake "
                "s3://BUCKET (`stockstream deploy aws status` names the bucket)"
            )
        self.stack.demand_lake(lake)

    def beside(self, _run: str, _attempt: int) -> Sequence[str]:
        """Nothing."""
        return ()
