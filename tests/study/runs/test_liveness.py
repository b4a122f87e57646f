"""Is it still there? Numbers of processes are used again, and machines are restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from stockstream.study.runs.ledger import liveness
from stockstream.study.runs.ledger.liveness import Process, is_alive, process_of, this_process

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

WAIT = (sys.executable, "-c", "input()")


def test_a_process_lives_until_it_is_killed_though_nobody_has_buried_it() -> None:
    with subprocess.Popen(WAIT, stdin=subprocess.PIPE) as child:
        process = process_of(child.pid)
        assert is_alive(process) is True
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert is_alive(process) is False
    assert is_alive(process) is False


def test_a_number_that_is_used_again_is_another_process() -> None:
    me = this_process()
    assert is_alive(me) is True
    assert is_alive(me._replace(started=str(int(me.started) - 1))) is False


def test_nothing_lives_through_a_restart_of_its_machine() -> None:
    me = this_process()
    node, _, space = me.machine.split("/")
    assert is_alive(me._replace(machine=f"{node}/another-boot/{space}")) is False


def test_nobody_can_tell_of_another_machine_or_container() -> None:
    me = this_process()
    node, boot, _ = me.machine.split("/")
    assert is_alive(me._replace(machine="elsewhere/boot/space")) is None
    assert is_alive(me._replace(machine=f"{node}/{boot}/another space")) is None
    assert is_alive(Process("", 1, "")) is None


def test_a_process_that_ended_before_it_was_looked_at_is_dead() -> None:
    child = subprocess.run([sys.executable, "-c", ""], check=True)
    assert child.returncode == 0
    assert is_alive(Process(this_process().machine, 2**22 + 1, "")) is False


def test_systems_without_proc_are_asked_by_ps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(liveness, "PROC", tmp_path)
    with subprocess.Popen(WAIT, stdin=subprocess.PIPE) as child:
        process = process_of(child.pid)
        assert process.started
        assert is_alive(process) is True
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_alive(process) is False
