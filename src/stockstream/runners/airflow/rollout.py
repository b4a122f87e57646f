"""Deploying from beginning to end: written, read by the Airflow, paused, or put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.runners.airflow.parsed import (
    SETTLING,
    BrokenBundleError,
    await_parsed,
    look_before,
    pause_new,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stockstream.runners.airflow.api import AirflowApi
    from stockstream.runners.airflow.deploy import Deployment
    from stockstream.runners.airflow.parsed import Seen

__all__ = ["PATIENCE", "roll_out"]

PATIENCE: Final = 600.0
"""Seconds that an Airflow has for reading: it may look for new files every 300 s only."""


def roll_out(
    deployment: Deployment,
    api: AirflowApi | None,
    wanted: Collection[str] = (),
    *,
    patience: float = PATIENCE,
    settling: float | None = None,
    every: float = 1.0,
    written: Callable[[int, int], None] = lambda *_: None,
    read: Callable[[int, int], None] = lambda *_: None,
) -> Seen | None:
    """Deploy a bundle, wait until the Airflow has read it, and leave what is new paused.

    What cannot be read there is taken back, so that the state before is in use again.

    Args:
        deployment: of the bundle to its folder.
        api: of the Airflow; None if it cannot be asked: then nobody knows whether it reads.
        wanted: names of the DAGs that the configurations make.
        patience: seconds to wait for it; 0 does not wait.
        settling: seconds for which a file may be broken; by default some where a bucket is copied.
        every: seconds between two looks.
        written: is called with how many files are written, and how many there are.
        read: is called with how many DAG files are read, and how many there are.

    Returns:
        What the Airflow has of ours; None if it was not asked.

    Raises:
        BrokenBundleError: it cannot read it; everything is as it was.
        PartialError: it has not read it yet; the files stay.
        ConfigError: the folder cannot be written.
        CloudError: a bucket or the Airflow refuses, or does not answer.
    """
    asked = api if patience else None
    before = look_before(asked) if asked else None
    deployment.write(written)
    if asked is None or before is None:
        deployment.finish()
        return None
    if settling is None:
        settling = 0.0 if deployment.place.is_local else SETTLING
    try:
        seen = await_parsed(
            *(asked, deployment.bundle, wanted, before, patience),
            settling=settling,
            every=every,
            tell=read,
        )
    except BrokenBundleError as error:
        deployment.undo()
        raise BrokenBundleError(f"{error}; everything was put back as it was before") from None
    deployment.finish()
    return pause_new(asked, seen, before)
