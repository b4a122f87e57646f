"""A strategy in free form: Python that decides bar by bar.

Rules as values (see ``rule``) are the shorter way, and the only one that cannot look ahead. Free
form is for what rules cannot say; ``stockstream verify`` tests it for look-ahead.
"""

from __future__ import annotations

from difflib import get_close_matches
from inspect import CO_VARKEYWORDS
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, dataclass_transform

from stockstream.errors import StrategyError
from stockstream.market.columns import FACTOR
from stockstream.strategy.parameters import bind, parameters_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    import polars as pl

    from stockstream.strategy.orders import Action
    from stockstream.strategy.portfolio import Fill, Portfolio

__all__ = ["HOOKS", "Context", "Strategy", "overrides"]

HOOKS: Final = ("on_data", "on_bar", "on_order_filled", "prepare")
"""The methods that an engine calls, where a strategy has its own."""


class Context(Protocol):
    """What an engine gives a strategy for the length of a run."""

    def history(self, symbol: str, field: str, n: int) -> list[float]:
        """The last ``n`` values up to today, oldest first."""


@dataclass_transform(kw_only_default=True)
class Strategy:
    """Base of every strategy.

    Annotated class variables are parameters and keywords of the constructor (see ``parameters``).
    Override the hooks that are needed; the others cost nothing. Orders work in the next bar. State
    of a run is set up in ``def __init__(self, **values)``, after ``super().__init__(**values)``:
    every run starts from a fresh instance.

    Prices that a strategy sees are split-adjusted forward: on the share basis of the symbol's
    first bar, so that a split is no jump and a later split never changes an earlier price.
    ``data["price"]`` is the close as traded, for sizing in shares.

    Raises:
        UnknownNameError: a keyword that is no parameter.
        ConfigError: a value that cannot be used, or values that do not fit each other.
    """

    _context: Context | None = None

    def __init__(self, **values: Any) -> None:
        for name, value in bind(type(self), values).items():
            setattr(self, name, value)
        self.check()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _check_hooks(cls)
        _check_constructor(cls)

    def check(self) -> None:
        """Refuse parameters that do not fit each other, by raising ``ConfigError``."""

    def lookback(self) -> int:
        """Bars before the first trading day that the strategy wants to know."""
        return 0

    def columns(self) -> tuple[str, ...]:
        """What it reads of the symbols beside their bars, for the panel to be read with.

        Columns are ``factor:NAME``, ``sector``, ``listed`` and ``age``; ``data`` and ``history``
        have a factor by its plain name. A strategy with a parameter ``factors: tuple[str, ...]``
        reads those without saying more.
        """
        factors = getattr(self, "factors", ())
        named = factors if isinstance(factors, tuple) else ()
        return tuple(f"{FACTOR}{name}" for name in named)

    def on_data(
        self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Portfolio
    ) -> Action | None:
        """Decide on one symbol at the close of a bar; called for each symbol that has one.

        Args:
            date: the session.
            symbol: which symbol.
            data: open, high, low, close, volume (split-adjusted forward), price (the close as
                traded), the factors of :meth:`columns`, and what :meth:`prepare` added.
            portfolio: the account at this close.

        Returns:
            An order, whose symbol may be left out, or None.
        """

    def on_bar(
        self, date: dt.date, bars: Mapping[str, dict[str, float]], portfolio: Portfolio
    ) -> Iterable[Action] | None:
        """Decide on all symbols at once at the close of a session, after :meth:`on_data`.

        Args:
            date: the session.
            bars: the ``data`` of :meth:`on_data` for each symbol that has a bar today.
            portfolio: the account at this close.

        Returns:
            Orders, each with its symbol, or None.
        """

    def on_order_filled(self, order: Fill, portfolio: Portfolio) -> None:
        """Learn of a fill, before the decisions at the close of its bar."""

    def prepare(self, bars: pl.DataFrame) -> pl.DataFrame:
        """Add columns; called once per symbol before the run.

        Numeric columns added here appear in ``data``. This is the one place where look-ahead can
        creep in, because the whole history is there: a row may only depend on the rows before it
        and itself (no centred window, no mean of the whole column). ``stockstream verify`` tests
        that.

        Args:
            bars: date, open, high, low, close, volume (split-adjusted forward), price (the close
                as traded) of one symbol and the factors of :meth:`columns`, sorted by date.

        Returns:
            The same rows in the same order, with more columns.
        """
        return bars

    def history(self, symbol: str, field: str, n: int) -> list[float]:
        """The last ``n`` values up to today, oldest first; fewer where there are not so many.

        Args:
            symbol: which symbol of the run.
            field: a key of ``data``.
            n: how many of the symbol's own bars, today's included.

        Raises:
            StrategyError: called outside a run.
        """
        if self._context is None:
            raise StrategyError(
                f"{type(self).__name__}.history() was called outside a run: "
                "call it in on_data, on_bar or on_order_filled"
            )
        return self._context.history(symbol, field, n)

    def attach(self, context: Context | None) -> None:
        """Give the strategy what it may read during a run (engines call this); None at its end."""
        self._context = context

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter with its value.

        Raises:
            StrategyError: a constructor of its own did not call that of this class.
        """
        names = [parameter.name for parameter in parameters_of(type(self))]
        if not vars(self).keys() >= set(names):
            raise StrategyError(
                f"{type(self).__name__}.__init__ did not call super().__init__(**values), "
                "so its parameters were never read"
            )
        return {name: getattr(self, name) for name in names}

    def fresh(self) -> Self:
        """A new instance with the same parameters, and none of the state of a run."""
        return type(self)(**self.parameters)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({given})"


def overrides(cls: type[Strategy], hook: str) -> bool:
    """Whether a class has a hook of its own, so that an engine need not call the empty one."""
    return getattr(cls, hook) is not getattr(Strategy, hook)


def _check_hooks(cls: type[Strategy]) -> None:
    """A misspelt hook would never be called, and the strategy never trade."""
    for name in vars(cls):
        if name.startswith("on_") and name not in HOOKS:
            near = get_close_matches(name, HOOKS, n=1, cutoff=0.75)
            if near:
                raise StrategyError(
                    f"{cls.__name__}.{name} would never be called: the hooks are "
                    f"{', '.join(HOOKS)}; did you mean {near[0]!r}?"
                )


def _check_constructor(cls: type[Strategy]) -> None:
    """What a constructor took beside the parameters would be lost in :meth:`Strategy.fresh`."""
    code = getattr(vars(cls).get("__init__"), "__code__", None)
    if code is None:
        return
    named = code.co_argcount + code.co_kwonlyargcount - 1
    if named or not code.co_flags & CO_VARKEYWORDS:
        raise StrategyError(
            f"{cls.__name__}.__init__ must be `def __init__(self, **values)` and begin with "
            "`super().__init__(**values)`: what a strategy is given is declared as annotated class "
            "variables, such as `period: int = 20`, so that a run can be repeated"
        )
