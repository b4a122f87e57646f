"""Options that several commands take alike, written down once.

Typer reads a command's options off its parameters. :func:`spread` turns a parameter whose type is a
dataclass into one option for each field, and gives the function the dataclass back.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

__all__ = ["spread"]


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same command, each dataclass among its parameters spread into options."""
    hints = get_type_hints(function, include_extras=True)
    bundles: dict[str, Any] = {
        name: kind for name, kind in hints.items() if dataclasses.is_dataclass(kind)
    }

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        for name, kind in bundles.items():
            names = [field.name for field in dataclasses.fields(kind)]
            given[name] = kind(**{field: given.pop(field) for field in names})
        return function(**given)

    parameters = list(_spread(inspect.signature(function), hints, bundles))
    shown: Any = command
    shown.__signature__ = inspect.Signature(parameters)
    shown.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _spread(
    signature: inspect.Signature, hints: dict[str, Any], bundles: dict[str, Any]
) -> list[inspect.Parameter]:
    """Keywords, so that one without a default may follow one that has one."""
    found = []
    for name, parameter in signature.parameters.items():
        if name in bundles:
            inner = get_type_hints(bundles[name], include_extras=True)
            found += [
                _keyword(field.name, field.default, inner[field.name])
                for field in dataclasses.fields(bundles[name])
            ]
        else:
            found.append(_keyword(name, parameter.default, hints[name]))
    return found


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    none = default is dataclasses.MISSING or default is inspect.Parameter.empty
    kept = inspect.Parameter.empty if none else default
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=kept, annotation=annotation
    )
