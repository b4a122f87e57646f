"""All checks, what the rehearsal cannot show, and the verdict on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from stockstream.aws.verification import backtests, services
from stockstream.aws.verification.site import CannotTell, Wrong
from stockstream.errors import CloudError, StockstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.aws.verification.site import Site

__all__ = ["CHECKS", "GAPS", "Finding", "Outcome", "verdict"]

Outcome: TypeAlias = Literal["verified", "failed", "could not be checked"]


class Finding(NamedTuple):
    """What came of a check.

    Attributes:
        check: its name.
        outcome: one of three.
        detail: what was found, or why not.
    """

    check: str
    outcome: Outcome
    detail: str


CHECKS: Final[Mapping[str, Callable[[Site], str]]] = {
    "package": services.package,
    "image": services.image,
    "roles": services.roles,
    "private": services.private,
    "create-only": services.create_only,
    "failure": services.failure,
    "alarm": services.alarm,
    "schedule": services.schedule,
    "metrics": services.metrics,
    "years": backtests.years,
    "step-functions": backtests.step_functions,
    "result-writer": backtests.result_writer,
    "tolerance": backtests.tolerance,
    "aws-batch": backtests.aws_batch,
    "spot": services.spot,
}

GAPS: Final = {
    "image": "the rehearsal runs functions in this environment, not in the image",
    "roles": "the rehearsal knows policies and does not enforce them",
    "private": "the rehearsal lets everyone in",
    "alarm": "the rehearsal evaluates no alarm",
    "schedule": "the rehearsal fires no schedule",
    "result-writer": "the rehearsal writes the manifest only",
    "tolerance": "in the rehearsal it is this project's own code that counts",
    "spot": "the rehearsal has no machine that could be reclaimed",
}
"""What the rehearsal cannot show."""


def verdict(name: str, site: Site) -> Finding:
    """Run a check.

    Args:
        name: in :data:`CHECKS`.
        site: the stack.
    """
    if site.is_rehearsal and name in GAPS:
        return Finding(name, "could not be checked", GAPS[name])
    try:
        with site.stack.asking(name):
            return Finding(name, "verified", CHECKS[name](site))
    except (CannotTell, CloudError) as error:
        return Finding(name, "could not be checked", str(error))
    except (Wrong, StockstreamError) as error:
        return Finding(name, "failed", str(error))
