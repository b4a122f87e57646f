"""Long the best companies by some factors, short the worst, in equal amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from stockstream.errors import ConfigError
from stockstream.strategy import Bracket, Percent, Range, RuleStrategy, Weights, long_short, sum_of

if TYPE_CHECKING:
    from stockstream.strategy import Bars, Number

USUALLY_LOW = frozenset(
    {
        *("beta", "debttoassets", "debttoequity", "evtoebitda", "pb", "pe", "ps"),
        *("pricetobook", "priceearnings", "pricetoearnings", "pricetosales", "volatility"),
    }
)
"""Factors of which less is better unless a sign says otherwise; lower case, letters only."""


class LongShortEquityStrategy(RuleStrategy):
    """Rank companies by factors; hold the best fifth, be short the worst, set anew regularly.

    Idea: what a factor says of companies is worth more against each other than against the market.
    As much is held as is sold short, so that a rise or fall of everything cancels out. At each
    rebalance every factor becomes a z-score over the companies that have a bar and a value that
    day, the scores are added up, and the ``quantile`` with the highest sum is bought, that with the
    lowest is sold short, in equal parts of half the equity each. Who lacks one of the factors is
    left out. Between two rebalances only the bracket trades.

    Which end is good stands before the name of a factor: ``-DebtToEquity`` means that less is
    better, ``+NewsSentiment`` that more is. Without a sign, less debt (:data:`USUALLY_LOW`) is
    better, and more of everything else. The strategy keeps the names with their signs, so every
    result shows them.

    When it fails: where the factor says nothing about returns, which is the usual case; then it
    pays commission, spread and the fee for borrowed shares to hold a random portfolio. Losses of a
    short position have no end: a takeover of a weak company hurts more than any long one helps.
    With few companies each side is one or two of them and nothing cancels out. Factors come late:
    they count from the day they became public.

    Attributes:
        factors: names in the lake's table of factors, each with or without a sign.
        rebalance_period: sessions from one rebalance to the next.
        take_profit_pct: fraction of the entry price won at which a position is closed; 0 is off.
        stop_loss_pct: fraction of the entry price lost at which a position is closed; 0 is off.
        cooldown_period: bars for which a stopped-out symbol is not entered again.
        quantile: share of the companies on each side.

    Raises:
        ConfigError: no factor is named, or one twice.
    """

    factors: Annotated[tuple[str, ...], "factors, a - before one of which less is better"] = (
        "-DebtToEquity",
    )
    rebalance_period: Annotated[int, Range(1), "sessions between two rebalances"] = 21
    take_profit_pct: Annotated[float, Percent, "gain that closes a position, 0 for none"] = 0.1
    stop_loss_pct: Annotated[float, Percent, "loss that closes a position, 0 for none"] = 0.05
    cooldown_period: Annotated[int, Range(0), "bars out of a symbol after its stop"] = 7
    quantile: Annotated[float, Range(0.01, 0.5), "share of the companies on each side"] = 0.2

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.factors = tuple(map(_signed, self.factors))

    def check(self) -> None:
        if not self.factors:
            raise ConfigError("factors names none; give at least one, such as -DebtToEquity")
        names = [_split(factor)[1] for factor in self.factors]
        for name in names:
            if not name:
                raise ConfigError(f"factors={','.join(self.factors)} has a sign without a name")
            if names.count(name) > 1:
                raise ConfigError(f"factors names {name} twice: once is enough")

    def rules(self, bars: Bars) -> Weights:
        score = sum_of(_score(bars, factor) for factor in self.factors)
        return Weights(
            target=long_short(score, quantile=self.quantile),
            every=self.rebalance_period,
            bracket=Bracket(
                stop_loss=self.stop_loss_pct,
                take_profit=self.take_profit_pct,
                cooldown=self.cooldown_period,
            ),
        )


def _score(bars: Bars, factor: str) -> Number:
    sign, name = _split(factor)
    score = bars.factor(name).zscore()
    return -score if sign == "-" else score


def _signed(factor: str) -> str:
    """A factor with the sign that it has anyway."""
    return "".join(_split(factor))


def _split(factor: str) -> tuple[str, str]:
    """The sign of a factor, the usual one if it has none, and its name."""
    if factor[:1] in {"+", "-"}:
        return factor[0], factor[1:].strip()
    plain = factor.casefold().translate(str.maketrans("", "", "_-/ "))
    return "-" if plain in USUALLY_LOW else "+", factor
