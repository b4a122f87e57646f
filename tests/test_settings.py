"""Settings: the file, then the environment; a wrong name or value is one clear error."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.settings import (
    AirflowSettings,
    AwsSettings,
    EodhdSettings,
    FetchSettings,
    ListSettings,
    NotifySettings,
    QualitySettings,
    Settings,
    load_settings,
)

CANARY = "s3cr3t-word"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("S3_BUCKET_NAME", raising=False)
    monkeypatch.delenv("LOG_LEVEL", raising=False)
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


def test_sections_of_the_file_and_over_them_the_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[fetch]\nrate = 2\nprovider = "eodhd"\n[eodhd]\ntoken = "of-the-file"\n')
    monkeypatch.setenv("STOCKSTREAM__FETCH__RATE", "0.5")
    monkeypatch.setenv("stockstream__fetch__batch_size", "0")
    monkeypatch.setenv("STOCKSTREAM__NOTIFY__URLS", "mailto://a@b.example  json://localhost")
    assert load_settings(file) == Settings(
        fetch=FetchSettings(provider="eodhd", rate=0.5, batch_size=0),
        eodhd=EodhdSettings(token="of-the-file"),  # noqa: S106 - not a real one
        notify=NotifySettings(("mailto://a@b.example", "json://localhost")),
    )


def test_lists_of_the_file_and_a_section_without_a_line(file: Path) -> None:
    file.write_text('[fetch]\n[notify]\nurls = ["json://one", "json://two"]\n')
    assert load_settings(file) == Settings(notify=NotifySettings(("json://one", "json://two")))


def test_the_plain_names_of_the_cloud_functions_fill_what_nothing_else_sets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", "prices")
    monkeypatch.setenv("LOG_LEVEL", "info")
    assert load_settings(file) == Settings("s3://prices", log_level="INFO")
    file.write_text('lake = "of-the-file"')
    monkeypatch.setenv("STOCKSTREAM__LOG_LEVEL", "ERROR")
    assert load_settings(file) == Settings("of-the-file", log_level="ERROR")
    monkeypatch.setenv("STOCKSTREAM__LAKE", "of-the-environment")
    assert load_settings(file).lake == "of-the-environment"


def test_the_names_of_the_page_fill_what_nothing_else_sets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("S3_DAGS_BUCKET", "our-dags")
    monkeypatch.setenv("AIRFLOW_WEBSERVER_URL", "http://127.0.0.1:8080")
    found = load_settings(file)
    assert found.aws == AwsSettings(region="eu-north-1")
    assert found.airflow == AirflowSettings(url="http://127.0.0.1:8080", dags="s3://our-dags/dags")
    file.write_text('[aws]\nregion = "us-east-1"\n[airflow]\ndags = "here"')
    found = load_settings(file)
    assert found.aws.region == "us-east-1"
    assert found.airflow == AirflowSettings(url="http://127.0.0.1:8080", dags="here")


def test_an_airflow_is_named_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_WEBSERVER_URL", "https://abc.airflow.amazonaws.com")
    monkeypatch.setenv("MWAA_ENVIRONMENT_NAME", "prices")
    assert load_settings(file).airflow == AirflowSettings(environment="prices")
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__URL", "http://127.0.0.1:8080")
    assert load_settings(file).airflow == AirflowSettings(url="http://127.0.0.1:8080")


def test_a_plain_name_without_a_value_sets_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", "")
    monkeypatch.setenv("LOG_LEVEL", "")
    monkeypatch.setenv("S3_DAGS_BUCKET", "")
    assert load_settings(file) == Settings()


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
        ("[fetch]\nrates = 1", UnknownNameError, "unknown setting 'fetch.rates'; did you mean 'fe"),
        ("[fetsh]\nrate = 1", UnknownNameError, "did you mean 'fetch'"),
        ("[lake]\nrate = 1", UnknownNameError, "unknown setting 'lake'.*stockstream.toml"),
        ("[fetch.rate]\nx = 1", UnknownNameError, "unknown setting 'fetch.rate'"),
        ("fetch = 3", ConfigError, "'fetch' is a section .*set one of: fetch.provider, "),
        ('[fetch]\nrate = "fast"', ConfigError, "'fetch.rate' cannot be 'fast'.*FETCH__RATE"),
        (
            "[symbols]\nmarket = 'LSE'",
            ConfigError,
            "cannot be 'LSE': Input should be 'ASX' or 'US'",
        ),
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


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "FETCH__RATE",
            "0",
            r"'fetch.rate' cannot be 0.0: it must be above 0; set it in .*ST.*ETCH",
        ),
        ("FETCH__RATE", "nan", "must be above 0"),
        ("FETCH__TIMEOUT", "-1", "must be above 0"),
        ("FETCH__BATCH_SIZE", "-1", "must be at least 0"),
        ("FETCH__BATCHES_AT_ONCE", "0", "must be at least 1"),
        (
            "SYMBOLS__SHRINK_LIMIT",
            "3",
            "'symbols.shrink_limit' cannot be 3.0: it must be at most 1",
        ),
        ("QUALITY__JUMP_ABOVE", "0.5", "must be above 1"),
        ("QUALITY__JUMP_BELOW", "1", "must be below 1"),
        ("FETCH__BATCH_SIZE", "1.5", "valid integer"),
        ("LOG_LEVEL", "LOUD", "set it in .* or as STOCKSTREAM__LOG_LEVEL or LOG_LEVEL"),
    ],
)
def test_a_value_out_of_its_range(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"STOCKSTREAM__{variable}", value)
    with pytest.raises(ConfigError, match=message):
        load_settings(file)


def test_a_section_made_in_a_program_keeps_the_same_limits() -> None:
    with pytest.raises(ConfigError, match="rate cannot be -1: it must be above 0"):
        FetchSettings(rate=-1)
    with pytest.raises(ConfigError, match="stale_run cannot be 1: it must be at least 2"):
        QualitySettings(stale_run=1)


@pytest.mark.parametrize(
    "text",
    [
        f"[symbols]\ntoken = ['{CANARY}']",
        f"[eodhd]\ntoken = ['{CANARY}']",
        f"[eodhd.token]\n{CANARY} = '{CANARY}'",
        f"[notify]\nurls = [3, '{CANARY}']",
        f"[notify]\nurls = {{a = '{CANARY}'}}",
        f"notify = '{CANARY}'",
        f"[eodhd]\ntoken = '{CANARY}",
        f"[eodhd]\ntokens = '{CANARY}'",
        f"lake = ['s3://{CANARY}@bucket']",
        f"[airflow]\npassword = ['{CANARY}']",
        f"[airflow]\ntoken = ['{CANARY}']",
        f"[airflow]\nurl = ['http://me:{CANARY}@host']",
        f"[symbols]\nurl = ['https://host/list?access_token={CANARY}']",
    ],
)
def test_no_message_shows_a_secret(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_repr_shows_no_secret() -> None:
    settings = Settings(
        symbols=ListSettings(token=CANARY),
        eodhd=EodhdSettings(token=CANARY),
        airflow=AirflowSettings(password=CANARY, token=CANARY),
        notify=NotifySettings((f"mailto://user:{CANARY}@host.example",)),
    )
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings)


def test_settings_cost_no_heavy_import() -> None:
    script = (
        "import sys; from stockstream.settings import load_settings; load_settings();"
        "print([m for m in ('pydantic', 'tomllib', 'polars', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    assert done.stdout == "[]\n"
