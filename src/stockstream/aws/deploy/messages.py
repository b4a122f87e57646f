"""What Terraform says to programs, one JSON document a line, in words for people."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Change", "change_of", "counted", "place_of", "read_line", "short", "what_went_wrong"]

DONE = {"create": "created", "update": "changed", "delete": "removed", "replace": "replaced"}
_MODULE = re.compile(r"module\.(\w+)(?:\[[^\]]*\])?\.")


class Change(NamedTuple):
    """What a plan does to one resource.

    Attributes:
        action: ``create``, ``update``, ``delete`` or ``replace``.
        kind: type of the resource, such as ``aws_lambda_function``.
        address: its whole name.
    """

    action: str
    kind: str
    address: str


def read_line(line: str) -> dict[str, Any]:
    """A line as a message; a line of another kind is a message with its text only."""
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if isinstance(message, dict):
        return message
    return {"type": "text", "@message": line.rstrip()}


def place_of(message: Mapping[str, Any]) -> str | None:
    """``created pipeline aws_lambda_function.this (3 s)``; None of a message that ends nothing."""
    hook = message.get("hook", {})
    if message.get("type") != "apply_complete" or hook.get("action") not in DONE:
        return None
    seconds = hook.get("elapsed_seconds", 0)
    took = f" ({seconds:.0f} s)" if seconds >= 1 else ""
    return f"{DONE[hook['action']]} {short(hook['resource']['addr'])}{took}"


def what_went_wrong(message: Mapping[str, Any]) -> str | None:
    """The error that a message tells, on one line; None of another message."""
    told = message.get("diagnostic")
    if not isinstance(told, dict) or told.get("severity") != "error":
        return None
    where = f"{short(told['address'])}: " if told.get("address") else ""
    parts = (told.get("summary", ""), told.get("detail", ""))
    return where + ": ".join(" ".join(part.split()) for part in parts if part)


def change_of(message: Mapping[str, Any]) -> Change | None:
    """The change that a message announces; None of another message."""
    change = message.get("change", {})
    if message.get("type") != "planned_change" or change.get("action") not in DONE:
        return None
    resource = change["resource"]
    return Change(change["action"], resource["resource_type"], resource["addr"])


def counted(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """How many resources of each kind a plan creates, updates and so on."""
    found: dict[str, Counter[str]] = {}
    for change in changes:
        found.setdefault(change.action, Counter())[change.kind] += 1
    return {action: dict(sorted(kinds.items())) for action, kinds in sorted(found.items())}


def short(address: str) -> str:
    """``module.stack.module.storage.aws_s3_bucket.lake`` as ``storage aws_s3_bucket.lake``."""
    modules = _MODULE.findall(address)
    rest = _MODULE.sub("", address)
    return f"{modules[-1]} {rest}" if modules else rest
