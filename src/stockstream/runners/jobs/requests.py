"""What a sweep elsewhere is asked for, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.runs.plans import demand_attempt
from stockstream.study.runs.store import demand_run_name

if TYPE_CHECKING:
    from stockstream.lake.store import Lake
    from stockstream.study.points.sampling import Sample
    from stockstream.study.study import Study

__all__ = ["PlanAsked", "attempt_of", "plan_asked", "run_asked"]

STUDY_NAMES: Final = ("config", "split", "where", "sample", "blocks", "keep_equity")
NAMES: Final = ("run", *STUDY_NAMES, "attempt", "at_once", "each", "Comment")
EXAMPLE: Final = (
    'one looks like {"run": "s-0123456789ab"} or {"config": {"strategy_class": ..., '
    '"start_date": ..., "end_date": ..., "param_grid": {...}}, "split": "ticker"}'
)


class PlanAsked(NamedTuple):
    """An attempt that is to be planned.

    Attributes:
        run: whose study is in the bucket already; None if it is to be planned, too.
        attempt: which one; None is the one after the last.
        at_once: workers that there are.
        options: what the study is made of.
        each: whether every trial is an item of its own.
    """

    run: str | None
    attempt: str | None
    at_once: int
    options: Mapping[str, Any]
    each: bool

    def study(self, lake: Lake) -> Study:
        """Plan the study; with ``each`` every trial is a chunk.

        Raises:
            ConfigError: it cannot be run.
            NoDataError: there are no bars for it.
        """
        from stockstream.backtest.config import BacktestConfig
        from stockstream.study.plan import plan_study

        options = dict(self.options)
        config = BacktestConfig(**_object(options.pop("config"), "config"))
        if "where" in options:
            options["where"] = _texts(options["where"])
        if "sample" in options:
            options["sample"] = _sample(options["sample"])
        for name in ("blocks", "keep_equity"):
            if name in options:
                options[name] = _whole(options[name], name)
        if self.each:
            options["chunk_seconds"] = 0.0
        return plan_study(config, lake, **options)


def plan_asked(event: object, at_once: int) -> PlanAsked:
    """Read what an attempt is asked for.

    Args:
        event: see :func:`stockstream.aws.handlers.sweeps.plan_sweep`; with ``"each": true`` every
            trial is an item of its own.
        at_once: workers that there are if it does not say.

    Raises:
        ConfigError: it asks for nothing, for two things, or for something that cannot be.
        UnknownNameError: it has a name that does not exist.
    """
    given = _object(event, "the event")
    for name in given:
        if name not in NAMES:
            raise UnknownNameError("name in the event", str(name), NAMES)
    options = {name: given[name] for name in STUDY_NAMES if given.get(name) is not None}
    asks_for_run = given.get("run") is not None
    if asks_for_run == ("config" in options) or (asks_for_run and options):
        raise ConfigError(
            "an event of a sweep names a run whose study is in the bucket, or has the config of "
            f"one, not both and not neither; {EXAMPLE}"
        )
    attempt = given.get("attempt")
    return PlanAsked(
        run=run_asked(given) if asks_for_run else None,
        attempt=None if attempt is None else demand_attempt(attempt),
        at_once=_whole(given.get("at_once") or at_once, "at_once"),
        options=options,
        each=_flag(given.get("each", False), "each"),
    )


def run_asked(event: object) -> str:
    """The run that an event names.

    Raises:
        ConfigError: it names none.
    """
    return demand_run_name(str(_object(event, "the event").get("run")))


def attempt_of(event: object) -> str:
    """The attempt that an event names; the first if it names none.

    Raises:
        ConfigError: it is no number of an attempt.
    """
    return demand_attempt(_object(event, "the event").get("attempt") or "1")


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what} is {_shown(value)}; give an object: {EXAMPLE}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(
            f'where is {_shown(value)}; give a list of texts like ["fast_period < slow_period"]'
        )
    return tuple(texts)


def _sample(value: object) -> Sample:
    from stockstream.study.points.sampling import Sample

    given = dict(_object(value, "sample"))
    known = ("method", "size", "seed")
    for name in given:
        if name not in known:
            raise UnknownNameError("name in sample", str(name), known)
    return Sample(
        given.get("method", "random"),
        _whole(given.get("size"), "sample.size"),
        _whole(given.get("seed", 0), "sample.seed"),
    )


def _whole(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{what} is {_shown(value)}; give a whole number")
    return value


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{what} is {_shown(value)}; give true or false")
    return value


def _shown(value: object) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
