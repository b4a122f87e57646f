"""DAGs of JSON documents: one file of code reads them all, and none is ever made from input.

A document that cannot be used stops no other. It is named, with the reason, by the DAG
``stockstream_loader``: in its text, its tags, and in its one task, which fails.
"""

from __future__ import annotations

import gc
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.airflow.cron import NEW_BARS
from stockstream.airflow.document import MOST_BYTES, read_document
from stockstream.airflow.names import LOADER
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import DAG

    from stockstream.airflow.document import DagDocument

__all__ = [
    "CONFIGS",
    "Documents",
    "build_dag",
    "configs_folder",
    "load_dags",
    "read_folder",
]

CONFIGS: Final = "STOCKSTREAM_CONFIGS"
"""Variable of the environment with the folder of the documents, if not beside the DAG file."""

MOST_DOCUMENTS: Final = 1_000
LONGEST_REASON: Final = 500


class Documents(NamedTuple):
    """What a folder holds.

    Attributes:
        good: documents by the name of their file.
        bad: reasons by the name of a file that cannot be used.
    """

    good: dict[str, DagDocument]
    bad: dict[str, str]


def configs_folder(dag_file: str) -> Path:
    """Where documents are: ``STOCKSTREAM_CONFIGS``, or ``configs`` beside the DAG file.

    Args:
        dag_file: ``__file__`` of the DAG file.
    """
    given = os.environ.get(CONFIGS)
    return Path(given) if given else Path(dag_file).resolve().with_name("configs")


def read_folder(folder: Path) -> Documents:
    """Read and check every ``*.json`` of a folder. Needs no Airflow.

    A folder that is not there has no documents. Of two with the same ``dag_id`` the first by name
    of its file is good.

    Args:
        folder: of files; folders in it are not looked into.
    """
    documents = Documents({}, {})
    owners: dict[str, str] = {}
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))  # noqa: PTH208
    except FileNotFoundError:
        return documents
    except OSError as error:
        return Documents({}, {str(folder): f"the folder cannot be read: {error.strerror}"})
    for name in names[:MOST_DOCUMENTS]:
        try:
            document = read_document(_text_of(folder / name))
        except ConfigError as error:
            documents.bad[name] = str(error)
            continue
        first = owners.setdefault(document.dag_id, name)
        if first == name:
            documents.good[name] = document
        else:
            documents.bad[name] = f"dag_id {document.dag_id} is that of {first}: give another one"
    for name in names[MOST_DOCUMENTS:]:
        documents.bad[name] = f"more than {MOST_DOCUMENTS:,} documents: use several DAG folders"
    return documents


def load_dags(folder: Path) -> dict[str, DAG]:
    """The DAGs of a folder of documents, and the one that says which cannot be used.

    In a process that Airflow started for a task of one DAG the others are not built.

    Args:
        folder: see :func:`read_folder`.

    Returns:
        DAGs by their id.
    """
    from airflow.sdk import get_parsing_context

    documents = read_folder(folder)
    asked = get_parsing_context().dag_id
    dags: dict[str, DAG] = {}
    timetables: dict[str, Any] = {}
    with _no_collection():
        for name, document in documents.good.items():
            if asked not in {None, LOADER, document.dag_id}:
                continue
            try:
                dags[document.dag_id] = build_dag(document, timetables)
            except Exception as error:  # noqa: BLE001 - whatever it is, it stops no other document
                documents.bad[name] = f"{type(error).__name__}: {error}"
    if asked in {None, LOADER}:
        dags[LOADER] = _report(documents)
    return dags


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: all of Airflow would be looked through for each few DAGs."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def build_dag(document: DagDocument, timetables: dict[str, Any] | None = None) -> DAG:
    """The DAG of a document.

    Args:
        document: read and checked.
        timetables: of DAGs that were built before, by their schedules, to which that of this one
            is added: Airflow needs a millisecond to make one of a cron text.

    Raises:
        ConfigError: there can be none, such as with more tasks than Airflow maps.
    """
    from stockstream.airflow.factory import BacktestDAGFactory
    from stockstream.airflow.pipeline import new_bars

    known = {} if timetables is None else timetables
    schedule: Any = document.schedule
    if schedule == NEW_BARS:
        schedule = [new_bars()]
    elif schedule is not None:
        schedule = known.get(schedule, schedule)
    options: dict[str, Any] = {
        "dag_id": document.dag_id,
        "description": document.description or None,
        "tags": list(document.tags),
        "mode": document.mode,
        "schedule": schedule,
        "retries": document.retries,
        "tolerated_failures": document.tolerated_failures,
        "at_once": document.at_once,
        "max_active_tasks": document.max_active_tasks,
    }
    if document.config is not None:
        dag = BacktestDAGFactory.create_dag(config=document.config, **options)
    else:
        dag = BacktestDAGFactory.create_multi_strategy_dag(configs=document.backtests, **options)
    if isinstance(schedule, str):
        known[schedule] = dag.timetable
    return dag


def _text_of(path: Path) -> str:
    """The text of a file; no pipe is waited for, and nothing large is read."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigError("it is no file")
        if facts.st_size > MOST_BYTES:
            raise ConfigError(f"it has {facts.st_size:,} bytes, more than {MOST_BYTES:,}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"it is no UTF-8: byte {error.start:,} is no text") from None


def _report(documents: Documents) -> DAG:
    """The DAG that says what was read."""
    from airflow.sdk import DAG

    from stockstream.airflow.operators.callbacks import CallOperator

    good, bad = len(documents.good), documents.bad
    built = good - len(bad.keys() & documents.good.keys())
    lines = [f"{_plain(name)}: {_plain(why)}" for name, why in bad.items()]
    summary = f"{built} of {built + len(bad)} documents are DAGs"

    def report(**_context: Any) -> None:
        """Fail with the reasons, if any."""
        if lines:
            raise ConfigError("\n".join([f"{summary}; these cannot be used:", *lines]))

    with DAG(
        LOADER,
        description=summary,
        doc_md=_page(summary, lines),
        schedule=None,
        catchup=False,
        tags=["stockstream", *([f"{len(bad)} bad"] if bad else [])],
    ) as dag:
        CallOperator(task_id="report", callback=report, retries=0)
    return dag


def _page(summary: str, lines: list[str]) -> str:
    """Markdown in which every line of somebody else's is code; never ends like a file's name."""
    shown = "".join(f"    {line}\n" for line in lines)
    return f"{summary}.\n\n{shown}" if shown else f"{summary}.\n"


def _plain(text: str) -> str:
    """One line of signs that every place can show."""
    line = text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 3]}..."
    return line.encode("unicode_escape").decode("ascii")
