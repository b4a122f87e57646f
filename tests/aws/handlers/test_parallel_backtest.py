"""The workflow by year and by ticker, with the real machine, functions and package."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.local import Faults
from stockstream.aws.machines import MACHINES, render
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.result import json_ready
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.study.plan import plan_study
from stockstream.study.validation.consolidation import consolidate, ticker_results, year_results
from stockstream.study.validation.documents import by_ticker_document, by_year_document
from stockstream.testing.market import FIRST, LAST

if TYPE_CHECKING:
    from stockstream.aws.local import LocalAws

NAME = "backtest-workflow"
IMAGE = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:1"
SCRIPT = Path(__file__).parents[3] / "scripts" / "make_lambda_zip.py"
PARAMS: dict[str, Any] = {"strategy_class": "MovingAverageCrossover", "fast_period": 5}
DAYS = {"start_date": "2018-01-01", "end_date": "2021-12-31"}


def light_package(folder: Path) -> bytes:
    spec = importlib.util.spec_from_file_location("make_lambda_zip", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(["--installed", "--output", str(folder / "light.zip")])
    return (folder / "light.zip").read_bytes()


class Workflow:
    """The machine with its functions, over the lake of a bucket."""

    def __init__(self, local: LocalAws, bucket: str, package: bytes) -> None:
        self.local, self.bucket, self.package = local, bucket, package
        self.stack = f"w{uuid4().hex[:8]}-"
        trust = json.dumps({"Statement": []})
        role = local.client("iam").create_role(RoleName=self.stack, AssumeRolePolicyDocument=trust)
        self.role = role["Role"]["Arn"]
        places = [name for name in FUNCTIONS if name.replace("-", "_") in MACHINES[NAME].places]
        arns = {name.replace("-", "_"): self._deploy(name) for name in places}
        definition = render(MACHINES[NAME], {**arns, "bucket": bucket, "map_state_concurrency": 2})
        made = local.client("stepfunctions").create_state_machine(
            name=self.stack + NAME, definition=definition, roleArn=self.role
        )
        self.arn = made["stateMachineArn"]

    def run(self, given: dict[str, Any]) -> dict[str, Any]:
        """The description of an execution that has ended."""
        client = self.local.client("stepfunctions")
        arn = client.start_execution(
            stateMachineArn=self.arn, name=uuid4().hex, input=json.dumps(given)
        )["executionArn"]
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.05)
        described: dict[str, Any] = found
        return described

    def _deploy(self, name: str) -> str:
        function = FUNCTIONS[name]
        code: dict[str, Any] = (
            {"Code": {"ZipFile": self.package}, "Handler": function.handler}
            | {"Runtime": "python3.12", "PackageType": "Zip"}
            if function.package == "zip"
            else {"Code": {"ImageUri": IMAGE}, "PackageType": "Image"}
            | {"ImageConfig": {"Command": [function.handler]}}
        )
        made = self.local.client("lambda").create_function(
            FunctionName=self.stack + name,
            Role=self.role,
            Timeout=function.timeout,
            MemorySize=function.memory,
            Environment={"Variables": {"S3_BUCKET_NAME": self.bucket}},
            **code,
        )
        arn: str = made["FunctionArn"]
        return arn


@pytest.mark.slow
def test_the_whole_output_of_an_execution(
    local_aws: LocalAws, aws_bucket: tuple[str, str], tmp_path: Path
) -> None:
    name, url = aws_bucket
    fetch(SimulatedProvider(companies=4, seed=2), (), FIRST, LAST, url)
    workflow, lake = Workflow(local_aws, name, light_package(tmp_path)), Lake.open(url)
    config = BacktestConfig(**PARAMS, **DAYS)

    ended = workflow.run({"startYear": 2018, "endYear": 2021, "additionalParams": PARAMS})
    assert ended["status"] == "SUCCEEDED", ended
    [joined] = consolidate(plan_study(config, lake, split="year"), lake, [0])
    output = json.loads(ended["output"])
    summary = output["finalResult"]["summary"]
    assert summary.pop("joinedMetrics") == json_ready(joined.metrics.as_dict())
    assert summary.pop("failures") == {}
    assert output == by_year_document(2018, 2021, PARAMS, year_results(joined.parts))

    wrong = Faults(seed=3, s3_errors=0.05, s3_delay=0.01, deliveries=(1, 5))
    with local_aws.faults(wrong) as injected:
        again = workflow.run({"startYear": 2018, "endYear": 2021, "additionalParams": PARAMS})
    assert again["status"] == "SUCCEEDED", again
    assert json.loads(again["output"]) == json.loads(ended["output"])
    assert injected["deliveries"] > 0
    assert injected["s3_errors"] > 0

    params, names = {**PARAMS, **DAYS}, lake.symbols()
    ended = workflow.run({"tickers": [*names, "NOPE.AX"], "additionalParams": params})
    assert ended["status"] == "SUCCEEDED", ended
    [joined] = consolidate(plan_study(config, lake, split="ticker"), lake, [0])
    output = json.loads(ended["output"])
    failed = output["tickerResults"].pop()
    assert failed["ticker"] == "NOPE.AX"
    summary = output["finalResult"]["summary"]
    assert summary.pop("joinedMetrics") == json_ready(joined.metrics.as_dict())
    assert list(summary["failures"]) == [*joined.failures, "NOPE.AX"]
    assert summary.pop("failures")["NOPE.AX"].startswith("unknown symbol 'NOPE.AX'")
    output["tickers"].pop()
    output["tickerResults"] = [one for one in output["tickerResults"] if "error" not in one]
    assert output == by_ticker_document(names, params, ticker_results(joined.parts))

    ended = workflow.run({"startYear": 2021, "endYear": 2018, "additionalParams": PARAMS})
    assert ended["status"] == "FAILED"
    assert (ended["error"], ended["cause"]) == (
        "ConfigError",
        "endYear 2018 lies before startYear 2021: swap them?",
    )
    alone = {"strategy_class": "LongShortEquityStrategy"}
    ended = workflow.run({"tickers": names[:2], "additionalParams": alone})
    assert ended["status"] == "FAILED"
    assert "holds symbols against each other" in ended["cause"]
