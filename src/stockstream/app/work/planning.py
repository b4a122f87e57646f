"""From a request to the study that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.app.form.market import Market
from stockstream.app.request import Request
from stockstream.lake.store import Lake
from stockstream.study.plan import plan_study

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.study.study import Study

__all__ = ["planned"]


def planned(folder: Path) -> tuple[Study, Lake]:
    """The study of a request, and the lake that it is planned on.

    Raises:
        StockstreamError: it cannot be run; says why.
    """
    request = Request.at(folder)
    lake = Lake.open(request.lake)
    found = request.checked(Market.of(lake))
    assert found.config is not None, "a request is checked"
    study = plan_study(
        found.config, lake, split=found.split, where=found.where, sample=found.sample
    )
    return study, lake
