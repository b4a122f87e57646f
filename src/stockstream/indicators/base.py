"""The class behind every indicator on data frames, and how to write your own.

A free-form one implements ``calculate``::

    class Range(Indicator):
        name = "range"

        def calculate(self, df):
            return df.with_columns((pl.col("high") - pl.col("low")).alias("range"))

It works everywhere, slower, and is checked for look-ahead (``free_form.py``). A fast one has a
kernel and an :class:`~stockstream.indicators.spec.IndicatorSpec`; ``trend/sma.py`` is the shortest
example. :func:`stockstream.indicators.register` makes either known by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.evaluation import apply
from stockstream.indicators.frame import rows_of, with_results

if TYPE_CHECKING:
    import polars as pl

    from stockstream.indicators.spec import IndicatorSpec, Params

__all__ = ["Indicator", "KernelIndicator"]


class Indicator(ABC):
    """Adds columns to a frame of bars.

    Attributes:
        name: by which it is registered.
        outputs: the columns that it adds; one of its own name if empty. Rules and streams need
            to know them, frames do not.
        memory: bars before a bar that its value rests on, as rules should know; a year if not said.
    """

    name: ClassVar[str] = ""
    outputs: ClassVar[tuple[str, ...]] = ()
    memory: ClassVar[int] = 252

    @abstractmethod
    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        """The frame with this indicator's columns added.

        Args:
            df: one row for each bar; per symbol where it has a ``symbol`` column.
        """


class KernelIndicator(Indicator):
    """An indicator made of a kernel.

    A subclass is a frozen dataclass with a ``spec``, and one field for each parameter of it.

    Raises:
        ConfigError: on making one with parameters that do not fit.
    """

    spec: ClassVar[IndicatorSpec]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.spec.name

    def __post_init__(self) -> None:
        self.spec.check(self.params)

    @property
    def params(self) -> Params:
        """Values of the parameters, in the order of the spec."""
        return tuple(getattr(self, name) for name in self.spec.parameters)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of a frame that it reads."""
        return self.spec.inputs

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that :meth:`calculate` adds."""
        return self.spec.columns(self.params)

    @property
    def lookback(self) -> int:
        """Bars before a bar that its value rests on."""
        return self.spec.lookback(self.params)

    def calculate(self, df: pl.DataFrame) -> pl.DataFrame:
        """The frame with :attr:`columns` added.

        Each symbol of a ``symbol`` column is a series of its own, in the order of ``date`` where
        there is such a column; the rows of the result stand as they stood. Values are Float64, NaN
        until the symbol has warmed up and on bars with a missing input.

        Raises:
            DataError: missing columns, or columns that hold no numbers.
        """
        rows = rows_of(df, self.inputs)
        results = apply(self.spec, rows.values, rows.offsets, self.params)
        return with_results(df, rows, self.columns, results)
