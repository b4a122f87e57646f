"""The state machines as documents: JSON with places, and the filling of the places."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockstream.aws.machines.backtest import BACKTEST
from stockstream.aws.machines.pipeline import PIPELINE
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.aws.machines.states import State

__all__ = ["MACHINES", "Machine", "machine_text", "render"]

_PLACE = re.compile(r'\$\{(\w+)\}|"@(\w+)@"')


@dataclass(frozen=True)
class Machine:
    """A state machine.

    Attributes:
        name: which it has in the account, after the stack's prefix.
        module: of Terraform, that deploys it.
        definition: in the Amazon States Language, with places.
    """

    name: str
    module: str
    definition: State

    @property
    def places(self) -> frozenset[str]:
        """What `render` has to be told."""
        found = _PLACE.findall(machine_text(self))
        return frozenset(text or number for text, number in found)


MACHINES: Mapping[str, Machine] = {
    machine.name: machine
    for machine in (
        Machine("stock-data-pipeline", "pipeline", PIPELINE),
        Machine("backtest-workflow", "backtest", BACKTEST),
    )
}


def machine_text(machine: Machine) -> str:
    """The definition as JSON with places, as it is committed."""
    return json.dumps(machine.definition, indent=2, ensure_ascii=False) + "\n"


def render(machine: Machine, values: Mapping[str, str | int]) -> str:
    """The definition as JSON with every place filled, as Terraform does it.

    Args:
        machine: of `MACHINES`.
        values: ARNs, names and numbers by place.

    Raises:
        ConfigError: a place has no value.
    """
    missing = sorted(machine.places - set(values))
    if missing:
        raise ConfigError(
            f"{machine.name} needs values for {', '.join(missing)}: give one for each place"
        )
    return _PLACE.sub(lambda place: str(values[place[1] or place[2]]), machine_text(machine))
