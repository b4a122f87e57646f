"""The whole cloud, rehearsed on this machine with real data: no account, no Docker.

    python scripts/rehearse_aws.py

Real Terraform makes the stack in the emulation that ``stockstream aws local up`` starts. Then:

1. the daily pipeline over 500 real symbols, from a server on this machine that speaks as Yahoo:
   a first load, a day with a poison batch and a burst of refusals, and the day after it;
2. the workflow by year from 2000 to 2010, and by ticker, compared field by field with this machine;
3. a sweep of 10,000 trials by Step Functions and by AWS Batch, and one of each shipped strategy:
   their digests must be those of the local runner;
4. ``destroy``, which must leave nothing.

The data lies beside the checkout, in ``../shared/data`` (``STOCKSTREAM_SHARED_DATA``).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import polars as pl

from stockstream.aws.local import LocalAws
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.result import json_ready
from stockstream.ingest.factors.importer import import_factors
from stockstream.ingest.importer import import_files
from stockstream.ingest.sources import list_source, opened
from stockstream.ingest.update import update
from stockstream.lake.store import Lake
from stockstream.market.simulated import SimulatedMarket, simulate_fundamentals
from stockstream.settings import FetchSettings, ListSettings, Settings, YahooSettings
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import FolderStore
from stockstream.study.validation.consolidation import consolidate, ticker_results, year_results
from stockstream.study.validation.documents import by_ticker_document, by_year_document
from stockstream.testing.source_server import (
    Burst,
    FaultPlan,
    Poison,
    SourceServer,
    market_from_bars,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
MARKET, YAHOO = "asx_market_2019_2023.parquet", "asx_yahoo_1988_2016.parquet"
PREFIX = "rehearsal-"
SYMBOLS, POISONED = 500, 2
HURRY = 0.01  # the documented waits of 30 and 60 seconds are 0.3 and 0.6
LOOK = 0.1

PIPELINE, WORKFLOW = "stock-data-pipeline", "backtest-workflow"
YEARS = {"strategy": "MovingAverageCrossover", "fast_period": 20, "slow_period": 50}
SWEEPS: dict[str, tuple[str, ...]] = {
    "MovingAverageCrossover": ("--grid", "fast_period=5:24:20", "--grid", "slow_period=30:79:50"),
    "RSIMeanReversion": ("--grid", "oversold=20,25,30", "--grid", "overbought=70,75,80"),
    "MeanReversionStrategy": ("--grid", "lookback_period=20,30,40"),
    "MomentumStrategy": ("--grid", "momentum_period=10,20,30"),
    "LongShortEquityStrategy": ("--grid", "rebalance_period=7,14,21"),
}


@dataclass
class Rehearsal:
    """What the steps share.

    Attributes:
        folder: for everything that is written.
        shared: where the real data is.
        local: the emulation.
        found: what was checked, and whether it is right.
    """

    folder: Path
    shared: Path
    local: LocalAws
    found: list[tuple[str, bool]] = field(default_factory=list)

    def check(self, what: str, holds: object) -> None:
        """Say whether something is right."""
        self.found.append((what, bool(holds)))
        print(f"  {'ok' if holds else 'WRONG':5} {what}", flush=True)

    def command(self, *words: str | Path, codes: Sequence[int] = (0,)) -> str:
        """What a command of ours prints, in the environment of the emulation.

        Raises:
            RuntimeError: it ended with another code.
        """
        ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "stockstream", *map(str, words)],
            cwd=ROOT,
            env={**ours, **self.local.environment, "STOCKSTREAM__AWS__PREFIX": PREFIX},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in codes:
            shown = " ".join(map(str, words))
            raise RuntimeError(f"stockstream {shown} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def deploy(self, command: str, *words: str) -> Any:
        """A command of the stack, its document."""
        rehearsed = ("--local", "--folder", self.local.folder, "--prefix", PREFIX, "--json")
        return json.loads(self.command("deploy", "aws", command, *rehearsed, *words))

    def execute(self, machine: str, given: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Run a state machine to its end: its description, and the seconds."""
        client = self.local.client("stepfunctions")
        machines = client.list_state_machines()["stateMachines"]
        arn = next(m["stateMachineArn"] for m in machines if m["name"] == PREFIX + machine)
        began = time.perf_counter()
        execution = client.start_execution(
            stateMachineArn=arn, name=uuid4().hex, input=json.dumps(given)
        )["executionArn"]
        while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(LOOK)
        return dict(found), time.perf_counter() - began


def rehearse_pipeline(
    run: Rehearsal, bucket: str, server: SourceServer, days: list[dt.date]
) -> None:
    """Three sessions: a first load, one with faults, one that makes up for them."""
    queue = run.local.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
    topics = run.local.client("sns").list_topics()["Topics"]
    topic = next(t["TopicArn"] for t in topics if t["TopicArn"].endswith("stock-stream-alerts"))
    arn = topic.replace(":sns:", ":sqs:").rpartition(":")[0] + ":heard"
    run.local.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    symbols: list[str] = []
    for day, plan in zip(days, ("none", "faults", "none"), strict=True):
        server.today(day)
        poisoned = [f"{name}.AX" for name in symbols[100 * POISONED : 100 * (POISONED + 1)]]
        faults = FaultPlan(
            poison=(Poison("server_error", tuple(poisoned)),),
            bursts=(Burst(first=100, count=30, retry_after=1.0),),
        )
        server.plan(faults if plan == "faults" else FaultPlan())
        ended, seconds = run.execute(PIPELINE, {"date": str(day)})
        output = json.loads(ended.get("output") or "{}")
        symbols = symbols or output["symbols"]
        summary = output.get("summary", {})
        print(f"  {day}: {ended['status']}, {summary.get('state')}, {seconds:.1f} s", flush=True)
        failed = [int(number) for number in summary.get("batches_failed", {})]
        expected = [POISONED] if plan == "faults" else []
        run.check(f"{day}: {len(symbols)} symbols, failed batches {failed}", failed == expected)
        state = "partial" if plan == "faults" else "complete"
        run.check(f"{day}: the run is {state}", summary.get("state") == state)
    heard = run.local.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    told = [json.loads(one["Body"]) for one in heard.get("Messages", [])]
    run.check(f"one message came: {[one['Subject'] for one in told]}", len(told) == 1)
    place, settings = run.folder / "laptop", _settings(server)
    for day in days:
        server.today(day)
        with opened(settings) as source:
            update(place, source, list_source(settings)[1], settings=settings, session=day)
    ours, theirs = Lake.open(place), Lake.open(f"s3://{bucket}")
    for table in ("bars", "actions"):
        mine, other = getattr(ours, table)(), getattr(theirs, table)()
        run.check(f"{len(other):,} {table}, those of this machine", mine.equals(other))


def _settings(server: SourceServer) -> Settings:
    return Settings(
        symbols=ListSettings(url=server.directory_url, shrink_limit=0.5),
        yahoo=YahooSettings(base_url=server.url),
        fetch=FetchSettings(rate=1e5, history_years=1),
    )


def rehearse_workflow(run: Rehearsal, lake: Lake) -> None:
    """By year and by ticker, beside what this machine makes of the same."""
    days = {"start_date": "2000-01-01", "end_date": "2010-12-31"}
    own = {name: value for name, value in YEARS.items() if name != "strategy"}
    config = BacktestConfig(strategy_class=str(YEARS["strategy"]), **days, **own)
    ended, seconds = run.execute(
        WORKFLOW, {"startYear": 2000, "endYear": 2010, "additionalParams": YEARS}
    )
    [joined] = consolidate(plan_study(config, lake, split="year"), lake, [0])
    expected: Any = by_year_document(2000, 2010, YEARS, year_results(joined.parts))
    _compare(run, f"2000 to 2010 in {seconds:.1f} s", ended, expected, joined.metrics.as_dict())

    names = lake.symbols()[:12]
    params = {**YEARS, **days}
    ended, seconds = run.execute(WORKFLOW, {"tickers": names, "additionalParams": params})
    alone = config.changed(universe=tuple(names))
    [joined] = consolidate(plan_study(alone, lake, split="ticker"), lake, [0])
    ran = {part.label for part in joined.parts}
    expected = by_ticker_document(names, params, ticker_results(joined.parts))
    what = f"{len(names)} tickers, {len(names) - len(ran)} of them without bars, in {seconds:.1f} s"
    _compare(run, what, ended, expected, joined.metrics.as_dict())


def _compare(
    run: Rehearsal, what: str, ended: dict[str, Any], expected: Any, joined: dict[str, Any]
) -> None:
    output = json.loads(ended.get("output") or "{}")
    if not output:
        run.check(f"{what}: {ended.get('error')}: {ended.get('cause')}", holds=False)
        return
    summary = output["finalResult"]["summary"]
    run.check(f"{what}: joined metrics", summary.pop("joinedMetrics") == json_ready(joined))
    summary.pop("failures")
    for name in ("yearResults", "tickerResults"):
        if name in output:
            output[name] = [one for one in output[name] if "error" not in one]
    run.check(f"{what}: every field", output == expected)


def rehearse_sweeps(run: Rehearsal, bucket: str, symbols: int) -> None:
    """The same sweep by three runners, for each strategy that is shipped."""
    names = ",".join(Lake.open(f"s3://{bucket}").symbols()[:symbols])
    for strategy, grid in SWEEPS.items():
        split = () if strategy == "LongShortEquityStrategy" else ("--split", "ticker")
        digests, seconds = {}, {}
        for runner in ("local", "step-functions", "aws-batch"):
            runs = run.folder / "runs" / runner
            began = time.perf_counter()
            said = run.command(
                *("sweep", "--lake", f"s3://{bucket}", "--strategy", strategy, *grid, *split),
                *("--symbols", names, "--start-date", "2000-01-01", "--end-date", "2010-12-31"),
                *("--commission-bps", "10", "--runner", runner, "--runs", runs, "--json"),
                codes=(0, 3),
            )
            seconds[runner] = time.perf_counter() - began
            name = json.loads(said)["name"]
            store = FolderStore.open(runs / name)
            digests[runner] = StudyResult(store.study, store).digest
            trials = store.study.trials
            # else the next runner finds the results in the bucket, and has nothing to do
            run.command("runs", "delete", "--yes", name, "--runs", runs)
        took = ", ".join(f"{runner} {seconds[runner]:.1f} s" for runner in digests)
        run.check(
            f"{strategy}: {trials:,} trials, digest {digests['local'][:12]} ({took})",
            len(set(digests.values())) == 1,
        )


def rehearse(folder: Path, shared: Path, symbols: int) -> list[tuple[str, bool]]:
    """All steps; gives what was checked, and whether it is right."""
    bars = pl.read_parquet(shared / MARKET).filter(pl.col("date") >= dt.date(2022, 10, 1))
    longest = bars.group_by("symbol").len().sort("len", "symbol", descending=[True, False])
    bars = bars.filter(pl.col("symbol").is_in(longest["symbol"].head(SYMBOLS).implode()))
    days: list[dt.date] = bars["date"].unique().sort().to_list()[-3:]
    market = market_from_bars(bars, folder / "market")
    with (
        SourceServer.start(market.folder, today=days[0]) as server,
        LocalAws.start(folder / "aws", hurry=HURRY) as local,
    ):
        os.environ.update(local.environment)
        run = Rehearsal(folder, shared, local)
        settings = {
            "STOCKSTREAM__YAHOO__BASE_URL": server.url,
            "STOCKSTREAM__SYMBOLS__URL": server.directory_url,
            "STOCKSTREAM__SYMBOLS__SHRINK_LIMIT": "0.5",
            "STOCKSTREAM__FETCH__RATE": "100000",
            "STOCKSTREAM__FETCH__HISTORY_YEARS": "1",
            "STOCKSTREAM__FETCH__PATIENCE": "1",
        }
        bucket = _timed("apply", lambda: _apply(run, settings))
        _timed("the daily pipeline", lambda: rehearse_pipeline(run, bucket, server, days))
        _empty(local, bucket)
        lake = Lake.create(folder / "years", calendar="XASX")
        import_files([shared / YAHOO], lake)
        import_factors([Drawn(lake)], lake)
        run.command("lake", "copy", f"s3://{bucket}", "--lake", folder / "years")
        _timed("the workflow by year and by ticker", lambda: rehearse_workflow(run, lake))
        _timed("sweeps", lambda: rehearse_sweeps(run, bucket, symbols))
        removed = _timed("destroy", lambda: run.deploy("destroy"))
        run.check(f"{removed['resources']} resources are gone", not removed["left"])
    return run.found


def _apply(run: Rehearsal, settings: dict[str, str]) -> str:
    applied = run.deploy("apply", "--var", f"settings={json.dumps(settings)}")
    again = run.deploy("plan")
    run.check(f"{sum(map(_count, applied['counts'].values()))} resources", applied["outputs"])
    run.check("planned again: nothing to change", not again["counts"])
    return str(applied["outputs"]["bucket"])


def _count(kinds: dict[str, int]) -> int:
    return sum(kinds.values())


@dataclass(frozen=True)
class Drawn:
    """Figures of the companies, of which there are no real ones: the same for the same prices."""

    lake: Lake
    name: str = "drawn"

    def read(self) -> pl.DataFrame:
        """symbol, date, name, value."""
        lake = self.lake
        return simulate_fundamentals(SimulatedMarket(lake.bars(), lake.actions(), pl.DataFrame()))


def _empty(local: LocalAws, bucket: str) -> None:
    """Make room for another lake."""
    client = local.client("s3")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=one["Key"])


def _timed(what: str, step: Callable[[], Any]) -> Any:
    print(what, flush=True)
    began = time.perf_counter()
    found = step()
    print(f"  {time.perf_counter() - began:.1f} s", flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse; 0 if everything is right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=10, help="of the sweeps")
    parser.add_argument("--work", type=Path, help="folder to keep what is written")
    asked = parser.parse_args(arguments)
    place = os.environ.get("STOCKSTREAM_SHARED_DATA", ROOT.parent / "shared" / "data")
    shared = Path(place)
    if not (shared / MARKET).is_file():
        print(f"no real data at {shared}: set STOCKSTREAM_SHARED_DATA", file=sys.stderr)
        return 1
    if shutil.which("terraform") is None:
        print("terraform is not installed", file=sys.stderr)
        return 1
    with TemporaryDirectory() as folder:
        found = rehearse(asked.work or Path(folder), shared, asked.symbols)
    wrong = [what for what, holds in found if not holds]
    print(f"{len(found) - len(wrong)} of {len(found)} checks hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
