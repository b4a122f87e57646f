"""``stockstream lake copy``: the same lake in another place."""

from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.cli.figures import count, size
from stockstream.cli.progress import progress
from stockstream.cli.request import open_lake

__all__ = ["copy"]


def copy(
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="Where to: a folder or a URL, empty or with an older copy."
        ),
    ],
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> None:
    """Copy the lake to another folder or bucket, byte for byte.

    The copy is the same lake: every version, the raw zone, the same results. Stopped half-way, or
    run again after the lake has grown, it copies what is missing. A place that has another lake, or
    a copy that was written to, is refused.

    stockstream lake copy s3://my-bucket
    """
    from stockstream.lake.copying import copy_lake
    from stockstream.lake.location import Location

    source, place = open_lake(lake), Location.of(options.lake_place(to))
    with progress("copying", "files") as update:
        done = copy_lake(source, place, update)
    if json:
        emit(vars(done))
        return
    had = f"; {count(done.there, 'file')} it had" if done.there else ""
    say(f"copied {count(done.files, 'file')}, {size(done.size)}{had}")
    say(f"{done.target} reads {done.version}")
