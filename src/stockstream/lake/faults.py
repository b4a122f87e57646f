"""What a broken disk, a lost file or a damaged one becomes: a LakeError that says what is safe."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deltalake.exceptions import DeltaError
from obstore.exceptions import BaseError as StoreError
from polars.exceptions import PanicException, PolarsError

from stockstream.errors import LakeError, StockstreamError
from stockstream.lake.remote import without_keys, without_password

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading", "writing"]

_FAULTS = (OSError, DeltaError, StoreError, PolarsError, PanicException)

_ADVICE = {
    r"No space left|StorageFull|os error 28|quota": "free some space, then run the command again",
    r"Read-only|ReadOnlyFilesystem|[Pp]ermission denied": (
        "choose a folder that you may write to (--lake DIR)"
    ),
    r"[Tt]oo large|os error 27": "raise the limit on file sizes (ulimit -f)",
    r"Not a directory|os error 20": "choose a folder whose parents are folders (--lake DIR)",
}


@contextmanager
def writing(place: str, safe: str) -> Iterator[None]:
    """Turn what storage raises while writing into a :class:`LakeError`.

    Args:
        place: what is being written.
        safe: what still holds after the failure.
    """
    try:
        yield
    except StockstreamError:
        raise
    except _FAULTS as error:
        cause = _in_one_line(error)
        advice = next((text for sign, text in _ADVICE.items() if re.search(sign, cause)), "")
        raise LakeError(
            f"cannot write {place}: {cause}; {safe}{advice and '; '}{advice}"
        ) from without_keys(error)


@contextmanager
def reading(place: str, advice: str) -> Iterator[None]:
    """Turn what storage raises while reading into a :class:`LakeError`.

    Args:
        place: what is being read.
        advice: what to do next.
    """
    try:
        yield
    except StockstreamError:
        raise
    except _FAULTS as error:
        raise LakeError(f"cannot read {place}: {_in_one_line(error)}; {advice}") from (
            without_keys(error)
        )


def _in_one_line(error: BaseException) -> str:
    """The message without the colours, arrows and stack that Rust libraries add to it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", without_password(str(error))).replace("\u21b3", ">")
    lines = [line.strip() for line in plain.splitlines()]
    kept = [line for line in lines if line and not re.match(r"\d+: |at \./", line)]
    return " ".join(kept[: kept.index("Debug source:")] if "Debug source:" in kept else kept[:3])
