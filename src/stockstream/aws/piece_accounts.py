"""The accounts of pieces, kept beside the runs until they are joined.

A workflow carries the measures of each year or ticker in its state, and no curves. Those are files,
``runs/w-<digest>/pieces/<label>-<digest>.parquet``, named by what was asked for and what came out:
a piece that runs twice writes the same file, one that runs on newer data writes another, and who
has the result finds the very account it was measured on.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stockstream.errors import NoDataError
from stockstream.study.validation.accounts import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.lake.location import Location

__all__ = ["keep_account", "kept_account"]

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def keep_account(
    place: Location, params: Mapping[str, Any], piece: Mapping[str, Any], account: Account
) -> str:
    """Keep the account of a piece; the same again changes nothing.

    Args:
        place: the lake.
        params: ``additionalParams`` of the workflow.
        piece: its entry in the output: ``{"year": 2000, "result": {...}}``.
        account: what the result was measured on.

    Returns:
        The name of the file below the lake.
    """
    name, content = _file(params, piece), io.BytesIO()
    columns = {
        key: [value.tolist() if isinstance(value, np.ndarray) else value]
        for key, value in asdict(account).items()
    }
    pl.DataFrame(columns, schema=_SCHEMA).write_parquet(content, compression="zstd")
    place.create(name, content.getvalue())
    return name


def kept_account(place: Location, params: Mapping[str, Any], piece: Mapping[str, Any]) -> Account:
    """The account that a result was measured on.

    Raises:
        NoDataError: it is not there: the result is of another workflow, or the file was removed.
    """
    name = _file(params, piece)
    try:
        row = pl.read_parquet(io.BytesIO(place.read(name)))
    except FileNotFoundError:
        label = next(iter(piece.values()))
        raise NoDataError(
            f"the account of {label} is not at {place.path(name)}: the piece ran elsewhere, or "
            "somebody removed the file; start the workflow again"
        ) from None
    fields: dict[str, Any] = {name: row[name].item() for name in _SCALARS}
    fields |= {name: row[name].explode().to_numpy() for name in ("dates", *_FLOATS)}
    return Account(**fields)


_FLOATS = ("equity", "invested", "trade_pnl", "trade_return")
_SCALARS = {
    "capital": pl.Float64(),
    "traded": pl.Float64(),
    "costs": pl.Float64(),
    "open_trades": pl.Int64(),
}
_SCHEMA = {
    **_SCALARS,
    "dates": pl.List(pl.Date),
    **dict.fromkeys(_FLOATS, pl.List(pl.Float64)),
}


def _file(params: Mapping[str, Any], piece: Mapping[str, Any]) -> str:
    kind, label = next(iter(piece.items()))
    asked = _digest([kind, params])
    return f"runs/w-{asked}/pieces/{_NOT_PLAIN.sub('_', str(label))}-{_digest(dict(piece))}.parquet"


def _digest(value: Any) -> str:
    """Equal for equal values: a service between may write 5.0 as 5, or order names anew."""
    text = json.dumps(_as_floats(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _as_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_floats(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
