"""The checks on the emulation, as far as that goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.verification import backtests
from stockstream.aws.verification.checks import CHECKS, verdict
from stockstream.aws.verification.site import Site, Wrong
from stockstream.runners.stack import Stack
from stockstream.study.result import StudyResult
from stockstream.study.validation.consolidation import year_results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud

    from stockstream.study.validation.consolidation import Part

SHOWN = {
    "package": "2 pieces",
    "image": "plan-sweep answered",
    "create-only": "refused",
    "years": "17 metrics equal",
    "step-functions": "a second start was refused",
    "tolerance": "6 of 20: StepFunctions.ExceedToleratedFailureThreshold",
    "aws-batch": "24 trials",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_what_it_shows_is_verified(name: str, site: Site, cloud: Cloud) -> None:
    before = cloud.keys("runs/s-")
    found = verdict(name, site)
    assert found.outcome == "verified", found.detail
    assert SHOWN[name] in found.detail
    assert cloud.keys("runs/s-") == before, "a check leaves no sweep behind"
    assert not [key for key in cloud.keys("runs/") if "verify-" in key.split("/")[1]]


@pytest.mark.slow
def test_files_that_are_missing_are_a_failure(site: Site, cloud: Cloud) -> None:
    found = verdict("result-writer", site)
    assert (found.outcome, "SUCCEEDED_0.json" in found.detail) == ("failed", True)
    assert cloud.keys("runs/map/") == []


@pytest.mark.slow
def test_other_numbers_are_a_failure(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = iter(("one of here", "another of there"))
    monkeypatch.setattr(StudyResult, "digest", property(lambda _: next(digests)))
    found = verdict("aws-batch", site)
    assert (found.outcome, found.detail[:6]) == ("failed", "digest")


@pytest.mark.slow
def test_a_bucket_that_lets_everyone_in_is_a_failure(site: Site) -> None:
    with pytest.raises(Wrong, match="read without keys"):
        CHECKS["private"](site)


@pytest.mark.slow
def test_a_bucket_without_a_lake_tells_nothing(
    cloud: Cloud, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = f"{cloud.prefix}empty"
    where = {"LocationConstraint": "ap-southeast-2"}
    cloud.local.client("s3").create_bucket(Bucket=empty, CreateBucketConfiguration=where)
    monkeypatch.setattr(Stack, "bucket", property(lambda _: empty))
    found = verdict("aws-batch", site)
    assert found.outcome == "could not be checked"
    assert "stockstream lake copy" in found.detail


@pytest.mark.slow
def test_a_stack_that_is_not_there_is_a_failure(
    aws_environment: dict[str, str], tmp_path: Path
) -> None:
    found = verdict("package", Site(Stack.of("nowhere-"), tmp_path))
    assert found.outcome == "failed"
    assert "deploy aws apply" in found.detail


@pytest.mark.slow
def test_numbers_that_differ_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(parts: Sequence[Part]) -> list[dict[str, Any]]:
        found = year_results(parts)
        found[0]["result"]["metrics"]["sharpe"] = 9.5
        return found

    monkeypatch.setattr(backtests, "year_results", other)
    found = verdict("years", site)
    assert found.outcome == "failed"
    assert re.fullmatch(
        r"the results differ: 0\.result\.metrics\.sharpe is \S+ there and 9\.5 here", found.detail
    )
