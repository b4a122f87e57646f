"""A study: one configuration with a grid, cut into pieces of data, as a list of trials.

Everything that decides a number is in it and nothing else, so its name is a digest: the same study
has the same name everywhere. It is written as JSON for a worker that may run on another machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.identity import Identity
from stockstream.errors import DataError
from stockstream.study.cutting.splits import Piece, Split
from stockstream.study.points.space import Space

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from stockstream.study.chunk import Chunk

__all__ = ["Study"]


@dataclass(frozen=True)
class Study:
    """Which trials there are, and on what.

    A trial is a point (one set of parameters) on a piece of the data; its number is
    ``piece * points + point``.

    Attributes:
        config: with the symbols, the fixed parameters, the grid's values and the day from which
            on bars are read written out.
        space: the points.
        split: how the data was cut.
        pieces: the parts of the data.
        block_dates: ``[B + 1]``; block *b* of every trial has the sessions from ``block_dates[b]``
            to the day before ``block_dates[b + 1]``.
        curve_dates: ``[K]``, days at whose close the equity of each trial is kept.
        columns: what the strategy reads beside the bars.
        lookback: bars that the points look back at most.
        chunk_trials: trials of a chunk at most.
        identity: what the numbers are made of.
        ignored: values given directly for parameters of the grid, which wins.
        flags: what a reader must know of the data and the configuration.
    """

    config: BacktestConfig
    space: Space
    split: Split
    pieces: tuple[Piece, ...] = field(repr=False)
    block_dates: tuple[dt.date, ...] = field(repr=False)
    curve_dates: tuple[dt.date, ...] = field(repr=False)
    columns: tuple[str, ...]
    lookback: int
    chunk_trials: int
    identity: Identity
    ignored: dict[str, Any]
    flags: tuple[str, ...] = field(repr=False)

    @property
    def points(self) -> int:
        """Combinations of parameters."""
        return self.space.size

    @property
    def trials(self) -> int:
        """Points times pieces."""
        return self.space.size * len(self.pieces)

    @property
    def data_version(self) -> str:
        """The version of the lake that every worker reads."""
        return self.identity.data_version

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it but ``ignored``, which decides nothing."""
        decisive = {name: part for name, part in self.as_dict().items() if name != "ignored"}
        text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """What its run is called: the same study, the same name."""
        return f"s-{self.digest[:12]}"

    def piece_and_point(self, trial: int) -> tuple[int, int]:
        """Which piece and which point a trial is.

        Raises:
            DataError: there is no such trial.
        """
        if not 0 <= trial < self.trials:
            raise DataError(
                f"study {self.name} has no trial {trial:,}: they go from 0 to {self.trials - 1:,}"
            )
        return divmod(trial, self.points)

    def parameters(self, trial: int) -> dict[str, Any]:
        """The parameters of a trial, those of the grid first."""
        _, point = self.piece_and_point(trial)
        return {**self.space.values(point), **self.config.parameters}

    def trial_config(self, trial: int) -> BacktestConfig:
        """The backtest that a trial is: ``run_backtest`` gives its numbers again."""
        piece, _ = self.piece_and_point(trial)
        alone = self.pieces[piece].config(self.config)
        return alone.changed(parameters=self.parameters(trial), param_grid={})

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """The trials in parts, each run at once by one worker."""
        from stockstream.study.chunk import cut_chunks

        return cut_chunks(self)

    def as_dict(self) -> dict[str, Any]:
        """The study as JSON values."""
        return {
            "config": self.config.model_dump(mode="json"),
            "space": self.space.as_dict(),
            "split": str(self.split),
            "pieces": [_piece_document(piece) for piece in self.pieces],
            "block_dates": [str(day) for day in self.block_dates],
            "curve_dates": [str(day) for day in self.curve_dates],
            "columns": list(self.columns),
            "lookback": self.lookback,
            "chunk_trials": self.chunk_trials,
            "identity": self.identity.as_dict(),
            "ignored": self.ignored,
            "flags": list(self.flags),
        }

    def to_json(self) -> str:
        """The study as text; :meth:`from_json` gives an equal one."""
        return json.dumps(self.as_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The study that :meth:`to_json` wrote.

        Raises:
            DataError: the text is no study.
        """
        try:
            return cls._read(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"not a study: {error}; plan it again") from error

    @classmethod
    def _read(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            config=BacktestConfig(**kept["config"]),
            space=Space.from_dict(kept["space"]),
            split=Split.parse(kept["split"]),
            pieces=tuple(_piece(piece) for piece in kept["pieces"]),
            block_dates=_days(kept["block_dates"]),
            curve_dates=_days(kept["curve_dates"]),
            columns=tuple(kept["columns"]),
            lookback=kept["lookback"],
            chunk_trials=kept["chunk_trials"],
            identity=Identity(**kept["identity"]),
            ignored=kept["ignored"],
            flags=tuple(kept["flags"]),
        )


def _days(texts: list[str]) -> tuple[dt.date, ...]:
    return tuple(dt.date.fromisoformat(text) for text in texts)


_DAYS = ("start", "end", "warmup_start")


def _piece_document(piece: Piece) -> dict[str, Any]:
    document = asdict(piece)
    document.update({name: str(document[name]) for name in _DAYS if document[name] is not None})
    return document


def _piece(document: Mapping[str, Any]) -> Piece:
    days = {name: document[name] and dt.date.fromisoformat(document[name]) for name in _DAYS}
    symbols = document["symbols"] and tuple(document["symbols"])
    return Piece(**{**document, **days, "symbols": symbols})
