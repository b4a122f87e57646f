"""A stack: planned, made, removed. Everything that the commands of ``deploy aws`` do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.aws.deploy.emptying import (
    Content,
    content_of,
    empty_bucket,
    stop_executions,
    stop_jobs,
)
from stockstream.aws.deploy.image import Image, find_docker, planned_image, push_image
from stockstream.aws.deploy.inventory import left_of, remove_log_groups, resources_in
from stockstream.aws.deploy.sources import find_checkout
from stockstream.aws.deploy.terraform import Terraform, find_mirror, find_terraform
from stockstream.aws.deploy.workspace import Workspace, stack_name
from stockstream.errors import ConfigError
from stockstream.runners.account import Account, chosen_region, demand_no_rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stockstream.aws.deploy.inventory import Resource
    from stockstream.aws.deploy.messages import Change
    from stockstream.aws.deploy.sources import Checkout

__all__ = ["Asked", "Removed", "Stack", "open_stack"]

OURS = {
    "aws_region": "--region",
    "prefix": "--prefix",
    "endpoint": "--local",
    "light_package": "the checkout",
}
"""Variables that have an option of their own."""

REHEARSED = "rehearsal"
"""Tag of the image that stands for this environment; the emulation runs functions in it."""

RUNTIME = "python3.12"

_OF_THE_USER = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


@dataclass(frozen=True)
class Asked:
    """What a user asks for.

    Attributes:
        prefix: of the stack.
        region: None takes that of the stack, or of the environment.
        variables: of Terraform, beside those that were chosen before; None takes one back.
        state: where the state is kept; see :class:`stockstream.aws.deploy.workspace.Workspace`.
        rehearsal: folder of the emulation to use in place of an account.
        verbose: whether Terraform and docker speak themselves.
    """

    prefix: str = ""
    region: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    state: str = ""
    rehearsal: Path | None = None
    verbose: bool = False


class Removed(NamedTuple):
    """What a removal did.

    Attributes:
        resources: that were removed.
        objects: versions of objects that were deleted from the bucket.
        log_groups: that had come back and were deleted.
        left: what is still there, in words.
    """

    resources: int
    objects: int
    log_groups: list[str]
    left: list[str]


def open_stack(asked: Asked, tell: Callable[[str], None]) -> Stack:
    """The stack that a user asks for, whether it exists or not.

    Raises:
        ConfigError: no checkout, Terraform, region or rehearsal; a variable that cannot be set; or
            the stack is in another region or account.
    """
    checkout = find_checkout()
    checkout.demand_variables(asked.variables)
    for name in asked.variables:
        if name in OURS:
            raise ConfigError(f"variable {name} is set by {OURS[name]}")
    account, kept = _account(asked)
    workspace = Workspace.of(
        asked.prefix,
        local=asked.rehearsal is not None,
        backend=asked.state or kept.get("state", ""),
        region=account.region,
    )
    chosen = {**kept.get("variables", {}), **asked.variables}
    return Stack(
        prefix=asked.prefix,
        account=account,
        checkout=checkout,
        workspace=workspace,
        terraform=Terraform(
            find_terraform(),
            workspace.root,
            workspace.folder,
            _variables_for(account),
            verbose=asked.verbose,
            tell=tell,
        ),
        variables={name: value for name, value in chosen.items() if value is not None},
        kept=kept,
        tell=tell,
    )


def _account(asked: Asked) -> tuple[Account, dict[str, Any]]:
    """Where the stack is or will be, and what is remembered of it."""
    workspace = Workspace.of(asked.prefix, local=asked.rehearsal is not None)
    kept = workspace.remembered()
    if asked.rehearsal is not None:
        if asked.state:
            raise ConfigError("a rehearsal keeps its state on this machine: leave --state out")
        account, server = _rehearsal(asked.rehearsal)
        if kept.get("server", server) != server:  # it forgot everything when it ended
            shutil.rmtree(workspace.folder, ignore_errors=True)
            kept = {}
        return account, {**kept, "server": server}
    demand_no_rehearsal()
    account = Account(chosen_region(asked.region or kept.get("region")))
    if kept.get("region", account.region) != account.region:
        raise ConfigError(
            f"{stack_name(asked.prefix)} is in {kept['region']}; a stack in another region needs a "
            "prefix of its own: --prefix other-"
        )
    return account, kept


def _rehearsal(folder: Path) -> tuple[Account, str]:
    """The emulation that runs, as an account, and what tells it from another one."""
    from stockstream.aws.local import REGION, LocalAws

    running = LocalAws.running(folder)
    if running is None:
        raise ConfigError("no rehearsal is running; start one with `stockstream aws local up`")
    return Account(REGION, running.environment), f"{running.pid} at {running.url}"


def _variables_for(account: Account) -> dict[str, str | None]:
    """Environment variables of Terraform that lead it to the account, or to the rehearsal."""
    if not account.environment:
        return {"AWS_REGION": account.region}
    return {**dict.fromkeys(_OF_THE_USER), **account.environment}


@dataclass
class Stack:
    """A stack of one account and region; see :func:`open_stack`."""

    prefix: str
    account: Account
    checkout: Checkout
    workspace: Workspace
    terraform: Terraform
    variables: dict[str, Any]
    kept: dict[str, Any]
    tell: Callable[[str], None]

    @property
    def name(self) -> str:
        return stack_name(self.prefix)

    @property
    def is_rehearsal(self) -> bool:
        return bool(self.account.environment)

    @cached_property
    def image(self) -> Image:
        """The image that the functions run, and whether it is yet to be built.

        Raises:
            ConfigError: it is, and docker is not installed.
        """
        if given := self.variables.get("image_uri"):
            return Image(str(given), missing=False)
        if self.is_rehearsal:
            registry = f"{self.account.number}.dkr.ecr.{self.account.region}.amazonaws.com"
            return Image(f"{registry}/{self.name}:{REHEARSED}", missing=False)
        return planned_image(self.account, self.name, self.checkout.image_tag())

    def plan(self) -> list[Change]:
        """What applying would change.

        Raises:
            ConfigError: the stack is in another account.
            CloudError: Terraform or the account refused.
        """
        self._demand_account()
        self._prepare(self.image.uri)
        return self._planned()

    def demand_docker(self) -> None:
        """Refuse to begin what cannot be ended.

        Raises:
            ConfigError: the image is yet to be built, and docker is not installed.
        """
        if self.image.missing:
            find_docker()

    def apply(self, changes: list[Change]) -> dict[str, Any]:
        """Make what was planned; returns the outputs.

        The repository comes first, then the image, then what runs it.

        Args:
            changes: what :meth:`plan` said.
        """
        self._remember()
        if self.image.missing:
            self._make_image(changes)
            changes = self._planned()
        if changes:
            self.tell(f"applying changes: {len(changes)}")
            self.terraform.run(
                "apply", "-input=false", str(self.workspace.plan), total=len(changes)
            )
        self.workspace.keep_zip()
        self._remember()
        return self.outputs()

    def outputs(self) -> dict[str, Any]:
        """What the stack says of itself, by name."""
        found = self.terraform.state().get("outputs", {})
        return {name: one["value"] for name, one in found.items()}

    def resources(self) -> list[Resource]:
        """What the stack is made of; nothing if it was never made, or was removed."""
        self._demand_account()
        if not self.workspace.has_state():
            return []
        self._prepare(self.kept.get("image_uri"), applied=True)
        return resources_in(self.terraform.state())

    def drift(self) -> list[Change]:
        """What is no longer as it was applied; call :meth:`resources` first."""
        return self._planned()

    def is_older_than_checkout(self) -> bool:
        """Whether the checkout is no longer what was applied."""
        return self.kept.get("sources") != self.checkout.image_tag()

    def content(self, resources: list[Resource]) -> Content:
        """What the bucket of the stack holds."""
        found = [
            content_of(self.account, one.id) for one in resources if one.kind == "aws_s3_bucket"
        ]
        return Content(sum(one.versions for one in found), sum(one.size for one in found))

    def destroy(self, resources: list[Resource]) -> Removed:
        """Remove a stack with everything that it holds.

        Args:
            resources: what :meth:`resources` said.
        """
        objects = self._empty(resources)
        self.tell(f"removing resources: {len(resources)}")
        self.terraform.run("destroy", "-auto-approve", "-input=false", total=len(resources))
        groups = remove_log_groups(resources, self.account)
        left = left_of(resources, self.account)
        if not left:
            self.workspace.forget()
        return Removed(len(resources), objects, groups, left)

    def _empty(self, resources: list[Resource]) -> int:
        """Stop what runs and writes, then delete what was written."""
        for one in resources:
            if one.kind == "aws_sfn_state_machine":
                stopped = stop_executions(self.account, one.id)
            elif one.kind == "aws_batch_job_queue":
                stopped = stop_jobs(self.account, one.values["name"])
            else:
                continue
            if stopped:
                self.tell(f"stopped runs of {one.values['name']}: {stopped}")
        buckets = [one.id for one in resources if one.kind == "aws_s3_bucket"]
        return sum(empty_bucket(self.account, bucket, self.tell) for bucket in buckets)

    def _make_image(self, changes: list[Change]) -> None:
        repository = [one.address for one in changes if one.kind == "aws_ecr_repository"]
        if repository:
            self.tell("making the repository for the image")
            targets = [f"-target={address}" for address in repository]
            self.terraform.run("apply", "-auto-approve", "-input=false", *targets, total=1)
        push_image(
            self.image,
            self.checkout,
            self.account,
            architecture=self.variables.get("architecture", "x86_64"),
            tell=self.tell,
            verbose=self.terraform.verbose,
        )
        self.image = Image(self.image.uri, missing=False)

    def _prepare(self, image: str | None, *, applied: bool = False) -> None:
        """Copy the sources, make the zip, and make Terraform ready if that is due.

        Args:
            image: of the functions.
            applied: take the zip that was applied, so that newer code is no drift.
        """
        if not (applied and self.workspace.restore_zip()):
            self.tell("packing the light functions")
            runtime = None if self.is_rehearsal else self.variables.get("lambda_runtime", RUNTIME)
            self.checkout.make_zip(self.workspace.zip, runtime=runtime)
        values = {
            **self.variables,
            "prefix": self.prefix,
            "aws_region": self.account.region,
            "light_package": str(self.workspace.zip),
            "image_uri": image,
        }
        if self.is_rehearsal:
            values["endpoint"] = self.account.environment["AWS_ENDPOINT_URL"]
        if self.workspace.fill(self.checkout, values):
            self.tell("fetching what Terraform needs")
            self.terraform.write_providers(find_mirror())
            self.terraform.run("init", "-input=false", "-reconfigure")
            self.workspace.made_ready()

    def _planned(self) -> list[Change]:
        self.tell("comparing with what there is")
        return self.terraform.run("plan", "-input=false", f"-out={self.workspace.plan}")

    def _demand_account(self) -> None:
        if self.kept.get("account", self.account.number) != self.account.number:
            raise ConfigError(
                f"{self.name} is in account {self.kept['account']}, and these keys are of account "
                f"{self.account.number}; log in to the other one, or choose another --prefix"
            )

    def _remember(self) -> None:
        self.kept |= {
            "account": self.account.number,
            "region": self.account.region,
            "state": self.workspace.backend,
            "variables": self.variables,
            "image_uri": self.image.uri,
            "sources": self.checkout.image_tag(),
        }
        self.workspace.remember(self.kept)
