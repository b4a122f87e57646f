"""All candle patterns of TA-Lib at once, where TA-Lib is installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.indicators.base import Indicator
from stockstream.indicators.frame import rows_of, with_results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["Candles"]

PRICES = ("open", "high", "low", "close")


class Pattern(NamedTuple):
    """A pattern of TA-Lib: its function, and the bars before the first one it can judge."""

    find: Callable[..., Any]
    lookback: int


@dataclass(frozen=True)
class Candles(Indicator):
    """The candle patterns of TA-Lib (61 in release 0.8), one column each, such as ``cdl_hikkake``.

    100 where a bullish pattern ends, -100 where a bearish one does, 0 where there is none (a few
    know 80 and 200 as well); NaN on the first bars of a symbol, which TA-Lib cannot judge and
    shows as 0, and on bars without all four prices, which count as absent. The names are those of
    TA-Lib in small letters: ``CDLHIKKAKE`` is ``cdl_hikkake``; parameters are its defaults.

    It works on frames. In rules, streams and sweeps the best known ones are indicators of their
    own, equal to these: ``doji``, ``hammer``, ``engulfing``, ``morning_star`` and others.

    Attributes:
        patterns: which columns to add; all of them if empty.
    """

    name: ClassVar[str] = "candles"

    patterns: tuple[str, ...] = ()

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        """The frame with a Float64 column for each pattern.

        Raises:
            ConfigError: TA-Lib is not installed.
            UnknownNameError: it has no such pattern.
            DataError: no columns open, high, low and close, or columns that hold no numbers.
        """
        known = _known()
        for name in self.patterns:
            if name not in known:
                raise UnknownNameError("candle pattern", name, known)
        names = self.patterns or tuple(known)
        rows = rows_of(df, PRICES)
        found = _found([known[name] for name in names], rows.values, rows.offsets)
        return with_results(df, rows, names, found)


def _found(
    patterns: Sequence[Pattern], prices: Sequence[Floats], offsets: NDArray[np.int64]
) -> list[Floats]:
    """``[N]`` for each pattern: what it says of each bar."""
    whole = np.all(np.isfinite(np.vstack(prices)), axis=0)
    results = [np.full(len(whole), np.nan) for _ in patterns]
    for start, end in pairwise(offsets.tolist()):
        places = start + np.flatnonzero(whole[start:end])
        bars = [column[places] for column in prices]
        for pattern, result in zip(patterns, results, strict=True):
            if len(places) > pattern.lookback:
                judged = pattern.find(*bars)[pattern.lookback :]
                result[places[pattern.lookback :]] = judged
    return results


def _known() -> dict[str, Pattern]:
    """The patterns of the installed TA-Lib, by the name of their column."""
    try:
        talib, abstract = import_module("talib"), import_module("talib.abstract")
    except ImportError as error:
        raise ConfigError(
            "the indicator candles needs TA-Lib: pip install 'stockstream[talib]'; "
            "doji, hammer, engulfing, morning_star and others work without it"
        ) from error
    names = talib.get_function_groups()["Pattern Recognition"]
    return {
        f"cdl_{name.removeprefix('CDL').lower()}": Pattern(
            getattr(talib, name), abstract.Function(name).lookback
        )
        for name in sorted(names)
    }
