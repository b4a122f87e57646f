"""What is asked of an Airflow 3, whoever runs it, and how its refusals read."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from stockstream.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AirflowApi",
    "AirflowRefusedError",
    "Answer",
    "Connection",
    "OldAirflowError",
    "api_path",
]

OLDEST: Final = (3, 0)
"""The REST API v2 and the tasks' SDK are of Airflow 3."""

PAUSES: Final = (0.5, 1.5)
"""Seconds before a question is asked again that found nobody, or a server in trouble."""

PASSING: Final = frozenset({0, 429, 500, 502, 503, 504})
TRIGGERER: Final = "triggerer"
PARTS: Final = ("metadatabase", "scheduler", "dag_processor", TRIGGERER)
WELL: Final = "healthy"

_ADVICE: Final = {
    0: "is it running, and does this machine reach it?",
    401: "the login has ended or is not known there: check airflow.username, "
    "STOCKSTREAM__AIRFLOW__PASSWORD or STOCKSTREAM__AIRFLOW__TOKEN",
    403: "this user may not: it needs the role Op, which may read, pause, trigger and stop DAGs",
    409: "there is one of this name already",
    429: "it is asked too often; try again in a minute",
}
_IN_TROUBLE: Final = "it is in trouble; the log of its API server says more"


class AirflowRefusedError(CloudError):
    """An Airflow did not do what it was asked.

    Attributes:
        status: of HTTP, such as 404 or 409; 0 if there was no answer.
        detail: what it said, without secrets; may be empty.

    Args:
        asked: what was asked of whom.
        status: see above.
        detail: see above.
    """

    def __init__(self, asked: str, status: int, detail: str) -> None:
        self.status, self.detail = status, detail
        advice = _IN_TROUBLE if status >= 500 else _ADVICE.get(status, "")
        said = f" ({status})" if status else ""
        parts = [f"{asked}: {detail or 'it refused'}{said}", advice]
        super().__init__("; ".join(filter(None, parts)))


class OldAirflowError(CloudError):
    """An Airflow that is older than 3.0."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            f"{name} is Airflow {version}, and its DAGs would not load there: version 3.0 or newer "
            "is needed; upgrade it, or run studies with --runner local or step-functions"
        )


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: of HTTP; 0 if nobody answered.
        document: the JSON object; empty if it was none.
        detail: why not, in a few words; empty if all is well.
    """

    status: int
    document: dict[str, Any]
    detail: str = ""


@dataclass(frozen=True)
class Connection:
    """What a test of the connection found.

    Attributes:
        name: of the Airflow, for messages.
        version: such as ``3.3.1``.
        parts: what each part of it says of itself, such as ``{"scheduler": "healthy"}``.
        dags: how many this login sees.
        place: ``s3://bucket/dags``, if the environment says where it reads them; else empty.
        notes: what is no error, and worth knowing.
    """

    name: str
    version: str
    parts: Mapping[str, str]
    dags: int
    place: str = ""
    notes: Sequence[str] = field(default=())

    @property
    def ill(self) -> list[str]:
        """Parts that do not work and that every DAG needs: none, if all is well."""
        return [part for part, state in self.parts.items() if state != WELL and part != TRIGGERER]


class AirflowApi(ABC):
    """The REST API v2 of one Airflow.

    Attributes:
        name: how messages call it, such as ``the Airflow at http://127.0.0.1:8080``.
        pauses: seconds before each further try of a question.
    """

    name: str
    pauses: tuple[float, ...] = PAUSES

    @abstractmethod
    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request and give what came back, whatever it is.

        Raises:
            CloudError: the login is refused, or it is no Airflow.
        """

    @abstractmethod
    def version(self) -> str:
        """Of the Airflow.

        Raises:
            CloudError: it does not answer, or is no Airflow.
        """

    def place(self) -> str:
        """``s3://bucket/dags``, if the Airflow says where it reads its DAGs; else empty."""
        return ""

    def notes(self) -> list[str]:
        """What is no error, and worth knowing."""
        return []

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask, and give the answer; what only reads is tried again if the failure may pass.

        Args:
            method: of HTTP.
            path: below ``/api/v2``, such as :func:`api_path` makes.
            body: is sent as JSON.
            query: what stands behind the question mark.

        Raises:
            AirflowRefusedError: it refused; ``status`` says how, such as 404 or 409.
            CloudError: the login is refused, or it is no Airflow.
        """
        answer = self.ask(method, path, body, query)
        for pause in self.pauses if method == "GET" else ():
            if answer.status not in PASSING:
                break
            time.sleep(pause)
            answer = self.ask(method, path, body, query)
        if answer.detail or not 200 <= answer.status < 300:
            raise AirflowRefusedError(
                f"{self.name}, asked to {method} {path}", answer.status, answer.detail
            )
        return answer.document

    def find(self, path: str) -> dict[str, Any] | None:
        """What there is at a path; None if there is nothing.

        Raises:
            CloudError: it refused, or does not answer.
        """
        try:
            return self.call("GET", path)
        except AirflowRefusedError as refusal:
            if refusal.status == 404:
                return None
            raise

    def check(self) -> Connection:
        """Test the connection: is it an Airflow 3, does it work, does the login hold?

        Raises:
            CloudError: no; it says why.
        """
        version = self.version()
        demand_new(self.name, version)
        health = self.call("GET", "/monitor/health")
        parts = {
            part: str((health.get(part) or {}).get("status") or "not running") for part in PARTS
        }
        seen = self.call("GET", "/dags", query={"limit": 1})
        notes = self.notes()
        if parts[TRIGGERER] != WELL:
            notes.append(
                f"the triggerer is {parts[TRIGGERER]}: tasks that wait for AWS Batch would wait "
                "for ever; backtests in the workers of the Airflow need none"
            )
        dags = int(seen.get("total_entries", 0))
        return Connection(self.name, version, parts, dags, self.place(), tuple(notes))


def api_path(*parts: str) -> str:
    """The path of a thing: ``api_path("dags", "a b")`` is ``/dags/a%20b``."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def demand_new(name: str, version: str) -> None:
    """Refuse an Airflow that is too old.

    Raises:
        OldAirflowError: it is older than 3.0.
    """
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        raise OldAirflowError(name, version)


def detail_of(document: Any) -> str:
    """What an answer of Airflow says of a failure, on one line; empty if it says nothing."""
    said = document.get("detail") if isinstance(document, dict) else None
    if isinstance(said, dict):
        said = said.get("reason") or said.get("message")
    if isinstance(said, list):  # of a request that does not fit: one entry for each fault
        said = "; ".join(_fault(one) for one in said if isinstance(one, dict))
    return " ".join(said.split())[:300] if isinstance(said, str) else ""


def _fault(entry: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in entry.get("loc", ()))
    return f"{where}: {entry.get('msg', 'wrong')}"
