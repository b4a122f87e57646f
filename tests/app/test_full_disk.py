"""A disk that is really full: a file system of 256 kB in a namespace of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.app.server import serving
from tests.app.steps import run_of, trigger

from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.app.server import Server
    from tests.app.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]

ALONE: Final = ("unshare", "--map-root-user", "--mount", "sh", "-c")
MOUNTED: Final = (
    'mount -t tmpfs -o size=256k none "$0" && cat /dev/zero >"$0/filler" 2>&-; exec "$@"'
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The page, whose folder of runs has no byte left."""
    runs = tmp_path / "runs"
    runs.mkdir()
    try:
        subprocess.run([*ALONE, "mount -t tmpfs none /mnt"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nobody but root may mount here: no namespaces for users")
    lake, inside = simulated_lake(3).location.address, (*ALONE, MOUNTED, str(runs))
    with serving(tmp_path, lake, runs, 0, inside) as started:
        yield started


def test_nothing_is_half_kept_and_one_goes_on_when_there_is_room(
    visitor: Visit, server: Server
) -> None:
    seen = visitor(server.address)
    page = seen.open("/?p_fast_period=5,10")
    within = Path(f"/proc/{server.pid}/root{server.runs}")
    for button in ("Continue", "Estimate time and cost"):
        page.get_by_role("button", name=button).click()
        page.get_by_text("what was asked for cannot be kept: No space left on device").wait_for()
        seen.settle()
    assert [one.name for one in within.rglob("*") if one.is_file()] == ["filler"]
    (within / "filler").unlink()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**request=q-*")
    seen.settle()
    trigger(seen)
    page.get_by_text("trials have numbers").wait_for()
    assert run_of(within, page.url.partition("request=")[2].partition("&")[0]).startswith("s-")
    seen.is_well()
