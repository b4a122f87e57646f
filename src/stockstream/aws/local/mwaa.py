"""MWAA in the emulation: environments that are Airflows somewhere else, and their buckets.

moto has no MWAA. What is asked of an environment goes on to the REST API of a real Airflow, and the
folder ``dags`` of its bucket is copied into a folder of this machine again and again, as MWAA
copies it to its workers.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from stockstream.aws.local.environment import ACCOUNT, REGION, aws_environment
from stockstream.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from stockstream.runners.airflow.token_api import TokenApi

    Answer: TypeAlias = "tuple[int, str, dict[str, Any]]"

__all__ = ["Mwaa", "MwaaEnvironment"]

EVERY: Final = 1.0
"""Seconds between two copies of a bucket; MWAA takes about 30."""

_SIGN: Final = "/airflow/aws4_request"


@dataclass(frozen=True)
class MwaaEnvironment:
    """An Airflow that the emulation calls an environment of MWAA.

    Attributes:
        name: of the environment.
        url: of the Airflow's API server.
        username: who asks it.
        password: of this user.
        bucket: whose folder it reads its DAGs from.
        folder: of this machine, from which the Airflow really reads them.
        dags: name of the folder in the bucket.
        version: of the Airflow.
        status: such as ``AVAILABLE``; with ``DELETED`` the emulation forgets it.
    """

    name: str
    url: str
    username: str
    password: str
    bucket: str
    folder: str
    dags: str = "dags"
    version: str = "3.3.1"
    status: str = "AVAILABLE"

    def document(self) -> dict[str, str]:
        """As JSON has it."""
        return asdict(self)


class Mwaa:
    """Answers what is asked of MWAA, and lets everything else through.

    Args:
        inside: what answers the rest.
        port: of the emulation.
    """

    def __init__(self, inside: Callable[..., Iterable[bytes]], port: int) -> None:
        self._inside, self._port = inside, port
        self._environments: dict[str, tuple[MwaaEnvironment, TokenApi]] = {}

    def add(self, document: dict[str, str]) -> list[str]:
        """Add an environment, or put it in the place of the one of this name; all their names.

        One that is ``DELETED`` goes.
        """
        from stockstream.runners.airflow.token_api import TokenApi

        one = MwaaEnvironment(**document)
        if one.status == "DELETED":
            self._environments.pop(one.name, None)
            return sorted(self._environments)
        is_new = one.name not in self._environments
        api = TokenApi(one.url, one.username, one.password)
        self._environments[one.name] = (one, api)
        if is_new:
            threading.Thread(target=self._copy, args=(one.name,), daemon=True).start()
        return sorted(self._environments)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if _SIGN not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._inside(environ, start)
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        words = [unquote(word) for word in environ["PATH_INFO"].strip("/").split("/")]
        status, kind, document = self._answer(words, json.loads(content or b"{}"))
        body = json.dumps(document).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if kind:
            headers.append(("x-amzn-errortype", kind))
        start(f"{status} {kind or 'OK'}", headers)
        return [body]

    def _answer(self, words: list[str], body: dict[str, Any]) -> Answer:
        match words:
            case ["environments"]:
                return 200, "", {"Environments": sorted(self._environments)}
            case ["environments", name] if name in self._environments:
                return 200, "", {"Environment": self._facts(self._environments[name][0])}
            case ["restapi", name] if name in self._environments:
                return self._passed_on(self._environments[name][1], body)
            case ["environments" | "restapi", name]:
                said = f"Environment {name} not found."
                return 404, "ResourceNotFoundException", {"message": said}
        return 400, "ValidationException", {"message": f"not emulated: {'/'.join(words)}"}

    def _facts(self, one: MwaaEnvironment) -> dict[str, Any]:
        return {
            "Name": one.name,
            "Arn": f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/{one.name}",
            "Status": one.status,
            "AirflowVersion": one.version,
            "WebserverUrl": one.url.partition("://")[2],
            "SourceBucketArn": f"arn:aws:s3:::{one.bucket}",
            "DagS3Path": one.dags,
        }

    def _passed_on(self, api: TokenApi, body: dict[str, Any]) -> Answer:
        """What the Airflow answers, in the words of MWAA."""
        given = (body["Method"], body["Path"], body.get("Body"), body.get("QueryParameters"))
        try:
            answer = api.ask(*given)
        except CloudError as error:
            return 500, "InternalServerException", {"message": str(error)}
        said = {"RestApiStatusCode": answer.status, "RestApiResponse": answer.document}
        if answer.status == 0 or answer.status >= 500:
            return (
                400,
                "RestApiServerException",
                {**said, "RestApiStatusCode": answer.status or 503},
            )
        if answer.status >= 400:
            return 400, "RestApiClientException", said
        return 200, "", said

    def _copy(self, name: str) -> None:
        """Copy the DAGs of an environment from its bucket, again and again until it is gone."""
        from boto3 import Session

        variables = aws_environment(self._port)
        session = Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        s3 = session.client("s3", endpoint_url=variables["AWS_ENDPOINT_URL"])
        pause = threading.Event()
        known: dict[str, str] = {}
        while not pause.wait(EVERY) and (found := self._environments.get(name)):
            try:
                known = _copied(s3, found[0], known)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next copy may work
                print(f"mwaa {name}: {error}", flush=True)  # noqa: T201 - the log of the emulation


def _copied(s3: Any, one: MwaaEnvironment, known: dict[str, str]) -> dict[str, str]:
    """Copy what has changed, remove what has gone; tags by name of what is there now."""
    prefix = one.dags.strip("/") + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=one.bucket, Prefix=prefix)
    there = {
        row["Key"].removeprefix(prefix): row["ETag"]
        for page in pages
        for row in page.get("Contents", ())
    }
    folder = Path(one.folder).resolve()
    for name, tag in there.items():
        target = (folder / name).resolve()
        if known.get(name) == tag or not target.is_relative_to(folder):
            continue
        content = s3.get_object(Bucket=one.bucket, Key=prefix + name)["Body"].read()
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}#")
        draft.write_bytes(content)
        draft.replace(target)
    for name in set(known) - set(there):
        (folder / name).unlink(missing_ok=True)
    return there
