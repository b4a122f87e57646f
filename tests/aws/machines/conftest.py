"""A stage of the emulation on which a state machine is played with actors as its functions."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.machines import MACHINES, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockstream.aws.local import LocalAws

HERE = Path(__file__).parent
VALIDATOR = "asl-validator@4.0.0"
TOOLS = Path(__file__).resolve().parents[3] / ".tools"
PLAN = [{"run": "s-1", "chunks": [0, 1]}, {"run": "s-1", "chunks": [2, 3]}]
ROLE = "arn:aws:iam::123456789012:role/actor"


@dataclass(frozen=True)
class Played:
    """What came of an execution.

    Attributes:
        status: of it.
        output: JSON value, None if it failed.
        error, cause: of a failed one.
        visited: the states that were entered, those of a Distributed Map's items left out.
        calls: events by function and item, in the order of an item's calls.
        messages: subject and text of what the topic sent.
    """

    status: str
    output: Any
    error: str
    cause: str
    visited: frozenset[str]
    calls: Mapping[str, Mapping[str, Sequence[Any]]]
    messages: Sequence[tuple[str, str]]


@dataclass
class Stage:
    """Deploys a machine of its own for each play.

    Attributes:
        client: gives a client of a service.
        folder: where the actors leave notes.
        bucket: of this stage.
    """

    client: Callable[[str], Any]
    folder: Path
    bucket: str = field(default_factory=lambda: f"stage-{uuid4().hex}")

    def play(
        self,
        name: str,
        given: object,
        *,
        trouble: Mapping[str, Mapping[str, tuple[str, str, int]]] | None = None,
        answers: Mapping[str, Any] | None = None,
        limit: int = 30,
        **places: str,
    ) -> Played:
        """Run a machine to its end.

        Args:
            name: of the machine.
            given: its input.
            trouble: error, message and how often, by function and item.
            answers: that differ from the documented ones, by function.
            limit: seconds that a function has.
            places: that are filled with something else than what is really there.
        """
        play = f"p{uuid4().hex[:12]}"
        scene = {"trouble": trouble or {}, "answers": answers or {}}
        topic, queue = self._topic(play)
        values = {
            **self._functions(name, play, scene, limit),
            "alerts_topic": topic,
            "bucket": self.bucket,
        }
        definition = render(MACHINES[name], {**values, "map_state_concurrency": 2, **places})
        machines = self.client("stepfunctions")
        machine = machines.create_state_machine(name=play, definition=definition, roleArn=ROLE)
        started = machines.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=play, input=json.dumps(given)
        )
        arn = started["executionArn"]
        ended = self._end_of(arn)
        return Played(
            ended["status"],
            json.loads(ended.get("output") or "null"),
            ended.get("error") or "",
            ended.get("cause") or "",
            self._visited(arn),
            self._calls(play),
            self._messages(queue),
        )

    def put(self, key: str, value: object) -> None:
        """Write JSON into the bucket."""
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(value))

    def _functions(
        self, name: str, play: str, scene: Mapping[str, Any], limit: int
    ) -> dict[str, str]:
        """Deploy an actor for each function of the machine; ARNs by place."""
        functions = self.client("lambda")
        described = json.dumps({**scene, "folder": str(self.folder / play)})
        arns = {}
        for function in FUNCTIONS:
            place = function.replace("-", "_")
            if place in MACHINES[name].places:
                made = functions.create_function(
                    FunctionName=f"{play}-{function}",
                    Runtime="python3.12",
                    Role=ROLE,
                    Handler="actors.act",
                    Code={"ZipFile": _package()},
                    Timeout=limit,
                    Environment={"Variables": {"ACTOR": function, "SCENE": described}},
                )
                arns[place] = made["FunctionArn"]
        return arns

    def _topic(self, play: str) -> tuple[str, str]:
        topic = self.client("sns").create_topic(Name=play)["TopicArn"]
        queues = self.client("sqs")
        queue = queues.create_queue(QueueName=play)["QueueUrl"]
        asked = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        self.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"]
        )
        return topic, queue

    def _messages(self, queue: str) -> list[tuple[str, str]]:
        received = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        return [(body["Subject"], body["Message"]) for body in bodies]

    def _end_of(self, arn: str) -> Any:
        machines = self.client("stepfunctions")
        while (found := machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.05)
        return found

    def _visited(self, arn: str) -> frozenset[str]:
        machines = self.client("stepfunctions")
        events = machines.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        entered = [event.get("stateEnteredEventDetails") for event in events]
        return frozenset(state["name"] for state in entered if state)

    def _calls(self, play: str) -> dict[str, dict[str, list[Any]]]:
        calls: dict[str, dict[str, list[Any]]] = {}
        notes = (self.folder / play).glob("*/*.json")
        for path in sorted(notes, key=lambda path: int(path.stem.rpartition("-")[2])):
            of_item = calls.setdefault(path.parent.name, {})
            of_item.setdefault(path.stem.rpartition("-")[0], []).append(
                json.loads(path.read_text(encoding="utf-8"))
            )
        return calls


@pytest.fixture(scope="session")
def clients(local_aws: LocalAws) -> Callable[[str], Any]:
    """Clients of the emulation, each made once: that takes longer than most plays."""
    client = cache(local_aws.client)
    client("iam").create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}")
    return client


@pytest.fixture
def stage(clients: Callable[[str], Any], socket_enabled: None, tmp_path: Path) -> Stage:
    """A stage with a bucket of its own."""
    made = Stage(clients, tmp_path)
    place = {"LocationConstraint": "ap-southeast-2"}
    clients("s3").create_bucket(Bucket=made.bucket, CreateBucketConfiguration=place)
    return made


@pytest.fixture
def planned(stage: Stage) -> Stage:
    """A stage on which a sweep's plan lies in the bucket."""
    stage.put("plan.json", PLAN)
    return stage


@pytest.fixture(scope="session")
def validate() -> Callable[[Path], str]:
    """asl-validator, in a folder that git does not see: what it has to say of a file."""
    program = _validator()

    def judge(path: Path) -> str:
        command = [str(program), "--json-path", str(path)]
        judged = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if judged.returncode == 0 else judged.stdout + judged.stderr

    return judge


def _validator() -> Path:
    npm = shutil.which("npm")
    home = TOOLS / VALIDATOR
    program = home / "node_modules" / ".bin" / "asl-validator"
    if program.exists():
        return program
    if npm is None:
        pytest.skip(f"no npm here to install {VALIDATOR}: install Node.js")
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / ".gitignore").write_text("*\n", encoding="utf-8")
    own = TOOLS / f"{VALIDATOR}.{os.getpid()}"
    shutil.copytree(HERE / "asl-validator", own)
    install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    installed = subprocess.run(install, cwd=own, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        shutil.rmtree(own)
        pytest.skip(f"npm cannot install {VALIDATOR} here: {installed.stderr.strip()[-300:]}")
    try:
        own.rename(home)
    except OSError:  # another worker was faster
        shutil.rmtree(own)
    return program


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(HERE / "actors.py", "actors.py")
    return buffer.getvalue()
