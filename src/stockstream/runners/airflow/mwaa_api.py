"""An Airflow that AWS runs (MWAA), asked with the keys of the account."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import CloudError, UnknownNameError
from stockstream.runners.account import asking
from stockstream.runners.airflow.api import AirflowApi, Answer, detail_of
from stockstream.runners.stack import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockstream.runners.account import Account

__all__ = ["MwaaApi"]

POLICY: Final = "infra/airflow/deployer-policy.json"
AVAILABLE: Final = "AVAILABLE"
_OF_AIRFLOW: Final = frozenset({"RestApiClientException", "RestApiServerException"})


class MwaaApi(AirflowApi):
    """An environment of MWAA by its name.

    Args:
        environment: its name.
        account: in whose region it is.
    """

    def __init__(self, environment: str, account: Account) -> None:
        self.environment, self.account = environment, account
        self.name = f"the MWAA environment {environment} in {account.region}"
        self._client: Any = None
        self._facts: dict[str, Any] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """See :meth:`AirflowApi.ask`."""
        from botocore.exceptions import ClientError

        given: dict[str, Any] = {"Name": self.environment, "Path": path, "Method": method}
        if body is not None:
            given["Body"] = dict(body)
        if query:
            given["QueryParameters"] = dict(query)
        with self._asking():
            try:
                said = self._mwaa().invoke_rest_api(**given)
            except ClientError as error:
                if code_of(error) not in _OF_AIRFLOW:
                    raise
                status = int(error.response.get("RestApiStatusCode") or 500)
                return Answer(status, {}, detail_of(error.response.get("RestApiResponse")))
        document = said.get("RestApiResponse")
        status = int(said["RestApiStatusCode"])
        return Answer(status, document if isinstance(document, dict) else {})

    def version(self) -> str:
        """See :meth:`AirflowApi.version`."""
        facts = self._environment()
        status = str(facts.get("Status"))
        if status != AVAILABLE:
            raise CloudError(
                f"{self.name} is {status} and not {AVAILABLE}: wait until it is; the console of "
                "MWAA, or `aws mwaa get-environment`, says how far it is"
            )
        return str(facts["AirflowVersion"])

    def place(self) -> str:
        """See :meth:`AirflowApi.place`."""
        facts = self._environment()
        bucket = str(facts["SourceBucketArn"]).rpartition(":")[2]
        return f"s3://{bucket}/{str(facts['DagS3Path']).strip('/')}"

    def _environment(self) -> dict[str, Any]:
        if not self._facts:
            with self._asking():
                self._facts = self._mwaa().get_environment(Name=self.environment)["Environment"]
        return self._facts

    def _mwaa(self) -> Any:
        if self._client is None:
            self._client = self.account.client("mwaa")
        return self._client

    @contextmanager
    def _asking(self) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with asking(self.name, POLICY):
            try:
                yield
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                known = self._mwaa().list_environments().get("Environments", [])
                raise self._unknown(known) from None

    def _unknown(self, known: list[str]) -> UnknownNameError:
        return UnknownNameError(
            *("MWAA environment", self.environment, known),
            hint=f"in {self.account.region}; airflow.environment and aws.region choose it",
        )
