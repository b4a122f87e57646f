"""The form: generated from what a strategy declares, checked while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from stockstream.app.discretion import discreet
from stockstream.app.form import Draft, check
from stockstream.app.form.check import FACTORS
from stockstream.app.parts.estimates import is_estimated, show_estimate
from stockstream.app.parts.fields import DEFAULTS, choice_field, search_field, text_field
from stockstream.app.parts.text import plain
from stockstream.app.parts.trouble import trouble
from stockstream.app.request import Request
from stockstream.app.tasks import start
from stockstream.errors import ConfigError, DataError, StockstreamError
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy, strategy_names
from stockstream.study.grid import show_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.app.form.check import Checked
    from stockstream.app.form.market import Market
    from stockstream.app.parts.fields import Slots
    from stockstream.app.place import Place
    from stockstream.strategy.parameters import Parameter

__all__ = ["RUNNER_NAMES", "address_of", "create"]

RUNNER_NAMES: Final[Mapping[str, str]] = {
    "local": "this machine",
    "step-functions": "AWS Step Functions",
    "aws-batch": "AWS Batch",
    "airflow": "Airflow",
    "cluster": "a Ray cluster",
}
FILL_NAMES: Final[Mapping[str, str]] = {
    "next_open": "open of the next bar",
    "next_close": "close of the next bar",
    "same_close": "the same close (nobody can trade like this)",
}
SPLITS: Final[Mapping[str, str]] = {
    "none": "none: all symbols and days in one portfolio",
    "ticker": "ticker: each symbol alone",
    "year": "year: each year alone",
    "walk_forward(train=3y,test=1y)": "walk_forward(train=3y,test=1y): three years, then one",
    "cross_validation(groups=10,test=2)": "cross_validation(groups=10,test=2): purged",
    "hold_out(0.3)": "hold_out(0.3): the last 30 % of the days held out",
}
GRAMMAR: Final = (
    "One value (7), several (7, 14, 21), or a range with the number of points (7:91:5 is 7, 28, "
    "49, 70, 91). Blank is the default."
)


def create(where: Place, there: Market) -> None:
    """Show the form; once it is right and handed in, the address names the request."""
    slots: Slots = {}
    try:
        draft = _draft(there, slots)
    except ConfigError as error:  # signs that no field of a form takes, from an address
        trouble(error)
        return
    found = check(draft, there)
    _problems(found, slots)
    if found.config is None:
        st.button("Continue", key="continue", type="primary", disabled=True)
        return
    _size(found)
    try:
        _hand_in(Request(draft, there.lake, there.version), where.runs)
    except DataError as error:
        trouble(error)


def _hand_in(request: Request, runs: Path) -> None:
    """Go on with it, or look at what it would take first."""
    with st.container(horizontal=True, key="hand-in"):
        go_on = st.button(
            "Continue", key="continue", type="primary", icon=":material/arrow_forward:"
        )
        reckon = st.button(
            "Estimate time and cost",
            key="reckon",
            icon=":material/timer:",
            help="Runs a little of it on this machine, and reckons what all of it takes here and "
            "on each of the other runners.",
        )
    if go_on:
        request.keep(runs)
        st.query_params.from_dict({"request": request.name})
        st.rerun()
    if reckon:
        start(request.keep(runs), "estimate")
    if is_estimated(request.folder(runs)):
        show_estimate(request.folder(runs))


def address_of(draft: Draft) -> dict[str, str]:
    """The query of the page that shows a draft in its form."""
    fields = {name: getattr(draft, name) for name in _BOUND}
    values = {f"p_{name}": text for name, text in draft.values.items()}
    return {name: text for name, text in {**fields, **values}.items() if text}


_BOUND: Final = (
    *("strategy", "symbols", "start_date", "end_date", "initial_capital", "commission_bps"),
    *("slippage_bps", "borrow_bps", "benchmark", "fill", "split", "where", "sample", "runner"),
)


def _draft(there: Market, slots: Slots) -> Draft:
    strategy = choice_field("Strategy", dict.fromkeys(strategy_names(), ""), slots, key="strategy")
    fields: dict[str, str] = {"strategy": strategy}
    known = _strategy(strategy)
    if there.factors and any(one.name == FACTORS for one in known):
        search_field("Add a factor of the lake", there.factors, f"p_{FACTORS}")
    values = _parameters(known, slots)
    fields |= _universe(there, slots)
    fields |= _days(there, slots)
    with st.expander("Costs, fills, benchmark", icon=":material/payments:"):
        fields |= _costs(slots)
    with st.expander("Split, constraints, sample", icon=":material/content_cut:"):
        fields |= _cutting(slots)
    fields["runner"] = choice_field("Runs on", RUNNER_NAMES, slots, key="runner")
    return Draft(**fields, values=values)


def _strategy(name: str) -> tuple[Parameter, ...]:
    """Say what a strategy does; its parameters, none if there is no such strategy."""
    if name not in strategy_names():
        return ()
    try:
        cls = get_strategy(name)
        known = parameters_of(cls)
    except StockstreamError:  # a plug-in that does not load; the check of the form says why
        return ()
    st.caption(plain((cls.__doc__ or "").strip().partition("\n\n")[0]))
    return known


def _parameters(known: tuple[Parameter, ...], slots: Slots) -> dict[str, str]:
    """A field for each parameter that the strategy declares."""
    st.markdown("**Parameters**", help=GRAMMAR)
    values = {}
    with st.grid(3, min_column_width=220):
        for one in known:
            values[one.name] = text_field(
                one.name,
                slots,
                key=f"p_{one.name}",
                placeholder=one.show(one.default),
                help=plain(f"{one.doc}: {one.wants()}" if one.doc else one.wants()),
            )
    return {name: text for name, text in values.items() if text}


def _universe(there: Market, slots: Slots) -> dict[str, str]:
    left, right = st.columns((3, 1), vertical_alignment="bottom")
    with right:
        search_field("Add a symbol", there.symbols, "symbols")
    with left:
        text = text_field(
            "Symbols",
            slots,
            key="symbols",
            placeholder=f"every symbol of the lake ({len(there.symbols):,})",
            help="names with commas between",
        )
    return {"symbols": text}


def _days(there: Market, slots: Slots) -> dict[str, str]:
    with st.grid(3, min_column_width=220):
        days = {"start_date": ("From", there.first), "end_date": ("To", there.last)}
        first, last = (
            text_field(label, slots, key=key, placeholder=str(day), help="YYYY-MM-DD")
            for key, (label, day) in days.items()
        )
        capital = text_field(
            "Capital", slots, key="initial_capital", default=DEFAULTS.initial_capital
        )
    return {"start_date": first, "end_date": last, "initial_capital": capital}


def _costs(slots: Slots) -> dict[str, str]:
    fields = {}
    with st.grid(3, min_column_width=220):
        for name, label in (
            ("commission_bps", "Commission, bps"),
            ("slippage_bps", "Slippage, bps"),
            ("borrow_bps", "Borrowing of shorts, bps a year"),
        ):
            fields[name] = text_field(label, slots, key=name, default=getattr(DEFAULTS, name))
        fields["fill"] = choice_field("Orders fill at", FILL_NAMES, slots, key="fill")
        fields["benchmark"] = text_field(
            "Benchmark",
            slots,
            key="benchmark",
            placeholder="buy_and_hold",
            help="buy_and_hold, equal_weight, a symbol, or none",
        )
    return fields


def _cutting(slots: Slots) -> dict[str, str]:
    split = choice_field("Split", SPLITS, slots, key="split", own=True)
    where = st.text_area(
        "Only combinations for which this holds",
        key="where",
        placeholder="fast_period < slow_period",
        help="one constraint a line",
        height=80,
        bind="query-params",
    )
    slots["where"] = st.empty()
    sample = text_field(
        "Try only so many combinations", slots, key="sample", placeholder="all of them"
    )
    return {"split": split or "none", "where": where or "", "sample": sample}


def _problems(found: Checked, slots: Slots) -> None:
    """Say what is wrong below its field, and at the end which fields want a look."""
    for name, problem in found.problems.items():
        hint = f" {plain(_sentence(problem.hint))}" if problem.hint else ""
        text = f"{plain(discreet(_sentence(problem.what)))}{hint}"
        slots.get(name, st).error(text, icon=":material/error:")
    named = [plain(name) for name in found.problems if name in slots]
    if named:
        st.caption(f"Not ready yet, look at: {', '.join(named)}")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _size(found: Checked) -> None:
    lines = [f"{name}: {show_values(values)}" for name, values in found.axes.items()]
    st.info("  \n".join(plain(line) for line in [*lines, found.size]), icon=":material/calculate:")
