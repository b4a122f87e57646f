"""Settings: the file, then the environment; a wrong name or value is one clear error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.settings import Settings, load_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stockstream.toml"


def test_nothing_set_is_the_default(file: Path) -> None:
    assert load_settings(file) == Settings("data/lake", "data/runs", "WARNING")


def test_the_file_and_over_it_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('lake = "from-file"\nruns = "from-file"\n')
    assert load_settings(file) == Settings("from-file", "from-file")
    monkeypatch.setenv("STOCKSTREAM__LAKE", "s3://bucket/lake")
    monkeypatch.setenv("stockstream__log_level", "DEBUG")
    assert load_settings(file) == Settings("s3://bucket/lake", "from-file", "DEBUG")
    file.unlink()
    assert load_settings(file) == Settings("s3://bucket/lake", "data/runs", "DEBUG")


def test_the_file_of_the_current_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('lake = "here"')
    monkeypatch.chdir(file.parent)
    assert load_settings().lake == "here"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("lake = ", ConfigError, "is not valid TOML"),
        ("lake = 3", ConfigError, "setting 'lake' cannot be 3: .*STOCKSTREAM__LAKE"),
        ('log_level = "LOUD"', ConfigError, "setting 'log_level' cannot be 'LOUD'"),
        ('lakes = "x"', UnknownNameError, "did you mean 'lake'.*stockstream.toml"),
    ],
)
def test_what_is_wrong_in_the_file(
    file: Path, text: str, error: type[ConfigError], message: str
) -> None:
    file.write_text(text)
    with pytest.raises(error, match=message):
        load_settings(file)


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b'lake = "\xff"')
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_settings(file)


def test_what_is_wrong_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM__LAK", "x")
    with pytest.raises(UnknownNameError, match=r"'lak'; .*it comes from .* STOCKSTREAM__LAK"):
        load_settings(file)


def test_settings_cost_no_heavy_import() -> None:
    script = (
        "import sys; from stockstream.settings import load_settings; load_settings();"
        "print([m for m in ('pydantic', 'polars', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    assert done.stdout == "[]\n"
