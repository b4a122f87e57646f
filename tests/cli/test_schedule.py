"""``stockstream schedule``: install, show and remove, in a home of the test's own."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

CRONTAB = """\
#!/bin/sh
case "$1" in
-l) test -f "$HOME/tab" || { echo "no crontab for me" >&2; exit 1; }; cat "$HOME/tab" ;;
-) cat > "$HOME/tab" ;;
*) echo "usage error" >&2; exit 1 ;;
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "$*" >> "$HOME/said"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an empty path, but for the shell's own programs."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    for name in ("cat", "test", "echo"):
        (home / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


def give(home: Path, name: str, text: str) -> None:
    (home / "bin" / name).write_text(text, encoding="utf-8")
    (home / "bin" / name).chmod(0o755)


def units(home: Path) -> dict[str, str]:
    folder = home / ".config" / "systemd" / "user"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.*")}


def test_a_timer(stockstream: Stockstream, home: Path, tmp_path: Path) -> None:
    give(home, "systemctl", SYSTEMCTL)
    said = stockstream("schedule", "install", "--lake", "my lake", "--", "--provider", "yahoo")
    assert said.code == 0
    written = units(home)
    assert sorted(written) == ["stockstream-update.service", "stockstream-update.timer"]
    assert (
        f'ExecStart="{sys.executable}" "-m" "stockstream" "update" "--lake" "{tmp_path}/my lake" '
        '"--provider" "yahoo"\n'
    ) in written["stockstream-update.service"]
    assert f"\nWorkingDirectory={tmp_path}\n" in written["stockstream-update.service"]
    assert "OnCalendar=Mon..Fri *-*-* 18:30:00 Australia/Sydney" in said.out
    assert "  systemctl --user enable --now stockstream-update.timer\n" in said.out
    assert "18:30:00+1" in said.out
    assert not (home / "said").exists()
    shown = stockstream("schedule", "show")
    assert all(text in shown.out for text in written.values())
    assert stockstream("schedule", "--json").document["content"].keys() == {
        str(home / ".config" / "systemd" / "user" / name) for name in written
    }
    assert stockstream("schedule", "remove").out.count("removed ") == 2
    assert units(home) == {}
    assert "nothing is installed" in stockstream("schedule").out
    assert "nothing was installed" in stockstream("schedule", "remove").out


def test_the_program_that_is_running_is_the_one_that_is_kept(
    stockstream: Stockstream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(home, "stockstream", "#!/bin/sh\n")
    monkeypatch.setattr(sys, "argv", [str(home / "bin" / "stockstream")])
    document = stockstream("schedule", "install", "--systemd", "--dry-run", "--json").document
    (service, _) = document["content"].values()
    assert f'ExecStart="{home}/bin/stockstream" "update" "--lake"' in service


def test_the_lake_of_the_settings_is_kept(
    stockstream: Stockstream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM__LAKE", "s3://bucket/lake")
    said = stockstream("schedule", "install", "--cron", "--dry-run")
    assert "update --lake s3://bucket/lake\n" in said.out


def test_enabling_runs_the_commands(stockstream: Stockstream, home: Path) -> None:
    give(home, "systemctl", SYSTEMCTL)
    said = stockstream("schedule", "install", "--enable", "--json")
    assert said.code == 3
    assert said.document["failures"] == ["loginctl enable-linger: there is no program loginctl"]
    give(home, "loginctl", SYSTEMCTL)
    assert stockstream("schedule", "install", "--enable").code == 0
    assert (home / "said").read_text(encoding="utf-8").splitlines()[-3:] == [
        "--user daemon-reload",
        "--user enable --now stockstream-update.timer",
        "enable-linger",
    ]


def test_a_line_of_cron(stockstream: Stockstream, home: Path) -> None:
    give(home, "crontab", CRONTAB)
    (home / "tab").write_text("0 3 * * * backup\n", encoding="utf-8")
    document = stockstream("schedule", "install", "--at", "06:00", "--json").document
    assert (document["kind"], document["written"]) == ("cron", True)
    text = (home / "tab").read_text(encoding="utf-8")
    assert text.startswith("0 3 * * * backup\n# >>> stockstream update >>>\n")
    assert "\nCRON_TZ=Australia/Sydney\n0 6 * * 2-6 cd " in text
    assert "0 6 * * 2-6" in stockstream("schedule").out
    assert stockstream("schedule", "remove").out == "removed crontab\n"
    assert (home / "tab").read_text(encoding="utf-8") == "0 3 * * * backup\n"


def test_a_dry_run_writes_nothing(stockstream: Stockstream, home: Path) -> None:
    give(home, "crontab", CRONTAB)
    for kind in ("--cron", "--systemd"):
        said = stockstream("schedule", "install", kind, "--dry-run")
        assert said.code == 0
        assert "update --lake" in said.out.replace('"', "")
        assert "nothing was written" in said.err
    assert not (home / "tab").exists()
    assert units(home) == {}


def test_without_cron_the_line_is_printed(stockstream: Stockstream, home: Path) -> None:
    said = stockstream("schedule", "install")
    assert said.code == 0
    assert "CRON_TZ=Australia/Sydney\n30 18 * * 1-5 cd " in said.out
    assert "there is no program crontab here" in said.out
    assert "nothing was written" in said.err


def test_two_schedules_are_one_too_many(stockstream: Stockstream, home: Path) -> None:
    give(home, "crontab", CRONTAB)
    assert "starts twice" not in stockstream("schedule", "install", "--systemd").out
    assert "starts twice" in stockstream("schedule", "install", "--cron").out
    assert "starts twice" in stockstream("schedule", "install", "--systemd").out
    assert "starts twice" in stockstream("schedule", "show").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at", "6pm"], "write it as 18:30"),
        (["--timezone", "Sydney"], "Australia/Sydney"),
        (["--cron", "--enable"], "--enable goes with --systemd"),
        (["--", "--token", "abc"], "stockstream.toml"),
        (["--lake", "s3://me:abc@bucket"], "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_cannot_be_installed(
    stockstream: Stockstream, home: Path, arguments: list[str], message: str
) -> None:
    said = stockstream("schedule", "install", *arguments)
    assert said.code == 2
    assert message in said.err
    assert "abc" not in said.err + said.out
    assert units(home) == {}


def test_options_stand_behind_the_subcommand(stockstream: Stockstream, home: Path) -> None:
    said = stockstream("schedule", "--json", "show")
    assert said.code == 2
    assert "stockstream schedule show" in said.err
