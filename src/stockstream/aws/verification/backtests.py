"""Checks by small runs of backtests: the same numbers as here, whatever they went through.

Each returns what it found in a line, and raises :class:`~stockstream.aws.verification.site.Wrong`
or :class:`~stockstream.aws.verification.site.CannotTell`. What a sweep leaves there is removed.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from stockstream.aws.requests import year_config
from stockstream.aws.verification.site import CannotTell, Wrong, demand
from stockstream.errors import StockstreamError
from stockstream.report.comparison import differences
from stockstream.runners.choice import cloud_runner
from stockstream.settings import AwsSettings, Settings
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore
from stockstream.study.runs.plans import Item, plan_file
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_study
from stockstream.study.validation.consolidation import part_from, run_again, year_results

if TYPE_CHECKING:
    from stockstream.aws.verification.site import Site
    from stockstream.study.study import Study

__all__ = ["aws_batch", "result_writer", "step_functions", "tolerance", "years"]

ITEMS: Final = 20
SHOWN: Final = 3
"""Numbers that differ, of which the verdict says what they are."""

SOME, MANY = 1, 6
"""Of the items: fewer and more than the tenth that the machine tolerates."""


def years(site: Site) -> str:
    """The workflow by year gives what this machine gives."""
    asked = site.study(0).config
    year = asked.end_date.year - 1
    params = {
        "strategy": asked.strategy_class,
        "symbols": list(asked.universe or ()),
        "initialCapital": asked.initial_capital,
    }
    event = {"startYear": year, "endYear": year, "additionalParams": params}
    ended = site.end(site.start(site.stack.machine, f"verify-years-{site.salt}", event))
    demand(ended["status"] == "SUCCEEDED", f"{ended.get('error')}: {ended.get('cause')}")
    study = plan_study(year_config(year, params), site.lake, split="year", blocks=1)
    [found] = run_again(study, site.lake, [0])
    if isinstance(found, StockstreamError):
        raise found
    expected = year_results([part_from(study.pieces[0], found, described=True)])
    there = json.loads(ended["output"])["yearResults"]
    demand(there == expected, f"the results differ: {_differences(there, expected)}")
    return f"{year}, {len(expected[0]['result']['metrics'])} metrics equal"


def _differences(there: list[Any], here: list[Any]) -> str:
    """The first numbers that differ, by name."""
    numbered = [{str(place): one for place, one in enumerate(rows)} for rows in (there, here)]
    found = differences(numbered).items()
    lines = [f"{name} is {theirs!r} there and {ours!r} here" for name, (theirs, ours) in found]
    return "; ".join(lines[:SHOWN])


def step_functions(site: Site) -> str:
    """A sweep by Distributed Map has the digest of this machine; its name starts only once."""
    study = site.study(1)
    try:
        told = _same_digest(site, "step-functions", study)
        _end(site, study)
        event = {"run": study.name, "attempt": "1"}
        again = site.client("stepfunctions").exceptions.ExecutionAlreadyExists
        try:
            site.start(site.stack.machine, f"{study.name}-1", event)
        except again:
            return f"{told}; a second start was refused"
        raise Wrong("the same name was started twice")
    finally:
        _remove(site, study)


def result_writer(site: Site) -> str:
    """The Map's results are in files, in a folder with the execution's name."""
    study = site.study(2)
    try:
        _same_digest(site, "step-functions", study)
        _end(site, study)
        place = site.runs_there.child(f"map/{study.name}-1")
        names = [file.name for file in place.files()]
        for wanted in ("manifest.json", "SUCCEEDED_0.json"):
            demand(any(n.endswith(wanted) for n in names), f"no {wanted} in {place}, but {names}")
        return f"{len(names)} files in {place}"
    finally:
        _remove(site, study)


def tolerance(site: Site) -> str:
    """One failed item of twenty is tolerated, six are not."""
    study = site.study(3)
    store = BucketStore.create(site.runs_there, study)
    try:
        for attempt, bad, expected in (("1", SOME, "SUCCEEDED"), ("2", MANY, "FAILED")):
            _write_plan(store, study, attempt, bad)
            event = {"run": study.name, "attempt": attempt}
            ended = site.end(site.start(site.stack.machine, f"{study.name}-{attempt}", event))
            said = f"{ended.get('error')}: {ended.get('cause')}"
            demand(ended["status"] == expected, f"{bad} of {ITEMS}: {ended['status']}, {said}")
        demand("ExceedToleratedFailureThreshold" in said, said)
        return f"{SOME} of {ITEMS} passed; {MANY} of {ITEMS}: {ended['error']}"
    finally:
        _remove(site, study)


def aws_batch(site: Site) -> str:
    """A sweep by an array job has the digest of this machine."""
    study = site.study(4)
    try:
        return _same_digest(site, "aws-batch", study)
    finally:
        _remove(site, study)


def _write_plan(store: BucketStore, study: Study, attempt: str, bad: int) -> None:
    """A plan of which some items name a chunk that the study does not have."""
    chunks = len(study.chunks)
    numbers = [chunks if at < bad else at % chunks for at in range(ITEMS)]
    items = [Item(study.name, attempt, (number,)).as_dict() for number in numbers]
    store.place.create(plan_file(attempt), json.dumps(items).encode())


def _same_digest(site: Site, kind: str, study: Study) -> str:
    """Run a study in the cloud and here, and compare every number."""
    where = AwsSettings(region=site.stack.region, prefix=site.stack.prefix, at_once=4)
    runner = cloud_runner(kind, site.runs, site.url, settings=Settings(aws=where))
    began, deadline = time.monotonic(), time.monotonic() + site.patience
    run = runner.submit(study)
    for status in runner.follow(run):
        if time.monotonic() > deadline and not status.has_ended:
            runner.cancel(run)
            raise CannotTell(f"{run} has not ended after {site.patience:.0f} s")
    demand(status.state == "done", f"{run} is {status.state}: {status.error} {status.failures}")
    kept = MemoryStore()
    run_study(study, site.lake, kept, workers=1)
    here, there = StudyResult(study, kept).digest, runner.result(run).digest
    demand(here == there, f"digest {there[:12]} there, {here[:12]} here")
    return f"{study.trials} trials in {time.monotonic() - began:.0f} s, digest {here[:12]}"


def _end(site: Site, study: Study) -> None:
    """Wait for the end of the execution: all results are there a moment before it."""
    machine = site.stack.machine.replace(":stateMachine:", ":execution:")
    ended = site.end(f"{machine}:{study.name}-1")
    demand(ended["status"] == "SUCCEEDED", f"{ended.get('error')}: {ended.get('cause')}")


def _remove(site: Site, study: Study) -> None:
    """Remove what a check left in the bucket."""
    BucketStore(site.runs_there.child(study.name), study).erase()
    for attempt in ("1", "2"):
        place = site.runs_there.child(f"map/{study.name}-{attempt}")
        for name in [file.name for file in place.files()]:
            place.remove(name)
