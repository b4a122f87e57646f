"""``stockstream lake verify | repair | vacuum``: is it whole, make it whole, make it small."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.cli.exits import Exit
from stockstream.cli.figures import count, size
from stockstream.cli.request import open_lake

if TYPE_CHECKING:
    from stockstream.lake.maintenance.problems import VerifyReport
    from stockstream.lake.maintenance.repair import RepairReport

__all__ = ["repair", "vacuum", "verify"]

_COLORS = {"error": "red", "warning": "yellow", "left": "red", "gave_up": "red"}


def verify(
    all_versions: Annotated[
        bool, typer.Option("--all", help="Read the files of every version, not only the latest.")
    ] = False,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> int:
    """Read every file and hold it against the log. Exit code 1 where data is lost or wrong."""
    from stockstream.lake.maintenance.verify import verify_lake

    report = verify_lake(open_lake(lake), all_versions=all_versions)
    if json:
        emit(report.as_dict())
    else:
        _show(report)
    return Exit.OK if report.is_sound else Exit.ERROR


def repair(
    older_than: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="HOURS",
            help="Age from which left-over files are removed; a younger one may be in use.",
        ),
    ] = 1.0,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Go on with what can be brought back, as it is."),
    ] = False,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> int:
    """Mend damaged files; remove what killed writers left.

    Rows come back from older versions and the raw zone, as a new version; no version is rewritten.
    What cannot be mended without loss is left as it is and listed, with exit code 3.
    """
    from stockstream.lake.maintenance.repair import repair_lake

    age = dt.timedelta(hours=older_than)
    report = repair_lake(open_lake(lake), older_than=age, accept_loss=accept_loss)
    if json:
        emit(report.as_dict())
    else:
        _show_repairs(report)
    return Exit.OK if report.is_whole else Exit.PARTIAL


def vacuum(
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Keep the versions that were the latest in the last N days.  [default: 30]",
        ),
    ] = None,
    keep_versions: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Keep the last N versions of each table instead."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and stop.")
    ] = False,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> None:
    """Delete the files that only old versions need. Those versions cannot be read any more."""
    from stockstream.lake.maintenance.vacuum import vacuum as clean

    freed = clean(
        open_lake(lake), keep_days=keep_days, keep_versions=keep_versions, dry_run=dry_run
    )
    if json:
        emit(vars(freed))
        return
    verb = "would delete" if dry_run else "deleted"
    say(f"{verb} {count(freed.files, 'file')}, {size(freed.size)}")
    kept = ", ".join(f"{name}@{oldest}" for name, oldest in freed.kept.items())
    say(f"kept from {kept} on")


def _show(report: "VerifyReport") -> None:
    for problem in report.problems:
        text = f" {problem.place}: {problem.detail}; {problem.advice}"
        mark = f"{problem.severity:7}"
        say(text, indent="        ", mark=mark, color=_COLORS[problem.severity])
    scope = "every version" if report.scope == "all" else "the latest version"
    state = "sound" if report.is_sound else "damaged"
    read = f"{count(report.files, 'file')} and {count(report.rows, 'row')} of {scope}"
    say(f"{state}: read {read} ({size(report.size)}), {count(report.raw_batches)} raw batches")


def _show_repairs(report: "RepairReport") -> None:
    for what, place, detail in report.repairs:
        mark = f"{what.replace('_', ' '):7}"
        say(f" {place}: {detail}", indent="        ", mark=mark, color=_COLORS.get(what, "green"))
    if not report.repairs:
        say("nothing to repair")
    elif report.is_whole:
        say(f"the lake is whole and reads {report.version}")
    else:
        say("damage is left; see above")
