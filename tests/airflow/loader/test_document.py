"""What a document may say, what it may not, and what is said about that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.loader.hostile import CODE, good_document, templated_document

from stockstream.airflow.document import MOST_BYTES, read_document
from stockstream.airflow.loader import MOST_DOCUMENTS, configs_folder, read_folder
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def changed(**fields: Any) -> str:
    return json.dumps({**good_document(), **fields})


def configured(**fields: Any) -> str:
    whole = good_document()
    return json.dumps({**whole, "config": {**whole["config"], **fields}})


@pytest.mark.parametrize("number", range(30))
def test_a_good_document_is_read(number: int) -> None:
    whole = good_document(number)
    document = read_document(json.dumps(whole))
    names = ("dag_id", "description", "schedule", "mode", "retries", "at_once", "max_active_tasks")
    assert {name: getattr(document, name) for name in names} == {
        name: whole[name] for name in names
    }
    assert document.tags == tuple(whole["tags"])
    if "config" in whole:
        assert document.config is not None
        assert document.config.trials == 9
    else:
        assert [config.trials for config in document.backtests.values()] == [9, 40]


@pytest.mark.parametrize("text", CODE)
def test_what_looks_like_code_stays_text(text: str) -> None:
    document = read_document(json.dumps(templated_document(1, text)))
    one = document.backtests["one"]
    assert document.description == text
    assert one.parameters["note"] == text
    assert one.parameters["factors"] == [text]
    assert one.universe == (text,)
    assert [point["word"] for point in one.combinations()] == [text, text, "plain", "plain"]


@pytest.mark.parametrize(
    "name",
    [
        *("path", "ld_preload", "LD_LIBRARY_PATH", "pythonpath", "pythonstartup", "bash_env"),
        *("numba_cache_dir", "https_proxy", "aws_endpoint_url", "requests_ca_bundle", "request"),
        *("stockstream__lake", "airflow_home", "db_password", "run", "leave_at_eof"),
    ],
)
def test_no_parameter_leads_a_job_to_other_code(name: str) -> None:
    document = read_document(configured(**{name: "x"}))
    assert document.config is not None
    [told] = {tuple(document.config.environment(one)) for one in document.config.combinations()}
    assert name.upper() not in told
    assert {"STRATEGY_CLASS", "TAKE_PROFIT_PCT", "COOLDOWN_PERIOD"} <= set(told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "the document is"),
        ("{}", "dag_id is missing"),
        ("[" * 100_000, "lists in lists without end"),
        ('{"dag_id": ' + "[" * 20 + "]" * 20 + "}", "more than 8 lists"),
        ('{"dag_id": "a", "dag_id": "b"}', "given twice"),
        ('{"retries": NaN}', "give a finite number"),
        ('{"retries": 1e999}', "too large for a number"),
        ('{"retries": ' + "9" * 5_000 + "}", "no JSON"),
        ("x" * (MOST_BYTES + 1), "more than the 200,000"),
        (changed(dag_id="a b"), "dag_id: String should match"),
        (changed(dag_id="a\n"), "dag_id: String should match"),
        (changed(dag_id="a" * 201), "dag_id: String should match"),
        (changed(dag_id=".."), "dots alone"),
        (changed(dag_id="stockstream_loader"), "a DAG of this package"),
        (changed(description="a\x00b"), "no text"),
        (changed(description="\ud800"), "no text"),
        (changed(tags=["a", "a"]), "twice"),
        (changed(tags=[" "]), "blank"),
        (changed(tags=["a" * 101]), "at most 100"),
        (changed(schedule="0 0 30 2 *"), "never comes"),
        (changed(schedule=5), "schedule: Input should be a valid string"),
        (changed(mode="lambda"), "mode: Input should be"),
        (changed(retries=11), "retries: Input should be less than or equal to 10"),
        (changed(retries=True), "retries: Input should be a valid integer"),
        (changed(retries="3"), "retries: Input should be a valid integer"),
        (changed(tolerated_failures=-1), "tolerated_failures"),
        (changed(tolerated_failures=1.5), "tolerated_failures"),
        (changed(tolerated_failures=True), "tolerated_failures"),
        (changed(at_once=0), "at_once"),
        (changed(config=None), "give either config"),
        (changed(backtests={"a": good_document()["config"]}), "give either config"),
        (changed(config=None, backtests={}), "give either config"),
        (changed(config=None, backtests={"plan": good_document()["config"]}), "name of a task"),
        (changed(config=None, backtests={"a b": good_document()["config"]}), "String should match"),
        (changed(config=None, backtests={"my_backtest": good_document()["config"]}), "'backtest'"),
        (changed(config=[]), "config is"),
        (configured(strategy_class="mine.py:Mine"), "names a strategy of the package"),
        (configured(strategy_class="os.system"), "no registered name"),
        (
            configured(strategy_class="", sleeves=[{"strategy_class": "a.py:B", "weight": 1}]),
            "no registered name",
        ),
        (configured(start_date="2022-02-30"), "start_date"),
        (configured(start_date=0), "write a day such as 2022-01-31"),
        (configured(start_date="2022-01-01T00:00:00"), "write a day such as"),
        (configured(end_date="2021-01-01"), "lies before start date"),
        (configured(parameters=[]), "parameters is"),
        (configured(self=1), "no name of a parameter"),
        (configured(**{"a b": 1}), "no name of a parameter"),
        (configured(note={"a": 1}), "no number, text"),
        (configured(note=10**30), "too large"),
        (configured(param_grid={"a.b": [1]}), "no name of a parameter"),
        (configured(param_grid={"days": "1:2"}), "no number of points"),
        (configured(param_grid={"days": []}), "no values"),
        (configured(param_grid={"a": "1:50000:50000", "b": "1:50000:50000"}), "more than"),
        (configured(universe=["A" * 100] * 200), "8,192"),
        (configured(db_config={"connection": "db", "query": "drop table x"}), "make a view"),
        (configured(db_config={"connection": "db", "table": "a; drop table b"}), "no name of a"),
        (configured(db_config={"connection": "db", "password": "x"}), "password"),
    ],
)
def test_a_bad_one_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?i){said}") as caught:
        read_document(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_a_field_that_is_misspelt_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'schedule'"):
        read_document(changed(shedule="@daily"))


def test_a_folder_is_read_whatever_is_in_it(configs: Callable[..., Path]) -> None:
    folder = configs(a=good_document(), b="{", c={**good_document(1), "dag_id": "document_0"})
    (folder / "notes.txt").write_text("no document")
    (folder / "folder.json").mkdir()
    (folder / "lost.json").symlink_to(folder / "nowhere")
    (folder / "bytes.json").write_bytes(b'{"dag_id": "\xff"}')
    (folder / "huge.json").write_bytes(b" " * (MOST_BYTES + 1))
    found = read_folder(folder)
    assert list(found.good) == ["a.json"]
    assert list(found.bad) == sorted(found.bad)
    said = {name: reason[:22] for name, reason in found.bad.items()}
    assert said == {
        "b.json": found.bad["b.json"][:22],
        "bytes.json": "it is no UTF-8: byte 1",
        "c.json": "dag_id document_0 is t",
        "folder.json": "it is no file",
        "huge.json": "it has 200,001 bytes, ",
        "lost.json": "it cannot be read: No ",
    }


def test_a_pipe_is_not_waited_for(configs: Callable[..., Path]) -> None:
    import os

    folder = configs()
    os.mkfifo(folder / "pipe.json")
    assert read_folder(folder).bad == {"pipe.json": "it is no file"}


def test_there_may_be_a_thousand(configs: Callable[..., Path]) -> None:
    folder = configs()
    for number in range(MOST_DOCUMENTS + 2):
        (folder / f"{number:04}.json").write_text("{}")
    found = read_folder(folder).bad
    assert len(found) == MOST_DOCUMENTS + 2
    assert "more than 1,000" in found["1001.json"]


def test_no_folder_is_no_documents(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "nowhere") == ({}, {})


def test_the_folder_is_beside_the_file_unless_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configs_folder(str(tmp_path / "dag.py")) == tmp_path / "configs"
    monkeypatch.setenv("STOCKSTREAM_CONFIGS", "/elsewhere")
    assert str(configs_folder(str(tmp_path / "dag.py"))) == "/elsewhere"
