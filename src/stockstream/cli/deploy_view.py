"""A stack on the screen: its bill, its changes, its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from stockstream.cli.console import command, heading, say, show_table, warn
from stockstream.cli.figures import count, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.aws.deploy.bill import Bill
    from stockstream.aws.deploy.emptying import Content
    from stockstream.aws.deploy.inventory import Resource
    from stockstream.aws.deploy.messages import Change
    from stockstream.aws.deploy.past_runs import PastRun
    from stockstream.aws.deploy.stack import Removed, Stack
    from stockstream.aws.deploy.status import StackStatus

__all__ = [
    "plan_document",
    "removal_document",
    "show_content",
    "show_outputs",
    "show_plan",
    "show_removal",
    "show_status",
    "status_document",
]

RUNNERS = {"step_functions": "Step Functions", "aws_batch": "AWS Batch, Spot"}
KEPT = (
    "metrics, which AWS forgets after 15 months",
    "old revisions of the job definition, which cost nothing",
)


def show_plan(stack: Stack, changes: Sequence[Change]) -> None:
    """Print what a stack costs, and what applying changes."""
    _show_title(stack)
    found = _bill(stack)
    if found is None:
        warn(f"no prices are known for {stack.account.region}, so there is no bill")
    else:
        _show_bill(found)
    heading("What changes")
    _show_changes(changes)
    if stack.image.missing:
        say(f"the image is built and pushed: {stack.image.uri}")


def plan_document(stack: Stack, changes: Sequence[Change]) -> dict[str, Any]:
    """The same for a program."""
    from stockstream.aws.deploy.bill import bill_document
    from stockstream.aws.deploy.messages import counted

    found = _bill(stack)
    return {
        **_names(stack),
        "bill": found and bill_document(found),
        "image": stack.image._asdict(),
        "changes": [change._asdict() for change in changes],
        "counts": counted(changes),
    }


def show_outputs(stack: Stack, outputs: Mapping[str, Any]) -> None:
    """Print what an applied stack says of itself, and what to do next."""
    heading(f"{stack.name} is there")
    rows = [
        (name, str(value))
        for name, value in outputs.items()
        if isinstance(value, str | int | float) and value != ""
    ]
    show_table(("", ""), rows, align="ll")
    heading("Next")
    for line in _next_steps(stack, str(outputs.get("bucket", "BUCKET"))):
        say(f"  {line}")


def show_content(stack: Stack, resources: Sequence[Resource], content: Content) -> None:
    """Print what removing a stack would take away."""
    _show_title(stack)
    buckets = ", ".join(one.id for one in resources if one.kind == "aws_s3_bucket")
    say(f"removes {count(len(resources), 'resource')}")
    warn(
        f"deletes bucket {buckets or '(none)'} for good: {count(content.versions, 'object')} with "
        f"older versions, {size(content.size)}, the lake and the runs among them"
    )


def show_removal(stack: Stack, removed: Removed) -> None:
    """Print what was removed, and what was not."""
    say(
        f"removed {count(removed.resources, 'resource')} and {count(removed.objects, 'object')} "
        "with older versions"
    )
    for name in removed.log_groups:
        say(f"removed log group {name}, which had come back")
    for left in removed.left:
        warn(f"still there: {left}")
    if removed.left:
        say(f"run {command('deploy aws destroy')} again in some minutes")
        return
    say("nothing is left in the account but " + " and ".join(KEPT))
    say(f"the state is kept in {stack.workspace.backend or stack.workspace.folder}")


def removal_document(stack: Stack, removed: Removed) -> dict[str, Any]:
    """The same for a program."""
    return {**_names(stack), **removed._asdict(), "kept": list(KEPT)}


def show_status(stack: Stack, found: StackStatus) -> None:
    """Print how a stack is."""
    _show_title(stack)
    rows = [
        ("resources", f"{found.resources:,}"),
        ("as applied", "yes" if not found.drift else f"no, {count(len(found.drift), 'change')}"),
        ("bucket", found.bucket),
        ("dashboard", found.dashboard),
    ]
    show_table(("", ""), rows, align="ll")
    if found.drift:
        heading("What is no longer as it was applied")
        _show_changes(found.drift)
    if found.newer:
        warn("the checkout is not what was applied; bring the stack up to date with `apply`")
    heading("Alarms")
    show_table(("alarm", "state"), sorted(found.alarms.items()), align="ll")
    heading("Last runs")
    if not found.runs:
        say("none")
        return
    columns = ("what", "run", "status", "started (UTC)", "seconds", "US dollars")
    show_table(columns, [_run_row(run) for run in found.runs], align="llll")
    warn("costs are about right, from list prices: steps, functions and Fargate tasks only")


def status_document(stack: Stack, found: StackStatus) -> dict[str, Any]:
    """The same for a program."""
    return {
        **_names(stack),
        "there": True,
        **found._asdict(),
        "drift": [change._asdict() for change in found.drift],
        "runs": [
            {**vars(run), "started": run.started.isoformat(timespec="seconds")}
            for run in found.runs
        ],
    }


def _show_title(stack: Stack) -> None:
    where = "the rehearsal" if stack.is_rehearsal else f"account {stack.account.number}"
    typer.secho(f"{stack.name}: {where}, {stack.account.region}", bold=True)


def _names(stack: Stack) -> dict[str, Any]:
    return {
        "stack": stack.name,
        "account": stack.account.number,
        "region": stack.account.region,
        "rehearsal": stack.is_rehearsal,
    }


def _bill(stack: Stack) -> Bill | None:
    from stockstream.aws.deploy.bill import Usage, bill
    from stockstream.runners.prices import PRICES

    if stack.account.region not in PRICES:
        return None
    runs = stack.variables.get("schedule_enabled", True)
    return bill(stack.account.region, Usage() if runs else Usage(sessions=0))


def _show_bill(found: Bill) -> None:
    from stockstream.runners.prices import PRICES_READ, SOURCES

    heading("What a month costs")
    rows = [[line.what, f"{line.dollars:,.2f}", line.basis] for line in found.lines]
    rows.append(["together", f"{found.month:,.2f}", "and sweeps:"])
    show_table(("", "US dollars", "for"), rows, align="lrl")
    heading("What a million trials cost")
    rows = [
        [
            sweep.kind,
            f"{sweep.trial_seconds * 1000:g} ms",
            *(
                next((f"{c.dollars:,.2f}" for c in sweep.costs if c.runner == name), "-")
                for name in RUNNERS
            ),
        ]
        for sweep in found.sweeps
    ]
    show_table(("trials of", "each", *RUNNERS.values()), rows, align="l")
    heading("What other choices change a month")
    rows = [[choice.what, f"{choice.dollars:+,.2f}"] for choice in found.choices]
    show_table(("choice", "US dollars"), rows, align="l")
    say()
    warn(
        f"an estimate from list prices of {PRICES_READ}, without tax, free allowances and network; "
        f"`stockstream estimate` tells of one sweep; today's prices: {SOURCES[0]}"
    )


def _show_changes(changes: Sequence[Change]) -> None:
    from stockstream.aws.deploy.messages import counted

    if not changes:
        say("nothing")
        return
    rows = [
        [action, str(number), kind]
        for action, kinds in counted(changes).items()
        for kind, number in kinds.items()
    ]
    show_table(("", "", ""), rows, align="lrl")


def _next_steps(stack: Stack, bucket: str) -> list[str]:
    local = " --local" if stack.is_rehearsal else ""
    steps = ['eval "$(stockstream aws local env)"'] if stack.is_rehearsal else []
    steps += [
        f"{command('lake copy')} s3://{bucket}",
        f"{command('sweep')} --lake s3://{bucket} --runner step-functions ...",
        f"{command('deploy aws status')}{local}",
    ]
    if stack.variables.get("alert_emails"):
        steps.append("confirm the mail that each of the alert_emails has got")
    return steps


def _run_row(run: PastRun) -> list[str]:
    return [
        run.what,
        run.name,
        run.status.lower(),
        run.started.strftime("%Y-%m-%d %H:%M"),
        "-" if run.seconds is None else f"{run.seconds:,.1f}",
        "-" if run.dollars is None else f"{run.dollars:,.4f}",
    ]
