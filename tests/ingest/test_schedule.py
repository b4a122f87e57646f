"""Schedules: what is written for systemd and cron, and that what others wrote stays."""

from __future__ import annotations

import datetime as dt
import shlex
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.ingest.schedule import Crontab, Plan, Timer, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYDNEY = "Australia/Sydney"
COMMAND = ("/opt/stockstream/bin/stockstream", "update", "--lake", "/data/lake")

CRONTAB = """\
#!/bin/sh
# Keeps a crontab in one file, as cron does for each user.
case "$1" in
-V) echo "{version}" >&2; exit 1 ;;
-l) test -f "$HOME/tab" || {{ echo "no crontab for $USER" >&2; exit 1; }}
    test -r "$HOME/tab.refused" && {{ echo "you are not allowed" >&2; exit 1; }}
    cat "$HOME/tab" ;;
-) test -f "$HOME/tab.full" && {{ echo "no space left" >&2; exit 1; }}
   cat > "$HOME/tab" ;;
esac
"""
SAYS = '#!/bin/sh\necho "$(basename "$0") $*" >> "$HOME/said"\nexit {code}\n'


class Install(Protocol):
    def __call__(self, name: str, text: str) -> None: ...


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and nothing installed but the shell's own programs."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    for name in ("cat", "basename", "echo", "test"):
        (home / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USER", "trader")
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def install(home: Path) -> Install:
    """Puts a program on the path."""

    def make(name: str, text: str) -> None:
        path = home / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return make


@pytest.fixture
def crontab(install: Install) -> Crontab:
    install("crontab", CRONTAB.format(version="usage error"))
    return Crontab()


def plan(at: str = "18:30", command: tuple[str, ...] = COMMAND, zone: str = SYDNEY) -> Plan:
    return Plan(command, Path("/data/my work"), parse_time(at), zone)


def tab(home: Path) -> str:
    return (home / "tab").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "time"), [("18:30", dt.time(18, 30)), (" 6:05", dt.time(6, 5)), ("00:00", dt.time())]
)
def test_a_time_of_day(text: str, time: dt.time) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "text", ["", "24:00", "18", "18:60", "6pm", "18:30:00", "-1:00", "1\u0663:00"]
)
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ConfigError, match="write it as 18:30"):
        parse_time(text)


def test_a_time_zone_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Australia/Sydney'"):
        plan(zone="Australia/Sydny")


@pytest.mark.parametrize(
    "words",
    [
        ("--token", "abc"),
        ("--eodhd-token=abc",),
        ("--api-key", "abc"),
        ("--password=abc",),
        ("json://me:abc@example.com",),
        ("s3://key:abc@bucket",),
        ("a\nb",),
    ],
)
def test_nothing_secret_is_kept(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(command=(*COMMAND, *words))
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("at", "now", "start"),
    [
        # Friday evening before and after the run, in summer; then over the weekend
        ("18:30", "2026-01-16T07:29:00Z", "2026-01-16T18:30:00+11:00"),
        ("18:30", "2026-01-16T07:30:00Z", "2026-01-19T18:30:00+11:00"),
        # the morning run of Saturday is Friday's; there is none on Sunday and Monday
        ("06:00", "2026-01-16T07:30:00Z", "2026-01-17T06:00:00+11:00"),
        ("06:00", "2026-01-17T07:30:00Z", "2026-01-20T06:00:00+11:00"),
        # clocks go back on 5 April 2026 and forward on 4 October 2026
        ("18:30", "2026-04-03T08:00:00Z", "2026-04-06T18:30:00+10:00"),
        ("18:30", "2026-10-02T09:00:00Z", "2026-10-05T18:30:00+11:00"),
    ],
)
def test_the_next_run(at: str, now: str, start: str) -> None:
    assert plan(at).next_run(dt.datetime.fromisoformat(now)).isoformat() == start


def test_the_files_of_systemd(home: Path) -> None:
    timer = Timer()
    assert timer.folder == home / ".config" / "systemd" / "user"
    timer.install(plan(command=(*COMMAND, 'a "b" $c %d \\e')))
    service, clock = (path.read_text(encoding="utf-8") for path in timer.installed())
    assert "\nWorkingDirectory=/data/my work\n" in service
    assert (
        '\nExecStart="/opt/stockstream/bin/stockstream" "update" "--lake" "/data/lake" '
        '"a \\"b\\" $$c %%d \\\\e"\n'
    ) in service
    assert "\nSuccessExitStatus=3\n" in service
    assert "\nOnCalendar=Mon..Fri *-*-* 18:30:00 Australia/Sydney\nPersistent=true\n" in clock
    assert timer.complaints() == []


def test_a_morning_run_starts_the_day_after_the_session(home: Path) -> None:
    Timer().install(plan("06:00"))
    assert "OnCalendar=Tue..Sat *-*-* 06:00:00 Australia/Sydney" in (
        Timer().installed()[1].read_text(encoding="utf-8")
    )


def test_installing_again_replaces(home: Path) -> None:
    for at in ("18:30", "19:00"):
        Timer().install(plan(at))
    assert len(Timer().installed()) == 2
    assert "19:00:00" in Timer().installed()[1].read_text(encoding="utf-8")


def test_the_folder_of_the_configuration_may_be_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "configuration"))
    assert Timer().folder == home / "configuration" / "systemd" / "user"


def test_enabling_says_what_goes_wrong(home: Path, install: Install) -> None:
    install("systemctl", SAYS.format(code=0))
    assert Timer().enable() == ["loginctl enable-linger: there is no program loginctl"]
    assert (home / "said").read_text(encoding="utf-8").splitlines() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now stockstream-update.timer",
    ]
    install("systemctl", '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n')
    assert Timer().enable()[:1] == ["systemctl --user daemon-reload: Failed to connect to bus"]


def test_removing_stops_the_timer(home: Path, install: Install) -> None:
    install("systemctl", SAYS.format(code=1))
    assert Timer().remove() == []
    assert not (home / "said").exists()
    Timer().install(plan())
    wanted = Timer().folder / "timers.target.wants" / "stockstream-update.timer"
    wanted.parent.mkdir()
    wanted.symlink_to(Timer().folder / "stockstream-update.timer")
    assert len(Timer().remove()) == 2
    assert list(Timer().folder.rglob("stockstream*")) == []
    assert "systemctl --user disable --now stockstream-update.timer" in (
        (home / "said").read_text(encoding="utf-8")
    )


@pytest.fixture
def analyze(install: Install) -> None:
    found = shutil.which("systemd-analyze", path="/usr/bin:/bin")
    if found is None:
        pytest.skip("no systemd-analyze on this machine")
    install("systemd-analyze", f'#!/bin/sh\nexec {found} "$@"\n')


@pytest.mark.parametrize("at", ["18:30", "06:00"])
def test_systemd_itself_understands_the_files(analyze: None, home: Path, at: str) -> None:
    folder, program = home / "my $work", home / "bin" / "echo"
    folder.mkdir()
    words = (str(program), 'a "b" $c %d \\e', "--lake", str(folder))
    timer = Timer()
    timer.install(Plan(words, folder, parse_time(at), SYDNEY))
    assert timer.complaints() == []
    timer.install(Plan(("/nowhere/stockstream",), folder, parse_time(at), SYDNEY))
    assert any("/nowhere/stockstream" in line for line in timer.complaints())


def test_what_systemd_does_not_understand_is_not_written(install: Install) -> None:
    install("systemd-analyze", '#!/bin/sh\necho "Invalid argument" >&2\nexit 1\n')
    with pytest.raises(ConfigError, match="Invalid argument"):
        Timer().install(plan())
    assert Timer().installed() == []


def test_the_line_of_cron(crontab: Crontab, home: Path) -> None:
    crontab.install(plan(command=(*COMMAND, "100% sure")))
    zone, line = tab(home).splitlines()[2:4]
    assert zone == "CRON_TZ=Australia/Sydney"
    assert line == (
        "30 18 * * 1-5 cd '/data/my work' && /opt/stockstream/bin/stockstream update "
        "--lake /data/lake '100\\% sure'"
    )
    assert crontab.installed() == tab(home)
    crontab.install(plan("06:05"))
    assert "\n5 6 * * 2-6 cd " in tab(home)


OTHERS = "MAILTO=me@example.com\n# backups\n0 3 * * * backup --all\n"


@pytest.mark.parametrize("before", ["", "\n", OTHERS, OTHERS.rstrip("\n"), "# <<< other <<<\n"])
def test_other_lines_stay(crontab: Crontab, home: Path, before: str) -> None:
    (home / "tab").write_text(before, encoding="utf-8")
    crontab.install(plan())
    once = tab(home)
    assert once.startswith(before)
    crontab.install(plan())
    assert tab(home) == once
    assert crontab.remove()
    assert tab(home) == (before if before.endswith("\n") or not before else before + "\n")
    assert not crontab.remove()


def test_the_block_goes_to_the_end_again(crontab: Crontab, home: Path) -> None:
    crontab.install(plan())
    (home / "tab").write_text(tab(home) + OTHERS, encoding="utf-8")
    crontab.install(plan("19:00"))
    assert tab(home).startswith(OTHERS)
    assert tab(home).count("CRON_TZ") == 2  # the variable, and the comment about it


@pytest.mark.parametrize("lost", [0, -1])
def test_a_block_that_lost_a_mark_is_left_alone(crontab: Crontab, home: Path, lost: int) -> None:
    lines = Crontab.block(plan()).splitlines(keepends=True)
    lines.pop(lost)
    damaged = OTHERS + "".join(lines)
    (home / "tab").write_text(damaged, encoding="utf-8")
    for change in (lambda: crontab.install(plan()), crontab.remove):
        with pytest.raises(ConfigError, match="crontab -e"):
            change()
    assert tab(home) == damaged


def test_a_crontab_that_cannot_be_read_is_not_written(crontab: Crontab, home: Path) -> None:
    (home / "tab").write_text(OTHERS, encoding="utf-8")
    (home / "tab.refused").touch()
    with pytest.raises(ConfigError, match="you are not allowed"):
        crontab.install(plan())
    assert tab(home) == OTHERS


def test_a_crontab_that_cannot_be_written(crontab: Crontab, home: Path) -> None:
    (home / "tab.full").touch()
    with pytest.raises(ConfigError, match="no space left"):
        crontab.install(plan())


def test_without_the_program_nothing_is_there(home: Path) -> None:
    assert not Crontab.is_there()
    assert Crontab().installed() == ""
    assert not Crontab().remove()


@pytest.fixture
def set_host_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this machine for a test."""
    with monkeypatch.context() as patch:

        def change(name: str) -> None:
            patch.setenv("TZ", name)
            time.tzset()

        yield change
    time.tzset()


@pytest.mark.parametrize(
    ("version", "host", "warned"),
    [
        ("cronie 1.7.2", "UTC", False),
        ("crontab: usage error: unrecognized option", "UTC", True),
        ("crontab: usage error: unrecognized option", "Australia/Melbourne", False),
        ("crontab: usage error: unrecognized option", "Australia/Brisbane", True),
    ],
)
def test_a_cron_that_ignores_the_time_zone(
    install: Install, set_host_zone: Callable[[str], None], version: str, host: str, warned: bool
) -> None:
    install("crontab", CRONTAB.format(version=version))
    set_host_zone(host)
    warning = Crontab.clock_warning(plan(), dt.datetime(2026, 1, 16, 1, tzinfo=dt.UTC))
    assert bool(warning) is warned
    if host == "UTC" and warned:
        assert "at 18:30 of this machine, which is 05:30 in Australia/Sydney" in warning


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=5))
def test_a_shell_reads_the_line_back(words: list[str]) -> None:
    command = ("/bin/echo", *(f"={word}" for word in words))
    block = Crontab.block(Plan(command, Path("/"), dt.time(18)))
    line = block.splitlines()[3].split(" ", 5)[5]
    assert shlex.split(line.replace("\\%", "%"))[4:] == list(command[1:])
