"""Deploying to a folder: whole or with nothing of it visible, and back if it cannot be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.runners.airflow.small_airflow import Fault

from stockstream.errors import CloudError, ConfigError, PartialError
from stockstream.lake.location import Location
from stockstream.runners.airflow import bundle as bundle_module
from stockstream.runners.airflow.bundle import DAGS, MANIFEST, build_bundle
from stockstream.runners.airflow.deploy import Deployment, demand_place, deployed_at
from stockstream.runners.airflow.parsed import BrokenBundleError
from stockstream.runners.airflow.rollout import roll_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runners.airflow.small_airflow import SmallAirflow

    from stockstream.runners.airflow.bundle import Bundle
    from stockstream.runners.airflow.parsed import Seen
    from stockstream.runners.airflow.token_api import TokenApi

STATIC = {"stockstream_loader", "stockstream_pipeline", "stockstream_sweep"}
POINTER = "stockstream/__init__.py"


def configs(*names: str) -> dict[str, bytes]:
    return {f"{name}.json": json.dumps({"dag_id": name}).encode() for name in names}


def deploy(bundle: Bundle, folder: Path, **options: Any) -> Deployment:
    deployment = Deployment(bundle, demand_place(str(folder)), **options)
    deployment.write()
    deployment.finish()
    return deployment


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Bundle]:
    """Bundles of older states of the modules."""

    def make(number: int, **given: bytes) -> Bundle:
        real = bundle_module._modules

        def other(dags: Any) -> dict[str, bytes]:
            found = real(dags)
            return {**found, "errors.py": found["errors.py"] + f"# {number}\n".encode()}

        with monkeypatch.context() as patch:
            patch.setattr(bundle_module, "_modules", other)
            return build_bundle(given)

    return make


def test_what_is_written_and_that_twice_is_once(dags_folder: Path) -> None:
    bundle = build_bundle(configs("one"))
    first = deploy(bundle, dags_folder)
    assert first.changes.new == tuple(bundle.files)
    there = content(dags_folder)
    assert {name: there[name] for name in bundle.files} == bundle.files
    assert set(there) - set(bundle.files) == {MANIFEST}
    times = {path: path.stat().st_mtime_ns for path in dags_folder.rglob("*.py")}
    again = deploy(build_bundle(configs("one")), dags_folder)
    assert again.changes.written == again.changes.removed == ()
    assert times == {path: path.stat().st_mtime_ns for path in dags_folder.rglob("*.py")}
    assert content(dags_folder) == there
    assert deployed_at(str(dags_folder)).bundle == bundle.digest


def test_the_state_before_stays_and_the_one_before_that_goes(
    dags_folder: Path, older: Callable[[int], Bundle]
) -> None:
    bundles = [older(1), older(2), build_bundle({})]
    for bundle in bundles:
        deploy(bundle, dags_folder)
        made = dags_folder / "stockstream" / f"v_{bundle.code}" / "__pycache__"
        made.mkdir()
        (made / "errors.cpython-312.pyc").write_bytes(b"made by Python")
    there = {path.name for path in (dags_folder / "stockstream").iterdir() if path.is_dir()}
    assert there == {f"v_{bundle.code}" for bundle in bundles[1:]}
    pointer = (dags_folder / POINTER).read_text()
    assert pointer.endswith(f'/v_{bundles[2].code}"]\n')
    assert deploy(bundles[2], dags_folder).changes.removed == ()


def test_only_its_own_files_are_removed(dags_folder: Path) -> None:
    deploy(build_bundle(configs("one", "two")), dags_folder)
    theirs = dags_folder / DAGS / "configs" / "theirs.json"
    theirs.write_text("{}")
    (dags_folder / "their_dag.py").write_text("airflow dag")
    done = deploy(build_bundle(configs("two")), dags_folder)
    assert done.changes.removed == (f"{DAGS}/configs/one.json",)
    assert theirs.is_file()
    assert (dags_folder / "their_dag.py").is_file()


def test_configurations_stay_if_none_are_given(dags_folder: Path) -> None:
    deploy(build_bundle(configs("one")), dags_folder)
    deploy(build_bundle({}), dags_folder, keep_configs=True)
    assert (dags_folder / DAGS / "configs" / "one.json").is_file()
    assert deploy(build_bundle({}), dags_folder).changes.removed == (f"{DAGS}/configs/one.json",)
    assert not (dags_folder / DAGS / "configs").exists()


def test_files_of_somebody_else_are_not_written_over(dags_folder: Path) -> None:
    (dags_folder / "stockstream").mkdir()
    (dags_folder / POINTER).write_text("mine")
    with pytest.raises(ConfigError, match=r"did not write: stockstream/__init__\.py; move them"):
        Deployment(build_bundle({}), demand_place(str(dags_folder)))
    assert content(dags_folder) == {POINTER: b"mine"}


def test_a_file_that_somebody_edited_is_named_and_replaced(dags_folder: Path) -> None:
    deploy(build_bundle(configs("one")), dags_folder)
    file = dags_folder / DAGS / "configs" / "one.json"
    file.write_text("{}")
    done = deploy(build_bundle(configs("one")), dags_folder)
    assert done.changes.edited == (f"{DAGS}/configs/one.json",)
    assert file.read_bytes() == configs("one")["one.json"]


@pytest.mark.parametrize("at", [0, 1, 10, -6, -3, -1])
@pytest.mark.parametrize("is_first", [True, False])
def test_one_that_is_killed_leaves_nothing_visible_and_the_next_completes_it(
    dags_folder: Path,
    older: Callable[[int], Bundle],
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    is_first: bool,
) -> None:
    if not is_first:
        deploy(older(1), dags_folder)
    before = content(dags_folder)
    bundle = build_bundle(configs("one"))
    deployment = Deployment(bundle, demand_place(str(dags_folder)))
    left = at if at >= 0 else len(deployment.changes.written) + at
    replace = Location.replace

    def dying(place: Location, name: str, new: bytes) -> None:
        nonlocal left
        if name != MANIFEST:
            if left <= 0:
                raise KeyboardInterrupt
            left -= 1
        replace(place, name, new)

    with monkeypatch.context() as patch:
        patch.setattr("stockstream.runners.airflow.deploy.TOGETHER", 1)
        patch.setattr(Location, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            deployment.write()
    there = content(dags_folder)
    if at >= 0:  # no DAG, and what leads to the modules leads to those before
        assert {name for name in there if name.endswith(".py") and DAGS in name} == {
            name for name in before if name.endswith(".py") and DAGS in name
        }
        assert there.get(POINTER) == before.get(POINTER)
    elif there.get(POINTER) == bundle.modules[POINTER]:  # then all that it leads to is there
        assert all(there[name] == bundle.modules[name] for name in bundle.modules)
    done = deploy(bundle, dags_folder)
    assert done.changes.edited == ()
    assert {name: content(dags_folder)[name] for name in bundle.files} == bundle.files


def test_what_is_read_back_must_be_what_was_written(
    dags_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Location.read

    def other(place: Location, name: str) -> bytes:
        return b"other" if name.endswith("grid.py") else read(place, name)

    deployment = Deployment(build_bundle({}), demand_place(str(dags_folder)))
    monkeypatch.setattr(Location, "read", other)
    with pytest.raises(CloudError, match=r"grid\.py is not what was just written"):
        deployment.write()
    assert not (dags_folder / POINTER).exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"format": 1, "files": {"../../etc/passwd": "%s"}}' % ("0" * 64), "is damaged"),
        ('{"format": 1, "files": {"stockstream/../x": "%s"}}' % ("0" * 64), "is damaged"),
        ('{"format": 1, "files": {"stockstream/x.py": 3}}', "is damaged"),
        ('{"format": 1, "files": []}', "is damaged"),
        ('{"format": 1, "more": 1}', "is damaged"),
        ('{"format": 2}', "by a newer version of this package: upgrade it"),
    ],
)
def test_a_manifest_that_cannot_be_trusted(dags_folder: Path, damage: str, message: str) -> None:
    (dags_folder / DAGS).mkdir()
    (dags_folder / MANIFEST).write_text(damage)
    with pytest.raises(ConfigError, match=message):
        deployed_at(str(dags_folder))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere", r"there is no folder .*nowhere: .*core\.dags_folder"),
        ("ftp://host/dags", "DAGs go to a folder or to s3://bucket/folder"),
        ("s3://me:s3cr3t@bucket/dags", "cannot hold a user, a password or a query"),
    ],
)
def test_what_is_no_place(place: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        demand_place(place)
    assert "s3cr3t" not in str(caught.value)


def test_a_folder_that_cannot_be_written(
    dags_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = Deployment(build_bundle({}), demand_place(str(dags_folder)))

    def refuse(place: Location, name: str, _: bytes) -> None:
        raise PermissionError(13, "Permission denied", place.path(name))

    monkeypatch.setattr(Location, "replace", refuse)
    with pytest.raises(ConfigError, match=r"manifest\.json cannot be written: Permission denied"):
        deployment.write()


def rolled_out(
    api: TokenApi | None, folder: Path, bundle: Bundle, *wanted: str, patience: float = 5.0
) -> Seen | None:
    deployment = Deployment(bundle, demand_place(str(folder)))
    return roll_out(deployment, api, wanted, patience=patience, every=0.01)


def test_it_waits_until_the_airflow_has_read_all_and_leaves_it_paused(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path
) -> None:
    airflow.paused_at_creation = False
    seen = rolled_out(api, dags_folder, build_bundle(configs("one", "two")), "one", "two")
    assert seen
    assert set(seen.dags) == STATIC | {"one", "two"}
    assert all(dag.paused for dag in seen.dags.values())
    assert all(dag["is_paused"] for dag in airflow.dags.values())
    airflow.dags["one"]["is_paused"] = False  # by somebody, who wants it to run
    seen = rolled_out(api, dags_folder, build_bundle(configs("one", "three")), "one", "three")
    assert seen
    assert {dag.id for dag in seen.dags.values() if not dag.paused} == {"one"}
    assert airflow.dags["two"]["is_stale"]


def test_what_cannot_be_read_is_taken_back(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path, older: Callable[[int], Bundle]
) -> None:
    broken = build_bundle({})
    airflow.unreadable = {f"bundle {broken.digest}": "ImportError: no name 'x'"}
    message = r"stockstream_sweep\.py: ImportError: no name 'x'.*was put back as it was before"
    with pytest.raises(BrokenBundleError, match=message):
        rolled_out(api, dags_folder, broken)
    assert content(dags_folder) == {}
    rolled_out(api, dags_folder, older(1))
    before = content(dags_folder)
    with pytest.raises(BrokenBundleError, match=message):
        rolled_out(api, dags_folder, broken)
    assert content(dags_folder) == before
    assert rolled_out(api, dags_folder, older(2))


def test_a_fault_that_was_there_before_is_waited_out(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path, older: Callable[[int], Bundle]
) -> None:
    broken = older(1)
    airflow.unreadable = {f"bundle {broken.digest}": "ImportError: no name 'x'"}
    deploy(broken, dags_folder)
    api.call("GET", "/dags")
    assert len(airflow.errors) == 3
    seen = rolled_out(api, dags_folder, build_bundle({}))
    assert seen
    assert not seen.faults


def test_a_file_may_be_broken_for_a_moment_where_a_bucket_is_copied(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path
) -> None:
    airflow.unreadable = {"bundle": "ModuleNotFoundError: not copied yet"}
    deployment = Deployment(build_bundle({}), demand_place(str(dags_folder)))
    told: list[int] = []

    def tell(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 3:
            airflow.unreadable.clear()

    assert roll_out(deployment, api, settling=60.0, every=0.01, read=tell)
    assert told == [0, 0, 0, 3]


def test_an_airflow_that_does_not_read(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path
) -> None:
    airflow.sleeping = True
    with pytest.raises(PartialError, match=r"dag_processor\.refresh_interval seconds") as caught:
        rolled_out(api, dags_folder, build_bundle({}), patience=0.05)
    assert caught.value.failures == tuple(sorted(build_bundle({}).dags))
    assert (dags_folder / DAGS / "stockstream_sweep.py").is_file()
    airflow.sleeping = False
    assert rolled_out(api, dags_folder, build_bundle({}))


def test_an_airflow_that_still_has_the_state_before(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path, older: Callable[[int], Bundle]
) -> None:
    rolled_out(api, dags_folder, older(1))
    airflow.sleeping = True
    with pytest.raises(PartialError):
        rolled_out(api, dags_folder, build_bundle({}), patience=0.05)


@pytest.mark.parametrize("shows", [True, False])
def test_whether_it_was_read_is_seen_without_the_source_too(
    airflow: SmallAirflow,
    api: TokenApi,
    dags_folder: Path,
    older: Callable[[int], Bundle],
    shows: bool,
) -> None:
    airflow.shows_source = shows
    assert rolled_out(api, dags_folder, older(1))
    assert rolled_out(api, dags_folder, build_bundle({}))


def test_a_dag_that_never_appears(airflow: SmallAirflow, api: TokenApi, dags_folder: Path) -> None:
    with pytest.raises(PartialError, match="the DAG stockstream_loader says which") as caught:
        rolled_out(api, dags_folder, build_bundle(configs("one")), "one", "two", patience=0.05)
    assert caught.value.failures == ("DAG two",)


def test_nothing_is_written_if_the_airflow_refuses(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path
) -> None:
    airflow.faults = [Fault("/api/v2/dags", 500, {"detail": "Internal Server Error"})]
    with pytest.raises(CloudError, match="it is in trouble"):
        rolled_out(api, dags_folder, build_bundle({}))
    assert content(dags_folder) == {}


def test_without_an_airflow_it_is_written_and_that_is_all(
    airflow: SmallAirflow, api: TokenApi, dags_folder: Path
) -> None:
    assert rolled_out(None, dags_folder, build_bundle({})) is None
    assert rolled_out(api, dags_folder, build_bundle(configs("one")), patience=0.0) is None
    assert airflow.asked == []
    assert deployed_at(str(dags_folder)).bundle == build_bundle(configs("one")).digest
