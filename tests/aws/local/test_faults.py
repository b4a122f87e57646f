"""What goes wrong on purpose, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.local import Faults
from stockstream.aws.local.faults import Misfortune
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.aws.local import LocalAws

APPEND = """
import pathlib, time

def handler(event, context):
    with pathlib.Path(event["file"]).open("a") as file:
        file.write(f"{event['number']}\\n")
    time.sleep(event.get("seconds", 0))
    return event["number"]
"""


def test_the_same_seed_draws_the_same() -> None:
    faults = Faults(seed=3, s3_errors=0.3, kill_workers=0.2, deliveries=(1, 5))

    def draws() -> list[Any]:
        fortune = Misfortune(faults)
        return [
            (fortune.fails_s3(), fortune.kill_worker(), fortune.deliveries()) for _ in range(200)
        ]

    first = draws()
    assert draws() == first
    refused = sum(refused for refused, _, _ in first)
    assert 30 < refused < 90
    assert {len(again) for _, _, again in first} == {0, 1, 2, 3, 4}


def test_nothing_goes_wrong_by_itself() -> None:
    fortune = Misfortune()
    drawn = [fortune.fails_s3(), fortune.kill_worker(), fortune.kill_job(), fortune.deliveries()]
    assert drawn == [False, None, None, []]
    assert fortune.s3_delay() == 0
    items = list(range(100))
    fortune.shuffled(items)
    assert items == list(range(100))
    assert not any(fortune.injected.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"s3_errors": 1.5}, "s3_errors is a share"),
        ({"kill_jobs": -0.1}, "kill_jobs is a share"),
        ({"deliveries": (0, 2)}, "at least one"),
        ({"deliveries": (3, 2)}, "at least one"),
        ({"s3_delay": -1.0}, "s3_delay is a number of seconds"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Faults(**options)


def test_s3_is_refused_with_slow_down_and_nothing_else_is(
    account: Any, aws_bucket: tuple[str, str]
) -> None:
    from botocore.config import Config
    from botocore.exceptions import ClientError

    local, (name, _) = account.local, aws_bucket
    once = local.client("s3", Config(retries={"total_max_attempts": 1}))
    with local.faults(Faults(s3_errors=1.0)) as injected:
        with pytest.raises(ClientError, match="SlowDown") as refused:
            once.put_object(Bucket=name, Key="a", Body=b"1" * 100_000)
        assert local.client("sns").list_topics()["Topics"] is not None
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert injected["s3_errors"] == 1
    once.put_object(Bucket=name, Key="a", Body=b"1")
    assert once.get_object(Bucket=name, Key="a")["Body"].read() == b"1"


@pytest.mark.slow
def test_a_call_is_delivered_one_to_five_times(account: Any, tmp_path: Path) -> None:
    name, file = account.function(APPEND), tmp_path / "calls"
    with account.local.faults(Faults(seed=1, deliveries=(1, 5))) as injected:
        for number in range(20):
            assert account.call(name, {"file": str(file), "number": number}) == number
    calls = [int(line) for line in file.read_text().splitlines()]
    assert set(calls) == set(range(20))
    assert len(calls) == 20 + injected["deliveries"]
    assert 1 < max(map(calls.count, calls)) <= 5


@pytest.mark.slow
def test_a_process_is_lost_in_the_middle(account: Any, tmp_path: Path) -> None:
    name, file = account.function(APPEND), tmp_path / "calls"
    with account.local.faults(Faults(seed=1, kill_workers=0.5)) as injected:
        answers = [
            account.call(name, {"file": str(file), "number": number, "seconds": 0.5})
            for number in range(8)
        ]
    lost = [answer for answer in answers if not isinstance(answer, int)]
    assert {answer["errorType"] for answer in lost} == {"Runtime.ExitError"}
    assert 0 < len(lost) == injected["kill_workers"] < 8


@pytest.mark.slow
def test_a_job_is_lost_as_by_a_reclaimed_machine_and_tries_again(account: Any) -> None:
    rules = [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]
    retry = {"attempts": 10, "evaluateOnExit": rules}
    definition = account.definition(
        ("python", "-c", "import time; time.sleep(4)"), retryStrategy=retry
    )
    with account.local.faults(Faults(seed=3, kill_jobs=0.6)) as injected:
        job = account.ended_job(account.submit(account.queue(), definition))
    assert job["status"] == "SUCCEEDED"
    assert len(job["attempts"]) == 1 + injected["kill_jobs"] > 1
    assert job["attempts"][0]["statusReason"].startswith("Host EC2")


def test_items_of_a_map_come_in_any_order(account: Any, tmp_path: Path) -> None:
    file = tmp_path / "calls"
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": account.function(APPEND), "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    }
    processor = {"StartAt": "Call", "States": {"Call": call}}
    machine = account.machine(
        "Each", Each={"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    )
    items = [{"file": str(file), "number": number} for number in range(12)]
    with account.local.faults(Faults(seed=1, shuffle=True)):
        assert account.execute(machine, items)["output"] == list(range(12))
    order = list(map(int, file.read_text().splitlines()))
    assert order != sorted(order)
    assert sorted(order) == list(range(12))


@pytest.mark.slow
def test_faults_can_be_there_from_the_start(tmp_path: Path, socket_enabled: None) -> None:
    from botocore.exceptions import ClientError

    from stockstream.aws.local import LocalAws

    with LocalAws.start(tmp_path, faults=Faults(s3_errors=1.0)) as local:
        assert _lists_buckets(local, ClientError) is False


def _lists_buckets(local: LocalAws, error: type[Exception]) -> bool:
    from botocore.config import Config

    try:
        local.client("s3", Config(retries={"total_max_attempts": 1})).list_buckets()
    except error:
        return False
    return True
