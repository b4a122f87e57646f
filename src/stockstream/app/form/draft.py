"""What somebody has typed so far: text in fields, nothing of it checked yet."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIELDS", "LONGEST", "MOST_VALUES", "Draft"]

LONGEST: Final = 20_000
"""Characters of a field: some thousand symbols."""

MOST_VALUES: Final = 64
"""Parameters of a strategy that a draft holds."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A form as it stands.

    Attributes:
        strategy: registered name.
        values: text for parameters of the strategy, in the grammar of grids; those that are missing
            or blank keep their defaults.
        symbols: names with commas or blanks between; blank is every symbol of the lake.
        start_date, end_date: ``YYYY-MM-DD``; blank is the first or the last day of the lake.
        initial_capital: money.
        commission_bps, slippage_bps, borrow_bps: hundredths of a percent.
        benchmark: as a configuration has it; blank is buy and hold.
        fill: when market orders fill.
        split: how the data are cut.
        where: constraints between parameters, a line each.
        sample: how many points of the grid are tried; blank is all of them.
        select: what points are ranked by.
        runner: where it runs.
    """

    strategy: str = "MovingAverageCrossover"
    values: Mapping[str, str] = field(default_factory=dict)
    symbols: str = ""
    start_date: str = ""
    end_date: str = ""
    initial_capital: str = "100000"
    commission_bps: str = "10"
    slippage_bps: str = "5"
    borrow_bps: str = "0"
    benchmark: str = ""
    fill: str = "next_open"
    split: str = "none"
    where: str = ""
    sample: str = ""
    select: str = "deflated_sharpe"
    runner: str = "local"

    def __post_init__(self) -> None:
        for name in FIELDS:
            _demand_text(name, getattr(self, name))
        given: object = self.values
        if not isinstance(given, dict) or len(given) > MOST_VALUES:
            raise ConfigError(f"values is no table of at most {MOST_VALUES} parameters")
        for name, text in given.items():
            _demand_text("the name of a parameter", name)
            _demand_text(name, text)

    @classmethod
    def read(cls, text: str) -> Draft:
        """A draft from JSON.

        Raises:
            ConfigError: it is none.
        """
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise ConfigError("this is no JSON") from None
        return cls.of(given)

    @classmethod
    def of(cls, given: Any) -> Draft:
        """A draft from values of JSON.

        Raises:
            ConfigError: they are none.
        """
        if not isinstance(given, dict):
            raise ConfigError("a draft is a table of texts")
        odd = sorted(str(name) for name in given if name not in {*FIELDS, "values"})
        if odd:
            raise ConfigError(f"a draft has no {odd[0][:60]!r}; it has {', '.join(FIELDS)}, values")
        return cls(**given)

    def to_json(self) -> str:
        """The draft as canonical JSON: equal drafts, equal text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


FIELDS: Final = tuple(one.name for one in fields(Draft) if one.name != "values")
"""The fields beside the parameters of the strategy."""


def _demand_text(name: str, value: object) -> None:
    """Refuse what no field of a page can hold.

    Raises:
        ConfigError: it is no text, too long, or has signs that no keyboard writes.
    """
    if not isinstance(value, str):
        raise ConfigError(f"{name[:60]} is no text")
    if len(value) > LONGEST:
        raise ConfigError(f"{name[:60]} has {len(value):,} characters, more than {LONGEST:,}")
    if any(ord(sign) < ord(" ") and sign not in "\n\t\r" for sign in value) or "\x7f" in value:
        raise ConfigError(f"{name[:60]} has a control character")
