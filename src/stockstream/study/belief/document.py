"""A judgement as text, for another process: without what is quickly made again."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from stockstream.errors import DataError
from stockstream.metrics.decay import Decay
from stockstream.metrics.overfitting import Overfitting
from stockstream.metrics.reality_check import RealityCheck
from stockstream.study.belief.belief import Belief
from stockstream.study.belief.evidence import Deflated

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["belief_of", "belief_text"]

T = TypeVar("T")

ARRAYS: Final = {"logits": (-1,), "pairs": (-1, 2)}
"""Fields that are arrays, with their shapes."""

LISTS: Final = ("notes", "verdict")

KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
}
"""What a field may hold, by how it is declared."""


def belief_text(belief: Belief) -> str:
    """The judgement as JSON, NaN included; the plateau of all points is left out."""
    return json.dumps({**_written(belief), "plateau": None})


def belief_of(text: str) -> Belief:
    """What :func:`belief_text` wrote.

    Raises:
        DataError: the text is no judgement.
    """
    try:
        given = json.loads(text)
        parts = {
            "deflated": _read(Deflated, given["deflated"]),
            "overfitting": _read(Overfitting, given["overfitting"]),
            "reality_check": _read(RealityCheck, given["reality_check"]),
            "decay": _read(Decay, given["decay"]),
        }
        return _read(Belief, {**given, **parts, "plateau": None})
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise DataError(f"not a judgement: {str(error)[:200]}; measure it again") from error


def _written(value: Any) -> Any:
    if is_dataclass(value):
        names = (one.name for one in fields(value) if one.name != "plateau")
        return {name: _written(getattr(value, name)) for name in names}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def _read(cls: type[T], given: Mapping[str, Any]) -> T:
    """One part, if all of its fields are of their kinds."""
    found = dict(given)
    for name, shape in ARRAYS.items():
        if name in found:
            found[name] = np.array(found[name], np.float64).reshape(shape)
    for name in LISTS:
        if name in found:
            found[name] = tuple(_demand(name, line, (str,)) for line in found[name])
    for one in fields(cls):  # type: ignore[arg-type]
        kinds = KINDS.get(str(one.type))
        if kinds is not None:
            _demand(one.name, found[one.name], kinds)
    return cls(**found)


def _demand(name: str, value: Any, kinds: tuple[type, ...]) -> Any:
    if not isinstance(value, kinds) or isinstance(value, bool):
        raise TypeError(f"{name} is of the kind {type(value).__name__}")
    return value
