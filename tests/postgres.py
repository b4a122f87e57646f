"""A PostgreSQL server of the tests' own, where the machine has one, for tests of any kind."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., int]

__all__ = ["Postgres", "running_postgres"]

DEBIAN = Path("/usr/lib/postgresql")
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
PASSWORD = "k@nary/9 %word"  # noqa: S105 - of a server that lives as long as the tests


@dataclass(frozen=True)
class Postgres:
    """A server on loopback, and what it wants to know from those who come in."""

    port: int
    host: str = "127.0.0.1"
    user: str = "analyst"
    password: str = PASSWORD
    database: str = "postgres"

    @property
    def url(self) -> str:
        secret = quote(self.password, safe="")
        return f"postgresql://{self.user}:{secret}@{self.host}:{self.port}/{self.database}"

    def run(self, *statements: str) -> None:
        """Run SQL and keep what it does."""
        from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]

        with dbapi.connect(self.url) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def create(self, database: str) -> Postgres:
        """Another database of the same server, empty."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {database}")
        return replace(self, database=database)


@contextmanager
def running_postgres(connections: int = 10) -> Iterator[Postgres]:
    """A cluster in a folder of its own, without fsync and with a password.

    Args:
        connections: that it takes at the same time; three more are the administrator's.
    """
    programs = {name: _program(name) for name in ("initdb", "pg_ctl", "postgres")}
    folder = Path(tempfile.mkdtemp(prefix="stockstream-postgres-"))
    run = _runner(folder)
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    data = ("-D", str(folder / "data"))
    access = ("-A", "scram-sha-256", "-U", Postgres.user, "--pwfile", str(secret))
    control = (programs["pg_ctl"], *data, "-l", str(folder / "log"), "-w")
    try:
        run(programs["initdb"], *data, *access, "--no-sync", "-E", "UTF8", "--locale", "C")
        yield Postgres(_start(run, control, folder, f"{FAST} -c max_connections={connections}"))
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _start(run: Run, control: tuple[str, ...], folder: Path, options: str) -> int:
    """Start the server on the first port that is free. pytest-socket lets nobody look for one."""
    first = 20_000 + os.getpid() % 20_000
    for port in range(first, first + 20):
        address = f"-h 127.0.0.1 -p {port} -k {folder}"
        if run(*control, "-o", f"{options} {address}", "start") == 0:
            return port
    log = folder / "log"
    pytest.fail(f"PostgreSQL does not start: {log.read_text() if log.exists() else 'no cluster'}")


def _runner(folder: Path) -> Run:
    """Runs programs in a folder; as another user where this one is root, for whom none start."""
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = _other_user()
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(*words: str) -> int:
        done = subprocess.run(
            words,
            cwd=folder,
            stdout=subprocess.DEVNULL,  # no pipe: the server would keep it open
            stderr=subprocess.DEVNULL,
            check=False,
            **who,
        )
        return int(done.returncode)

    return run


def _program(name: str) -> str:
    """Where a program of PostgreSQL is; Debian keeps them off the path."""
    found = shutil.which(name) or next(
        iter(sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        pytest.skip(f"no {name} on this machine (Debian: apt-get install postgresql)")
    return str(found)


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run for root, and there is no other user")
