"""Stories of the whole page in a real browser: from typing to a result, whatever is killed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.app.browser.conftest import FAILED, SOON, TRIALS, eventually
from tests.app.visitor import PATIENCE

from stockstream.runners.local import LocalRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page
    from tests.app.browser.conftest import Room
    from tests.app.visitor import Visitor

    Guest = Callable[..., Visitor]

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)

SOME = f"{SOON} of {TRIALS}"
FORM = "/?split=ticker"
ENDED = f"{TRIALS - FAILED} trials have numbers, {FAILED} failed."


def of(page: Page, key: str, inside: str = "") -> Locator:
    """What has a key on a page."""
    return page.locator(f".st-key-{key} {inside}".strip())


def shows(page: Page, text: str) -> None:
    """Wait until a text is on the page."""
    expect(page.get_by_text(text).first).to_be_visible()


def reload(seen: Visitor) -> None:
    """Load the page again."""
    seen.page.reload()
    seen.page.locator("h1").first.wait_for()
    seen.settle()


def choose(page: Page, key: str, name: str) -> None:
    """Choose in a field by typing."""
    of(page, key, "input").first.click()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def begin(seen: Visitor, room: Room) -> str:
    """Start the run of a story, and wait until what does not wait at the gate is done."""
    page = seen.open(room.ask())
    of(page, "trigger", "button").click()
    shows(page, SOME)
    return room.run_of(page)


def test_from_typing_to_the_study(room: Room, guest: Guest) -> None:
    seen = guest()
    page = seen.open(FORM)
    choose(page, "strategy", "Gated")
    of(page, "p_days", "input").fill("5:13")
    shows(page, "Not ready yet, look at: days")
    expect(of(page, "field-p_days")).to_contain_text("number of points")
    expect(of(page, "continue", "button")).to_be_disabled()
    seen.keep("create-problem-1280-light")
    of(page, "p_days", "input").fill("5, 13")
    of(page, "p_share", "input").fill(room.shares)
    shows(page, "2 x 2 = 4 combinations")
    seen.keep("create-1280-light")
    page.wait_for_url("**p_share=*")
    reload(seen)
    expect(of(page, "p_share", "input")).to_have_value(room.shares)
    shows(page, "2 x 2 = 4 combinations")

    of(page, "continue", "button").click()
    of(page, "trigger", "button").wait_for()
    reload(seen)
    of(page, "trigger", "button").wait_for()
    seen.keep("trigger-1280-light")
    of(page, "trigger", "button").click()
    shows(page, SOME)
    run = room.run_of(page)
    seen.keep("monitor-1280-light")
    reload(seen)
    shows(page, SOME)
    assert room.run_of(page) == run

    room.gate.touch()
    shows(page, ENDED)
    reload(seen)
    shows(page, ENDED)
    seen.settle()
    seen.keep("done-1280-light")
    seen.is_well()
    room.demand_exact(run)
    page.get_by_text("Look at the study").click()
    page.wait_for_url("**/study?run=*")
    expect(page.locator("h1").first).to_contain_text(run)


def test_two_browsers_start_and_watch_one_run(room: Room, guest: Guest) -> None:
    address = room.ask()
    first, second = guest(), guest()
    for one in (first, second):
        one.open(address)
        of(one.page, "trigger", "button").wait_for()
    before = set(LocalRunner(room.runs).names())
    for one in (first, second):
        one.page.evaluate(
            "() => { const one = document.querySelector('.st-key-trigger button');"
            " one.click(); one.click() }"
        )
    for one in (first, second):
        shows(one.page, SOME)
    [run] = set(LocalRunner(room.runs).names()) - before
    assert {room.run_of(first.page), room.run_of(second.page)} == {run}
    room.gate.touch()
    for one in (first, second):
        shows(one.page, ENDED)
        one.is_well()
    room.demand_exact(run)


def test_a_server_that_is_killed_costs_nothing(room: Room, guest: Guest) -> None:
    seen = guest()
    run = begin(seen, room)
    workers = LocalRunner(room.runs).status(run).workers
    room.server.kill()
    assert LocalRunner(room.runs).status(run).workers == workers
    room.server.start()
    room.gate.touch()
    shows(seen.page, ENDED)  # by itself: nobody has touched the page
    assert f"run={run}" in seen.page.url
    room.demand_exact(run)
    seen.complaints.clear()  # the browser says that nobody answered for a while
    reload(seen)
    seen.is_well()


def test_workers_that_are_killed_are_resumed_with_a_click(room: Room, guest: Guest) -> None:
    seen = guest()
    run = begin(seen, room)
    runner = LocalRunner(room.runs)
    while runner.status(run).state == "running":
        for worker in runner.status(run).workers:
            os.kill(worker, signal.SIGKILL)
        eventually(lambda: not runner.status(run).workers)
    shows(seen.page, "nobody works on it")
    shows(seen.page, SOME)
    seen.keep("stopped-1280-light")
    of(seen.page, "resume", "button").click()
    shows(seen.page, f"{run}: running")
    room.gate.touch()
    shows(seen.page, ENDED)
    seen.is_well()
    room.demand_exact(run)


def test_a_run_is_cancelled_and_resumed(room: Room, guest: Guest) -> None:
    seen = guest()
    run = begin(seen, room)
    of(seen.page, "cancel", "button").click()
    shows(seen.page, f"{run}: cancelled")
    assert not LocalRunner(room.runs).status(run).workers
    room.gate.touch()
    of(seen.page, "resume", "button").click()
    shows(seen.page, ENDED)
    room.demand_exact(run)


def test_the_keyboard_is_enough(room: Room, guest: Guest) -> None:
    seen = guest()
    page = seen.open(f"{FORM}&strategy=Gated")
    room.gate.touch()

    def reach(key: str, kind: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate(f"() => document.activeElement.matches('.st-key-{key} {kind}')"):
                return
        pytest.fail(f"no Tab leads to {key}")

    reach("p_days", "input")
    page.keyboard.type("5, 13")
    reach("p_share", "input")
    page.keyboard.type(room.shares)
    shows(page, "2 x 2 = 4 combinations")
    reach("continue", "button")
    page.keyboard.press("Enter")
    of(page, "trigger", "button").wait_for()
    seen.settle()
    reach("trigger", "button")
    page.keyboard.press("Enter")
    shows(page, ENDED)
    seen.is_well()
    room.demand_exact(room.run_of(page))
