"""Small JSON files beside the lake: what jobs leave for Airflow, which reads no Parquet."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from stockstream.airflow.settings import CONNECTION
from stockstream.airflow.signals import AirflowException
from stockstream.runners.jobs.names import answer_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Files", "files_of", "read_answer"]


class Files(Protocol):
    """JSON files below the folder or URL of a lake."""

    def read(self, file: str) -> Any:
        """What a file holds; None if it is not there."""

    def create(self, file: str, value: Any) -> bool:
        """Write a file if nobody has; whether it was this one."""

    def names(self, folder: str) -> list[str]:
        """The files of a folder, without its name; none if it is not there."""


def files_of(lake: str, region: str | None = None) -> Files:
    """The files beside a lake.

    Args:
        lake: a folder, or ``s3://bucket`` with or without a prefix.
        region: of the bucket; None is what the connection or the environment says.
    """
    if lake.startswith("s3://"):
        return _BucketFiles(lake, region)
    return _FolderFiles(Path(lake.removeprefix("file://")).expanduser())


def read_answer(files: Files, key: str) -> dict[str, Any]:
    """What a job left under a key.

    Raises:
        AirflowException: nothing is there.
    """
    answer = files.read(answer_file(key))
    if not isinstance(answer, dict):
        raise AirflowException(
            f"the job ended well and left no answer in {answer_file(key)} of the lake: does it "
            "write into the lake that this Airflow reads? Compare STOCKSTREAM__LAKE or "
            "S3_BUCKET_NAME of the job with the Airflow Variables"
        )
    return answer


class _FolderFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, file: str) -> Any:
        try:
            return json.loads((self._folder / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def create(self, file: str, value: Any) -> bool:
        path = self._folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(value, out)
            os.link(written, path)  # whole or not at all, and never over another one
        except FileExistsError:
            return False
        finally:
            Path(written).unlink()
        return True

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(entry.name for entry in os.scandir(self._folder / folder))
        except FileNotFoundError:
            return []


class _BucketFiles:
    def __init__(self, url: str, region: str | None) -> None:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        place = urlsplit(url)
        self._bucket, self._prefix = place.netloc, place.path.strip("/")
        self._client = S3Hook(aws_conn_id=CONNECTION, region_name=region).get_conn()

    def read(self, file: str) -> Any:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(file))
        except self._client.exceptions.NoSuchKey:
            return None
        return json.loads(found["Body"].read())

    def create(self, file: str, value: Any) -> bool:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key(file),
                Body=json.dumps(value).encode(),
                IfNoneMatch="*",
            )
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
                return False
            raise
        return True

    def names(self, folder: str) -> list[str]:
        return sorted(self._names(f"{self._key(folder)}/"))

    def _names(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/"):
            for entry in page.get("Contents", ()):
                yield entry["Key"].removeprefix(prefix)

    def _key(self, file: str) -> str:
        return f"{self._prefix}/{file}" if self._prefix else file
