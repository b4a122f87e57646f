"""Where the emulation is, as environment variables say it to every client."""

from __future__ import annotations

import os

__all__ = ["ACCOUNT", "REGION", "aws_environment", "process_environment"]

ACCOUNT = "123456789012"
REGION = "ap-southeast-2"

PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "STOCKSTREAM_CACHE",
    "TMPDIR",
    "XDG_CACHE_HOME",
)
"""What a process gets of ours: never the settings of the user or the keys of an account."""


def aws_environment(port: int) -> dict[str, str]:
    """What leads every AWS client to the emulation at this port, whatever the user has set."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def process_environment(port: int) -> dict[str, str]:
    """What every function and job begins with; its own variables come on top."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {**passed, **measured, **aws_environment(port), "PYTHONUNBUFFERED": "1"}
