"""What a reader must know before any number: what it is made of, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stockstream.backtest.flags import distrusted
from stockstream.errors import StockstreamError
from stockstream.market.survivorship import ON_RECORD
from stockstream.report.formats import count, day, money, plain_number
from stockstream.report.view import Alarm, Badge, Fact
from stockstream.strategy.registry import get_strategy
from stockstream.strategy.rule import RuleStrategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.backtest.config import BacktestConfig, Costs
    from stockstream.backtest.identity import Identity
    from stockstream.backtest.result import BacktestResult

__all__ = [
    "Described",
    "alarm",
    "badges",
    "costs_in_words",
    "identity",
    "parameters",
    "strategy_title",
    "subtitle",
    "universe",
]


class Described(Protocol):
    """What is known of a backtest or a study before any number."""

    @property
    def config(self) -> BacktestConfig:
        """What was asked for."""

    @property
    def identity(self) -> Identity:
        """What it is made of."""

    @property
    def engine(self) -> str:
        """``compiled`` or ``event``."""

    @property
    def flags(self) -> Sequence[str]:
        """What a reader must know."""


SHORT = 10
NAMED_SYMBOLS = 4

FILLS = {
    "next_open": ("fills next open", "orders made at a close fill at the open of the next bar"),
    "next_close": ("fills next close", "orders made at a close fill at the close of the next bar"),
    "same_close": (
        "fills same close",
        "orders fill at the very close that decided them: nobody can trade like this",
    ),
}


def strategy_title(config: BacktestConfig) -> str:
    """The strategy's class, or those of all that share the book, without folders of files."""
    given = [sleeve.title for sleeve in config.sleeves] or [config.strategy_class]
    return " + ".join(name.rpartition(":")[2].rpartition("/")[2] for name in given)


def parameters(config: BacktestConfig) -> tuple[Fact, ...]:
    """The strategy's parameters as people read them; of several with their share of the book."""
    alone = tuple(Fact(name, _written(value)) for name, value in config.parameters.items())
    shares = tuple(
        Fact(
            f"{sleeve.title} {sleeve.weight:.0%}",
            " ".join(f"{name}={_written(value)}" for name, value in sleeve.parameters.items()),
        )
        for sleeve in config.sleeves
    )
    return alone + shares


def _written(value: object) -> str:
    return f"{value:,g}" if isinstance(value, float) else str(value)


def subtitle(result: BacktestResult) -> str:
    """Period, universe and the money at both ends, in one line."""
    dates, config = result.dates, result.config
    return " \u00b7 ".join(
        (
            f"{day(dates[0])} \u2013 {day(dates[-1])}",
            f"{count(len(dates))} sessions",
            universe(config),
            f"{money(config.initial_capital)} became {money(float(result.equity[-1]))}",
        )
    )


def universe(config: BacktestConfig) -> str:
    """Which symbols, in a few words."""
    symbols = config.universe
    if symbols is None:
        return "every symbol"
    if len(symbols) <= NAMED_SYMBOLS:
        return ", ".join(symbols)
    return f"{count(len(symbols))} symbols"


def identity(result: Described) -> tuple[Fact, ...]:
    """What the numbers are made of: the same identity gives the same numbers again."""
    known, config = result.identity, result.config
    sized = "at the order" if config.size_at == "order" else "at the fill"
    fills, why_fills = FILLS[config.fill]
    return (
        Fact(
            "Data snapshot",
            f"{known.data_version} \u00b7 {known.data_digest[:SHORT]}",
            f"SHA-256 of the data read: {known.data_digest}",
        ),
        Fact("Configuration", known.config_digest[:SHORT], f"SHA-256: {known.config_digest}"),
        Fact("Code", known.code_version, "release and digest of the sources"),
        Fact(
            "Lock",
            known.lock_digest[:SHORT],
            f"SHA-256 of the installed versions of every dependency: {known.lock_digest}",
        ),
        Fact("Seed", str(known.seed), "of anything random in the run"),
        Fact("Fills", f"{fills.removeprefix('fills ')}, sized {sized}", why_fills),
        Fact("Costs", costs_in_words(config.costs), "what trading cost"),
        *_market_facts(config),
    )


def _market_facts(config: BacktestConfig) -> list[Fact]:
    """Margin and rules of the exchange, where they are not the plain ones."""
    margin, rules, facts = config.margin, config.market_rules, []
    if margin.leverage != 1.0:
        facts.append(
            Fact(
                "Margin",
                f"{margin.leverage:g}\u00d7, cut below {margin.maintenance:.0%}",
                "gross exposure over equity that an opening may reach, and equity over gross "
                "exposure below which positions are cut",
            )
        )
    words = (
        (rules.lot > 1, f"lots of {rules.lot}"),
        (rules.minimum_parcel > 0, f"first parcel {money(rules.minimum_parcel)}"),
        (rules.tick is not None, f"ticks {rules.tick}"),
        (rules.max_volume_share > 0, f"{rules.max_volume_share:.1%} of volume"),
    )
    said = ", ".join(text for held, text in words if held)
    if said:
        facts.append(Fact("Market rules", said, "what the exchange allows"))
    return facts


def costs_in_words(costs: Costs) -> str:
    """Such as ``10 bps commission + 5 bps slippage``; ``none`` where trading is free."""
    parts = [
        (costs.commission_bps, "{} bps commission"),
        (costs.commission_per_share, "{} a share"),
        (costs.commission_fixed, "{} a fill"),
        (costs.commission_minimum, "at least {} a fill"),
        (costs.slippage_bps, "{} bps slippage"),
        (costs.spread_bps, "{} bps spread"),
        (costs.impact, "impact {}"),
        (costs.borrow_bps, "{} bps a year on shorts"),
        (costs.financing_bps, "{} bps a year on debt"),
    ]
    said = [text.format(f"{value:,g}") for value, text in parts if value > 0]
    if costs.commission_tiers:
        rates = [f"{bps:,g}" for _, bps in costs.commission_tiers]
        said.insert(0, f"{'/'.join(rates)} bps commission by size")
    return " + ".join(said) or "none"


def badges(result: Described) -> tuple[Badge, ...]:
    """Reasons to trust the numbers, and reasons not to; the most serious first."""
    found = [
        *_data_badges(result),
        _look_ahead(result),
        *_fill_badges(result.config),
        *_cost_badges(result.config.costs),
    ]
    gravity = {"bad": 0, "caution": 1, "good": 2}
    return tuple(sorted(found, key=lambda badge: gravity[badge.tone]))


def _data_badges(result: Described) -> list[Badge]:
    found = [_survivorship(result.flags)]
    if "simulated" in " ".join((result.identity.data_version, *result.flags)).lower():
        found.append(
            Badge("simulated data", "caution", "the market is made up; so is every profit here")
        )
    return found


def _survivorship(flags: Sequence[str]) -> Badge:
    said = [flag for flag in flags if flag.startswith("survivorship: ")]
    if not said:
        return Badge(
            "survivorship: unknown list",
            "caution",
            "nobody recorded when these symbols entered the universe: names that failed before "
            "the list was made may be missing, which flatters every result",
        )
    since = said[0].rpartition(" ")[2]
    if said[0].startswith(ON_RECORD):
        return Badge(
            "survivorship: list on record",
            "good",
            f"the lists of the exchange are kept since {since}: who failed later is in the lake",
        )
    return Badge(
        f"survivorship: list from {since}",
        "caution",
        f"the lists of the exchange are kept since {since}: names that failed before that day may "
        "be missing, which flatters the time before it",
    )


def _look_ahead(result: Described) -> Badge:
    if _follows_rules(result):
        return Badge(
            "look-ahead: rules, causal by construction",
            "good",
            "the strategy is an expression that can only reach back in time",
        )
    return Badge(
        "look-ahead: not checked",
        "caution",
        "free-form code may read the future; `stockstream verify` hides it and looks for changes",
    )


def _follows_rules(result: Described) -> bool:
    """Whether the strategy is known to be rules; one in a file is not run again to find out."""
    if result.engine == "compiled":
        return True
    config = result.config
    given = [sleeve.strategy_class for sleeve in config.sleeves] or [config.strategy_class]
    if any(".py" in name for name in given):
        return False
    try:
        return all(issubclass(get_strategy(name), RuleStrategy) for name in given)
    except StockstreamError:
        return False


def _fill_badges(config: BacktestConfig) -> list[Badge]:
    text, why = FILLS[config.fill]
    honest = config.fill != "same_close"
    found = [Badge(text, "good" if honest else "caution", why)]
    if config.size_at == "fill":
        found.append(
            Badge(
                "sized at the fill",
                "caution",
                "shares are computed from the fill price, which is not known when ordering",
            )
        )
    return found


def _cost_badges(costs: Costs) -> list[Badge]:
    if not costs.free:
        return []
    return [Badge("no costs", "caution", "commission and slippage are zero; real trading is not")]


def alarm(result: BacktestResult) -> Alarm | None:
    """Why every number below means nothing, if so."""
    doubts = distrusted(result.flags)
    if doubts:
        return Alarm(
            "Do not believe these numbers",
            (
                *(_sentence(doubt) for doubt in doubts),
                "Look closer with `stockstream verify`, and mend the strategy.",
            ),
        )
    if result.metrics.trades:
        return None
    diagnosis = [flag for flag in result.flags if flag.startswith("zero trades")]
    dropped = [
        f"{plain_number(number, 0)} {what}"
        for name, what in (
            ("unaffordable", "orders were dropped because the cash bought no single share"),
            ("cooled_off", "entries were dropped during a cooldown"),
            ("unpriced", "orders were dropped because there was no price to size them at"),
        )
        if (number := result.totals.get(name, 0.0))
    ]
    return Alarm(
        "Zero trades: every number below describes idle cash",
        (
            *(_sentence(line.removeprefix("zero trades: ")) for line in (*diagnosis, *dropped)),
            f"Looked at {count(len(result.dates))} sessions of {universe(result.config)}.",
            "Try a longer period, shorter indicator periods or more capital.",
        ),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
