"""``stockstream deploy aws``: one's own stack in the cloud, with its bill first."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.bundle import spread
from stockstream.cli.console import emit, note, say
from stockstream.cli.deploy_airflow import deploy_airflow
from stockstream.cli.exits import EPILOG, Exit
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.aws.deploy.stack import Stack

__all__ = ["deploy_app"]

STACK, HOW = "Stack", "How"

deploy_app = typer.Typer(cls=HelpGroup, rich_markup_mode=None, no_args_is_help=True, epilog=EPILOG)
aws_app = typer.Typer(cls=HelpGroup, rich_markup_mode=None, no_args_is_help=True, epilog=EPILOG)
deploy_app.add_typer(aws_app, name="aws")
deploy_app.command("airflow", cls=HelpCommand, epilog=EPILOG)(deploy_airflow)


@deploy_app.callback()
def deploy_command() -> None:
    """Set up runs in one's own cloud account, or on an Airflow."""


@aws_app.callback()
def aws_command() -> None:
    """Plan, make, look at and remove a stack on AWS.

    Needs Terraform, a clone of the project and, to build the image, Docker. With --local nothing
    but Terraform: the stack is made in the rehearsal that `stockstream aws local up` started.
    """


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """The options that every command of a stack has."""

    prefix: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT-",
            help="Goes before every name in the account, such as dev-, so that several stacks "
            "stand side by side.  [default: the setting 'aws.prefix', else none]",
            rich_help_panel=STACK,
        ),
    ] = None
    region: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where it is or will be.  [default: the setting 'aws.region', else that of the "
            "stack, else AWS_REGION]",
            rich_help_panel=STACK,
        ),
    ] = None
    var: Annotated[
        list[str] | None,
        typer.Option(
            "--var",
            metavar="NAME=VALUE",
            help="A variable of infra/terraform, such as schedule_enabled=false; lists and maps "
            "as JSON; null takes it back. The stack keeps it for the next time.",
            rich_help_panel=STACK,
        ),
    ] = None
    state: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Keep Terraform's state below s3://bucket/folder, for several people.  "
            "[default: .stockstream/ in this folder]",
            rich_help_panel=STACK,
            show_default=False,
        ),
    ] = ""
    local: Annotated[
        bool,
        typer.Option("--local", help="In the rehearsal on this machine.", rich_help_panel=HOW),
    ] = False
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the rehearsal, if it is not the usual one.",
            rich_help_panel=HOW,
        ),
    ] = None
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Show all that Terraform and docker say.", rich_help_panel=HOW
        ),
    ] = False

    def open(self) -> "Stack":
        """The stack that the options name."""
        from stockstream.aws.deploy.stack import Asked, open_stack
        from stockstream.settings import load_settings

        settings = load_settings().aws
        if self.folder is not None and not self.local:
            raise ConfigError("--folder is of the rehearsal: add --local")
        rehearsal = None
        if self.local:
            from stockstream.aws.local import FOLDER

            rehearsal = self.folder or FOLDER
        return open_stack(
            Asked(
                prefix=settings.prefix if self.prefix is None else self.prefix,
                region=self.region or settings.region or None,
                variables=_values(self.var),
                state=self.state,
                rehearsal=rehearsal,
                verbose=self.verbose,
            ),
            note,
        )


Yes: TypeAlias = Annotated[
    bool,
    typer.Option("--yes", help="Do not ask; for scripts.", rich_help_panel=HOW),
]


@aws_app.command("plan", cls=HelpCommand, epilog=EPILOG)
@spread
def plan(asked: DeployOptions, json: options.Json = False) -> None:
    """Say what a stack costs and what applying would change. Changes nothing.

    stockstream deploy aws plan --region ap-southeast-2
    """
    from stockstream.cli.deploy_view import plan_document, show_plan

    stack = asked.open()
    changes = stack.plan()
    if json:
        emit(plan_document(stack, changes))
    else:
        show_plan(stack, changes)


@aws_app.command("apply", cls=HelpCommand, epilog=EPILOG)
@spread
def apply(asked: DeployOptions, yes: Yes = False, json: options.Json = False) -> None:
    """Make a stack, or bring it up to date, after showing its bill.

    The repository comes first, then the image, which is built and pushed unless the account has it,
    then everything else. Nothing is done before the name of the stack has been typed.

    stockstream deploy aws apply --var 'alert_emails=["me@example.com"]'
    """
    from stockstream.cli.deploy_view import plan_document, show_outputs, show_plan

    stack = asked.open()
    _demand_answer(stack, yes=yes, json=json)
    changes = stack.plan()
    document = plan_document(stack, changes)
    if not json:
        show_plan(stack, changes)
    if changes or stack.image.missing:
        stack.demand_docker()
        _confirm(stack, "apply", yes=yes)
    outputs = stack.apply(changes)
    if json:
        emit({**document, "outputs": outputs})
    else:
        show_outputs(stack, outputs)


@aws_app.command("destroy", cls=HelpCommand, epilog=EPILOG)
@spread
def destroy(asked: DeployOptions, yes: Yes = False, json: options.Json = False) -> int:
    """Remove a stack with everything in it: the lake in its bucket too.

    What runs is stopped, the bucket is emptied with all older versions, and at the end every
    resource is asked for by name, so that nothing is left behind unnoticed. Copy the lake first
    if it is wanted: stockstream lake copy data/lake --lake s3://BUCKET
    """
    from stockstream.cli.deploy_view import removal_document, show_content, show_removal

    stack = asked.open()
    _demand_answer(stack, yes=yes, json=json)
    resources = stack.resources()
    if not resources:
        return _nothing_there(stack, json=json)
    content = stack.content(resources)
    if not json:
        show_content(stack, resources, content)
    _confirm(stack, "destroy", yes=yes)
    removed = stack.destroy(resources)
    if json:
        emit(removal_document(stack, removed))
    else:
        show_removal(stack, removed)
    return Exit.PARTIAL if removed.left else Exit.OK


@aws_app.command("status", cls=HelpCommand, epilog=EPILOG)
@spread
def status(
    asked: DeployOptions,
    runs: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many of the newest runs to show of each.")
    ] = 5,
    json: options.Json = False,
) -> int:
    """Say whether a stack is there and as it was applied, what ran last and what it cost."""
    from stockstream.aws.deploy.status import stack_status
    from stockstream.cli.deploy_view import show_status, status_document

    stack = asked.open()
    resources = stack.resources()
    if not resources:
        return _nothing_there(stack, json=json)
    found = stack_status(stack, resources, runs)
    if json:
        emit(status_document(stack, found))
    else:
        show_status(stack, found)
    return Exit.OK


def _nothing_there(stack: "Stack", *, json: bool) -> int:
    if json:
        emit({"stack": stack.name, "there": False})
    else:
        say(f"{stack.name} is not there; `stockstream deploy aws apply` makes it")
    return Exit.OK


def _demand_answer(stack: "Stack", *, yes: bool, json: bool) -> None:
    """Refuse at once what could not be confirmed later.

    Raises:
        ConfigError: nobody is there to answer.
    """
    if not yes and not stack.is_rehearsal and (json or not sys.stdin.isatty()):
        raise ConfigError(
            "this changes an account, and nobody is here to confirm it: run it in a terminal, "
            "or add --yes"
        )


def _confirm(stack: "Stack", action: str, *, yes: bool) -> None:
    """Go on if the user types the name of the stack.

    Raises:
        ConfigError: something else was typed.
    """
    if yes or stack.is_rehearsal:
        return
    typed = typer.prompt(
        f"type {stack.name} to {action} it in account {stack.account.number}",
        err=True,
        default="",
        show_default=False,
    )
    if typed.strip() != stack.name:
        raise ConfigError(f"{typed!r} is not {stack.name}: nothing was changed")


def _values(given: list[str] | None) -> dict[str, Any]:
    """Variables as Terraform reads them: JSON where it is JSON, else text."""
    import json

    values: dict[str, Any] = {}
    for name, text in options.parse_assignments(given, "--var").items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values
