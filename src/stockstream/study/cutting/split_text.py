"""Reading a split from text; the grammar is that of :mod:`stockstream.study.cutting.splits`."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.cutting.lengths import Length

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_split"]

LONGEST = 200
"""Characters of a split: more is no split, and is not read."""

_SHAPE = re.compile(r"\s*([\w-]+)\s*(?:\((.*)\))?\s*", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,5}")
_SHARE = re.compile(r"[0-9]{0,9}\.[0-9]{1,17}|[0-9]{1,9}|[0-9.]{1,20}e-[0-9]{1,2}")

_DEFAULTS: dict[str, dict[str, str]] = {
    "none": {},
    "ticker": {},
    "year": {},
    "walk_forward": {"train": "3y", "test": "1y", "anchored": "no", "purge": "0"},
    "cross_validation": {"groups": "10", "test": "2", "purge": "0", "embargo": "0"},
    "hold_out": {"share": "", "since": "", "purge": "0"},
}
"""Each split with its options and what they are where they are not given."""

_EXAMPLES = {
    "walk_forward": "walk_forward(train=3y,test=1y,anchored,purge=5)",
    "cross_validation": "cross_validation(groups=10,test=2,purge=5,embargo=10)",
    "hold_out": "hold_out(0.3) or hold_out(2015-01-01)",
}


def read_split(text: str) -> dict[str, Any]:
    """The fields of a split.

    Raises:
        UnknownNameError: no such split, or no such option of it.
        ConfigError: a value that cannot be used.
    """
    found = _SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        raise ConfigError(f"{shown!r} is no split: write {_choices()}")
    kind = found[1].casefold().replace("-", "_")
    if kind not in _DEFAULTS:
        raise UnknownNameError("split", found[1], _DEFAULTS, f"write {_choices()}")
    given = _options(kind, found[2] or "")
    values = _DEFAULTS[kind] | given
    if kind == "walk_forward":
        return _walk_forward(values)
    if kind == "cross_validation":
        return _cross_validation(values)
    if kind == "hold_out":
        return _hold_out(values)
    return {"kind": kind}


def _choices() -> str:
    return f"ticker, year, {', '.join(_EXAMPLES.values())}"


def _options(kind: str, text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        name = name.casefold()
        if not equals:
            name, value = _unnamed(kind, part)
        if name not in _DEFAULTS[kind]:
            known = _DEFAULTS[kind]
            hint = f"such as {_EXAMPLES[kind]}" if kind in _EXAMPLES else f"write {kind}"
            raise UnknownNameError(f"option of {kind}", name, known, hint)
        if name in given:
            raise ConfigError(f"{kind}: {name} is given twice; leave one out")
        given[name] = value
    return given


def _unnamed(kind: str, part: str) -> tuple[str, str]:
    """A word alone: a switch, or what is held out."""
    word = part.casefold()
    if kind == "walk_forward" and word in {"anchored", "rolling"}:
        return "anchored", "yes" if word == "anchored" else "no"
    if kind == "hold_out":
        return ("since" if _is_day(part) else "share"), part
    return word, ""


def _walk_forward(values: Mapping[str, str]) -> dict[str, Any]:
    anchored = values["anchored"].casefold()
    if anchored not in {"yes", "no", "true", "false", "1", "0"}:
        raise ConfigError(
            f"anchored={values['anchored']!r} is neither yes nor no: write anchored, or leave it "
            "out for a rolling window"
        )
    return {
        "kind": "walk_forward",
        "train": Length.parse(values["train"].casefold(), "train"),
        "test": Length.parse(values["test"].casefold(), "test"),
        "anchored": anchored in {"yes", "true", "1"},
        "purge": _whole(values, "purge", "sessions"),
    }


def _cross_validation(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kind": "cross_validation",
        "groups": _whole(values, "groups", "groups"),
        "test_groups": _whole(values, "test", "groups"),
        "purge": _whole(values, "purge", "sessions"),
        "embargo": _whole(values, "embargo", "sessions"),
    }


def _hold_out(values: Mapping[str, str]) -> dict[str, Any]:
    share, since = values["share"], values["since"]
    if share and since:
        raise ConfigError(f"hold_out: share={share} and since={since} both say what; leave one out")
    fields: dict[str, Any] = {"kind": "hold_out", "purge": _whole(values, "purge", "sessions")}
    if since:
        if not _is_day(since):
            raise ConfigError(f"since={since!r} is no day: write it as 2015-01-01")
        return fields | {"since": dt.date.fromisoformat(since)}
    return fields | {"share": _share(share or "0.3")}


def _share(text: str) -> float:
    percent = text.endswith("%")
    number = text.removesuffix("%").strip()
    try:
        if _SHARE.fullmatch(number):
            return float(number) / (100.0 if percent else 1.0)
    except ValueError:
        pass
    raise ConfigError(
        f"hold_out({text}): that is neither a fraction nor a day: write hold_out(0.3)"
        " or hold_out(2015-01-01)"
    )


def _whole(values: Mapping[str, str], name: str, what: str) -> int:
    if not _WHOLE.fullmatch(values[name]):
        raise ConfigError(f"{name}={values[name]!r}: give a whole number of {what}, 0 to 99999")
    return int(values[name])


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
