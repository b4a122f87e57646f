"""Every setting: its name, its default, the values it may have, and what it means.

A field's metadata holds its limits: ``above`` and ``below`` leave the limit itself out, ``least``
and ``most`` allow it. What ``repr`` leaves out is secret, and no message shows it either.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, fields
from typing import Literal

from stockstream.errors import ConfigError

__all__ = [
    "AirflowMode",
    "AirflowSettings",
    "AppSettings",
    "AwsSettings",
    "ClusterSettings",
    "EodhdSettings",
    "FetchSettings",
    "ListSettings",
    "LogLevel",
    "Market",
    "NotifySettings",
    "QualitySettings",
    "Settings",
    "YahooSettings",
]

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Market = Literal["ASX", "US"]
AirflowMode = Literal["local", "batch"]

_LIMITS = {
    "above": (operator.gt, "above"),
    "below": (operator.lt, "below"),
    "least": (operator.ge, "at least"),
    "most": (operator.le, "at most"),
}


@dataclass(frozen=True)
class _Section:
    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            for limit, bound in one.metadata.items():
                holds, words = _LIMITS[limit]
                if value is not None and not holds(value, bound):
                    raise ConfigError(f"{one.name} cannot be {value!r}: it must be {words} {bound}")


@dataclass(frozen=True)
class FetchSettings(_Section):
    """How prices are fetched.

    Attributes:
        provider: name of the provider that the daily run asks.
        batch_size: symbols of one batch; 0 lets the number of symbols decide.
        batches_at_once: most batches that are fetched at the same time.
        rate: most requests a second, of all batches together; by default what the source bears.
        attempts: how often one symbol is asked for in one run before it counts as failed.
        overlap: stored sessions that are fetched again, to see corrections and splits.
        history_years: years that are fetched of a symbol that the lake does not have.
        lag_minutes: minutes after the close from which the bars of a session count as final.
        skip_after: failing runs in a row after which a symbol is asked for in every fifth run only.
        timeout: seconds that one request may take.
        patience: seconds after which a source that does not work is given up.
    """

    provider: str = "yahoo"
    batch_size: int = field(default=100, metadata={"least": 0})
    batches_at_once: int = field(default=10, metadata={"least": 1})
    rate: float | None = field(default=None, metadata={"above": 0})
    attempts: int = field(default=4, metadata={"least": 1})
    overlap: int = field(default=10, metadata={"least": 0})
    history_years: int = field(default=10, metadata={"least": 1})
    lag_minutes: int = field(default=60, metadata={"least": 0})
    skip_after: int = field(default=5, metadata={"least": 1})
    timeout: float = field(default=20.0, metadata={"above": 0})
    patience: float = field(default=600.0, metadata={"least": 0})


@dataclass(frozen=True)
class ListSettings(_Section):
    """Where the list of symbols comes from, and when it is believed.

    Attributes:
        market: ``ASX`` or ``US``; decides the suffix of the symbols, ``.AX`` or none.
        url: where the list is downloaded.
        token: access token of the list, if it wants one; secret.
        shrink_limit: fraction of the symbols that a list may lose and still be accepted.
        removal_days: accepted lists of different days without a symbol that confirm its removal.
    """

    market: Market = "ASX"
    url: str = "https://asx.api.markitdigital.com/asx-research/1.0/companies/directory/file"
    token: str = field(default="", repr=False)
    shrink_limit: float = field(default=0.03, metadata={"least": 0, "most": 1})
    removal_days: int = field(default=3, metadata={"least": 1})


@dataclass(frozen=True)
class YahooSettings(_Section):
    """The provider ``yahoo``.

    Attributes:
        base_url: the server that is asked.
    """

    base_url: str = "https://query2.finance.yahoo.com"


@dataclass(frozen=True)
class EodhdSettings(_Section):
    """The provider ``eodhd``.

    Attributes:
        base_url: the server that is asked.
        token: the API key; secret.
    """

    base_url: str = "https://eodhd.com"
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class QualitySettings(_Section):
    """From where on the check of bars calls something odd.

    Attributes:
        jump_above: a close of more than so many times the one before is a jump.
        jump_below: so is a close of less than this fraction of the one before.
        few_ticks: price steps within which nothing is a jump.
        long_gap: sessions in a row without a bar after which a gap is long, and a missing end is
            a sign that trading stopped.
        short_session: fraction of the usual number of symbols below which a session is short.
        trailing: sessions before a session that say what is usual.
        enough_symbols: usual number of symbols from which a session can be called short.
        stale_run: bars in a row with one and the same close that make a stale run.
        slip_run: most bars in a row that are set aside as being in another unit, cents for dollars.
    """

    jump_above: float = field(default=1.5, metadata={"above": 1})
    jump_below: float = field(default=0.5, metadata={"least": 0, "below": 1})
    few_ticks: int = field(default=3, metadata={"least": 0})
    long_gap: int = field(default=10, metadata={"least": 1})
    short_session: float = field(default=0.8, metadata={"least": 0, "most": 1})
    trailing: int = field(default=21, metadata={"least": 5})
    enough_symbols: int = field(default=20, metadata={"least": 1})
    stale_run: int = field(default=20, metadata={"least": 2})
    slip_run: int = field(default=60, metadata={"least": 0})


@dataclass(frozen=True)
class NotifySettings(_Section):
    """Who hears of the daily run.

    Attributes:
        urls: Apprise URLs that get a message; in an environment variable with spaces between them;
            secret.
    """

    urls: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class AwsSettings(_Section):
    """Where sweeps run in the cloud.

    Attributes:
        region: of the stack; without one that of ``AWS_REGION`` or of the AWS profile.
        prefix: that the names of the stack begin with, such as ``dev-``.
        at_once: workers that a sweep is divided for; how many do run, the stack decides.
    """

    region: str = ""
    prefix: str = ""
    at_once: int = field(default=30, metadata={"least": 1})


@dataclass(frozen=True)
class AirflowSettings(_Section):
    """The Airflow that runs studies: any by its address, or one of MWAA by its name.

    Attributes:
        url: address of its API server, such as ``http://127.0.0.1:8080``.
        username: who logs in there.
        password: of this user; secret.
        token: a token of the API in place of user and password; secret.
        environment: name of an environment of MWAA, in the region of ``aws.region``.
        dags: folder or ``s3://bucket/folder`` from which it reads its DAGs; MWAA says it itself.
        mode: where studies run that are sent to it: ``local`` in its own workers, ``batch`` on AWS
            Batch.
    """

    url: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    environment: str = ""
    dags: str = ""
    mode: AirflowMode = "local"


@dataclass(frozen=True)
class ClusterSettings(_Section):
    """The Ray cluster that runs studies.

    Attributes:
        address: ``host:port`` of its head, or ``auto`` for the one that this machine is a node of;
            empty starts one on this machine for each sweep.
        at_once: workers of a sweep at most; 0 takes all processors of the cluster.
    """

    address: str = ""
    at_once: int = field(default=0, metadata={"least": 0})


@dataclass(frozen=True)
class AppSettings(_Section):
    """The web page.

    Attributes:
        port: that it listens on; 0 takes a free one.
        address: that it listens on; others than this machine's own need people to sign in.
        hosts: names by which it may be asked for from elsewhere, besides this machine's own; in an
            environment variable with spaces between them.
        public: whoever reaches it may use it, without signing in.
        oidc: address of the metadata of the OpenID Connect provider where people sign in.
        client_id: what the provider calls this page.
        client_secret: what it proves that with; secret.
        cookie_secret: with which the page signs who is signed in; secret.
        redirect_uri: address of the page with ``/oauth2callback``, as the provider knows it.
        people: addresses of mail of those who may use it, in an environment variable with spaces
            between them; empty is everybody who can sign in.
    """

    port: int = field(default=8501, metadata={"least": 0, "most": 65_535})
    address: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    public: bool = False
    oidc: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    cookie_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    people: tuple[str, ...] = ()

    @property
    def has_login(self) -> bool:
        """Whether people sign in."""
        return bool(self.oidc)


@dataclass(frozen=True)
class Settings:
    """What a user or a machine sets once.

    Attributes:
        lake: folder or URL of the lake that commands use unless ``--lake`` names another.
        runs: folder in which backtests and sweeps leave their results.
        log_level: least severe log record to show.
        fetch: how prices are fetched.
        symbols: where the list of symbols comes from.
        yahoo: the provider of this name.
        eodhd: the provider of this name.
        quality: from where on the check of bars calls something odd.
        notify: who hears of the daily run.
        aws: where sweeps run in the cloud.
        airflow: the Airflow that runs studies.
        cluster: the Ray cluster that runs studies.
        app: the web page.
    """

    lake: str = "data/lake"
    runs: str = "data/runs"
    log_level: LogLevel = "WARNING"
    fetch: FetchSettings = field(default_factory=FetchSettings)
    symbols: ListSettings = field(default_factory=ListSettings)
    yahoo: YahooSettings = field(default_factory=YahooSettings)
    eodhd: EodhdSettings = field(default_factory=EodhdSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    aws: AwsSettings = field(default_factory=AwsSettings)
    airflow: AirflowSettings = field(default_factory=AirflowSettings)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    app: AppSettings = field(default_factory=AppSettings)
