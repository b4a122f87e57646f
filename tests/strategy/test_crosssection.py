"""Across the symbols of a session: what each operation gives, in both forms, with the same bits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockstream.errors import DataError, StrategyError
from stockstream.strategy import (
    Condition,
    equal_weight,
    long_short,
    neutralise,
    sma,
    sum_of,
    top,
    where,
)
from stockstream.strategy.crosssection_order import Sessions
from stockstream.strategy.crosssection_values import ACROSS
from stockstream.strategy.evaluate import across_in_blocks, evaluate
from stockstream.strategy.expression import BARS
from stockstream.strategy.node import in_order
from stockstream.strategy.operations import CROSS_SECTION
from stockstream.strategy.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.strategy import Expr, Number

    Columns = dict[str, NDArray[np.float64]]

NAN, INF = math.nan, math.inf
close, volume = BARS.close, BARS.volume


def each_operation(x: Number, by: Number, up: Condition) -> list[Expr]:
    """Every operation across symbols."""
    return [
        x.rank(),
        x.zscore(),
        x.quantile(3),
        x.demean(),
        x.winsorise(0.2),
        neutralise(x, by=by),
        top(x, 2),
        long_short(x, 0.3, 1.5),
        equal_weight(up),
    ]


def one_session(
    expression: Expr, closes: Sequence[float], volumes: Sequence[float] = ()
) -> list[Any]:
    """Values of an expression on one session of several symbols, arrays and stream agreeing."""
    n = len(closes)
    columns = {"close": np.array(closes), "volume": np.array(volumes or [0.0] * n)}
    sessions = Sessions(np.zeros(n, np.int64), np.arange(n), 1, n)
    [array] = evaluate([expression], columns, np.arange(n + 1), None, sessions)
    bars = [{name: column[s] for name, column in columns.items()} for s in range(n)]
    [stream] = Stream([expression], n).update(range(n), bars)
    np.testing.assert_array_equal(array, stream)
    return stream


def test_the_list_of_operations_is_whole() -> None:
    made = in_order(each_operation(close, volume, close > 1.0))
    assert {node.operation for node in made} >= CROSS_SECTION
    assert ACROSS.keys() == CROSS_SECTION


class TestMeaning:
    """What each operation gives."""

    def test_ranks_go_from_zero_to_one_and_ties_share(self) -> None:
        assert one_session(close.rank(), [30, 10, 20]) == [1.0, 0.0, 0.5]
        assert one_session(close.rank(), [1, 2, 2, 3]) == [0.0, 0.5, 0.5, 1.0]
        assert one_session(close.rank(), [7]) == [0.5]

    def test_what_is_not_finite_is_left_out(self) -> None:
        found = one_session(close.rank(), [1, NAN, 2, INF, 3, -INF])
        np.testing.assert_array_equal(found, [0.0, NAN, 0.5, NAN, 1.0, NAN])
        for made in each_operation(close, volume, close > 5.0)[:6]:
            assert np.isnan(one_session(made, [NAN, INF])).all()

    def test_zscores_divide_by_n(self) -> None:
        assert one_session(close.zscore(), [1, 3]) == [-1.0, 1.0]
        x = [3.5, -1.0, 8.0, 2.0, 2.5]
        expected = (np.array(x) - np.mean(x)) / np.std(x)
        np.testing.assert_allclose(one_session(close.zscore(), x), expected, rtol=1e-14)

    def test_equal_values_have_a_zscore_of_zero(self) -> None:
        assert one_session(close.zscore(), [0.1] * 3) == [0.0] * 3  # their mean is not quite 0.1
        assert one_session(close.zscore(), [5.0]) == [0.0]

    def test_quantiles_are_buckets_of_equal_size(self) -> None:
        assert one_session(close.quantile(2), [4, 1, 3, 2]) == [1.0, 0.0, 1.0, 0.0]
        assert one_session(close.quantile(3), [1, 2, 3, 4, 5]) == [0.0, 0.0, 1.0, 1.0, 2.0]
        assert one_session(close.quantile(10), [1, 2]) == [0.0, 5.0]

    def test_of_equal_values_the_earlier_symbol_counts_as_the_higher(self) -> None:
        assert one_session(close.quantile(3), [7, 7, 7]) == [2.0, 1.0, 0.0]
        assert one_session(top(close, 1), [7, 7, 7]) == [True, False, False]
        assert one_session(long_short(close, 0.3), [7, 7, 7]) == [0.5, 0.0, -0.5]

    def test_demean_and_neutralise_take_means_off(self) -> None:
        assert one_session(close.demean(), [1, 2, 6]) == [-2.0, -1.0, 3.0]
        by_group = neutralise(close, by=volume)
        assert one_session(by_group, [1, 2, 6, 8], [1, 2, 1, 2]) == [-2.5, -3.0, 2.5, 3.0]

    def test_symbols_of_no_known_group_are_a_group(self) -> None:
        by_group = neutralise(close, by=volume)
        found = one_session(by_group, [1, 2, 6, 8, NAN], [1, NAN, 1, INF, NAN])
        np.testing.assert_array_equal(found, [-2.5, -3.0, 2.5, 3.0, NAN])

    def test_groups_may_be_any_numbers(self) -> None:
        for keys in ([-1.5, 7.25, -1.5, 7.25], [-3, 4, -3, 4], [1e9, 0, 1e9, 0], [0.0, 1, -0.0, 1]):
            found = one_session(neutralise(close, by=volume), [1, 2, 6, 8], keys)
            assert found == [-2.5, -3.0, 2.5, 3.0], keys

    def test_winsorise_moves_the_ends_to_their_bounds(self) -> None:
        x = [100.0, 1.0, 2.0, 3.0, -50.0]
        assert one_session(close.winsorise(0.2), x) == [3.0, 1.0, 2.0, 3.0, 1.0]
        assert one_session(close.winsorise(0.0), x) == x
        assert one_session(close.winsorise(0.5), [1.0, 9.0]) == [1.0, 9.0]

    def test_top_takes_the_highest(self) -> None:
        assert one_session(top(close, 2), [1, NAN, 3, 2]) == [False, False, True, True]
        assert one_session(top(close, 9), [1, NAN]) == [True, False]
        assert one_session(top(-close, 1), [1, 2]) == [True, False]

    def test_long_short_holds_equal_parts_of_both_ends(self) -> None:
        found = one_session(long_short(close, 0.2, 2.0), [5, 1, 4, 2, 3])
        assert found == [1.0, -1.0, 0.0, 0.0, 0.0]
        found = one_session(long_short(close, 0.5), [5, 1, 4, 2, 3])  # two of five on each side
        assert found == [0.25, -0.25, 0.25, -0.25, 0.0]

    def test_long_short_holds_nothing_that_it_does_not_know(self) -> None:
        assert one_session(long_short(close), [1, NAN, 2]) == [-0.5, 0.0, 0.5]
        assert one_session(long_short(close), [1, NAN, NAN]) == [0.0, 0.0, 0.0]

    def test_long_short_counts_as_people_do(self) -> None:
        found = one_session(long_short(close, 0.29), list(range(100)))
        assert sum(weight > 0.0 for weight in found) == 29  # 0.29 * 100 is 28.999999999999996

    def test_equal_weights_divide_by_those_that_are_in(self) -> None:
        assert one_session(equal_weight(close > 1), [1, 2, 3, NAN]) == [0.0, 0.5, 0.5, 0.0]
        assert one_session(equal_weight(close > 9), [1, 2]) == [0.0, 0.0]

    def test_among_leaves_the_others_out(self) -> None:
        found = one_session(close.among(close > 1).rank(), [1, 2, 3])
        np.testing.assert_array_equal(found, [NAN, 0.0, 1.0])

    def test_sums_of_scores_know_what_all_of_them_know(self) -> None:
        found = one_session(sum_of([close, volume, 1.0]), [1, 2], [10, NAN])
        np.testing.assert_array_equal(found, [12.0, NAN])
        with pytest.raises(StrategyError, match="nothing to add"):
            sum_of([])


def test_scores_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(3).integers(0, 9, 40).astype(np.float64)
    np.testing.assert_allclose(one_session(close.zscore(), x.tolist()), stats.zscore(x), rtol=1e-13)
    np.testing.assert_array_equal(
        one_session(close.rank(), x.tolist()), (stats.rankdata(x) - 1.0) / 39
    )
    np.testing.assert_array_equal(
        one_session(close.winsorise(0.06), x.tolist()), stats.mstats.winsorize(x, (0.06, 0.06))
    )


def test_a_bar_counts_only_where_there_is_one() -> None:
    # A trades on both days, B on the second alone
    columns = {"close": np.array([1.0, 2.0, 3.0])}
    sessions = Sessions(np.array([0, 1, 1]), np.array([0, 2, 3]), 2, 2)
    [ranks] = evaluate([close.rank()], columns, np.array([0, 2, 3]), None, sessions)
    assert ranks.tolist() == [0.5, 0.0, 1.0]


def test_the_session_of_each_row_is_needed() -> None:
    with pytest.raises(DataError, match="give sessions="):
        evaluate([close.rank()], {"close": np.ones(2)}, np.array([0, 1, 2]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: close.quantile(1), "1 is no number of buckets"),
        (
            lambda: close.quantile(2.5),  # type: ignore[arg-type]
            "whole one from 2 on",
        ),
        (lambda: top(close, 0), "0 is no number of symbols"),
        (lambda: close.winsorise(0.6), "winsorise=0.6"),
        (lambda: close.winsorise(NAN), "share of the symbols"),
        (lambda: long_short(close, 0.0), "lies above 0 to 0.5"),
        (lambda: long_short(close, 20.0), "20 % is 0.2"),
        (lambda: long_short(close, gross=0.0), "no exposure"),
    ],
)
def test_parameters_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(StrategyError, match=message):
        make()


@st.composite
def markets(draw: st.DrawFn) -> tuple[Columns, NDArray[np.int64], Sessions]:
    """Bars of a few symbols with halts and late listings; coarse, so that ties are common."""
    symbols, length = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    traded = random.random((symbols, length)) < draw(st.sampled_from([0.4, 0.9, 1.0]))
    bar = np.concatenate([np.flatnonzero(row) for row in traded])
    offsets = np.concatenate(([0], np.cumsum(traded.sum(axis=1))))
    places = bar * symbols + np.repeat(np.arange(symbols), traded.sum(axis=1))
    scale = draw(st.sampled_from([1.0, 0.1, 1e-200, 1e200]))
    odd = np.array([NAN, INF, -INF, 0.0, -0.0])
    x = random.integers(-3, 4, len(bar)) * scale
    columns = {
        "open": x + random.integers(0, 2, len(bar)) * scale,
        "close": np.where(random.random(len(bar)) < 0.2, random.choice(odd, len(bar)), x),
        "volume": np.where(random.random(len(bar)) < 0.2, NAN, random.integers(0, 3, len(bar))),
    }
    return columns, offsets, Sessions(bar, places, length, symbols)


def stepped(
    roots: list[Expr], columns: Columns, offsets: NDArray[np.int64], sessions: Sessions
) -> list[NDArray[Any]]:
    """What a stream gives, laid on the rows of the arrays."""
    stream, owner = (
        Stream(roots, sessions.symbols),
        np.repeat(np.arange(sessions.symbols), np.diff(offsets)),
    )
    found = [np.empty(len(owner), bool if isinstance(e, Condition) else float) for e in roots]
    for t in range(sessions.length):
        rows = np.flatnonzero(sessions.bar == t)
        bars = [{name: column[row] for name, column in columns.items()} for row in rows]
        values = stream.update(owner[rows].tolist(), bars)
        for column, value in zip(found, values, strict=True):
            column[rows] = value
    return found


def same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Equal down to the sign of zero; every NaN is as good as another."""
    if a.dtype == bool:
        return bool((a == b).all())
    known = ~np.isnan(a)
    same = a[known].view(np.int64) == b[known].view(np.int64)
    return bool((known == ~np.isnan(b)).all() and same.all())


def graphs() -> list[Expr]:
    """Cross-sections of bars, of each other, and below what looks back."""
    roots = each_operation(close, volume, close > 0.0)
    score = close.zscore() + neutralise(sma(close, 2).rank(), by=volume.quantile(2))
    roots += [long_short(score.among(volume > 0.0), 0.4), score.lag(1), score.winsorise(0.1)]
    picked = where(top(sma(score, 2), 2), 1.0, 0.0)
    return [*roots, equal_weight(picked > 0.0), score.crosses_above(score.mean(2))]


@pytest.mark.slow
@given(markets())
@settings(deadline=None, derandomize=True, max_examples=150)
def test_a_stream_gives_the_bits_of_arrays_whole_or_in_blocks(
    market: tuple[Columns, NDArray[np.int64], Sessions],
) -> None:
    columns, offsets, sessions = market
    roots = graphs()
    arrays = evaluate(roots, columns, offsets, None, sessions)
    for root, a, b in zip(roots, arrays, stepped(roots, columns, offsets, sessions), strict=True):
        assert same_bits(a, b), root
    blocks = [(s, s + 1) for s in range(sessions.symbols)]
    whole = np.ones(sessions.length, np.bool_)
    known = across_in_blocks(roots, columns, offsets, blocks, sessions, whole)
    assert {node.operation for node in known} == CROSS_SECTION
    for root, a, b in zip(roots, arrays, evaluate(roots, columns, offsets, known), strict=True):
        assert same_bits(a, b), root


@given(markets(), st.integers(0, 2**12 - 1))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_sessions_that_are_not_due_change_nothing_at_those_that_are(
    market: tuple[Columns, NDArray[np.int64], Sessions], bits: int
) -> None:
    columns, offsets, sessions = market
    due = np.array([bits >> t & 1 for t in range(sessions.length)], np.bool_)
    rows = due[sessions.bar]
    blocks = [(s, s + 1) for s in range(sessions.symbols)]
    roots = graphs()
    for some in (roots[:10], roots):  # the first ten do not look back at a cross-section
        arrays = evaluate(some, columns, offsets, None, sessions)
        known = across_in_blocks(some, columns, offsets, blocks, sessions, due)
        found = evaluate(some, columns, offsets, known)
        for root, a, b in zip(some, arrays, found, strict=True):
            assert same_bits(a[rows], b[rows]), root


@given(markets(), st.integers(0, 12))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_no_session_sees_a_later_one(
    market: tuple[Columns, NDArray[np.int64], Sessions], cut: int
) -> None:
    columns, offsets, sessions = market
    kept = np.flatnonzero(sessions.bar < cut)
    owner = np.repeat(np.arange(sessions.symbols), np.diff(offsets))[kept]
    counts = np.bincount(owner, minlength=sessions.symbols)
    past = Sessions(sessions.bar[kept], sessions.place[kept], cut, sessions.symbols)
    whole = evaluate(graphs(), columns, offsets, None, sessions)
    known = evaluate(
        graphs(),
        {name: column[kept] for name, column in columns.items()},
        np.concatenate(([0], np.cumsum(counts))),
        None,
        past,
    )
    assert all(same_bits(a[kept], b) for a, b in zip(whole, known, strict=True))


def test_a_memo_keeps_cross_sections() -> None:
    sessions = Sessions(np.array([0, 0]), np.array([0, 1]), 1, 2)
    memo: dict[Expr, Any] = {}
    ranked = close.rank()
    columns = {"close": np.array([1.0, 2.0])}
    evaluate([ranked + 1.0], columns, np.arange(3), memo, sessions)
    assert list(memo) == [ranked]
    [again] = evaluate([ranked * 2.0], {}, np.arange(3), memo)
    assert again.tolist() == [0.0, 2.0]


def test_a_long_market_in_the_order_of_blocks() -> None:
    """More values than are put in order at a time, with ties in some sessions."""
    random = np.random.default_rng(4)
    length, symbols = 300, 400
    x = random.normal(size=(symbols, length))
    x[:, ::3] = random.integers(0, 50, (symbols, length))[:, ::3]
    bar = np.tile(np.arange(length), symbols)
    place = bar * symbols + np.repeat(np.arange(symbols), length)
    sessions = Sessions(bar, place, length, symbols)
    for name, *parameters in (("rank",), ("quantile", 7), ("long_short", 0.2, 1.0), ("top", 9)):
        found = ACROSS[name].arrays(x.ravel(), *parameters, sessions).reshape(symbols, length)
        for t in range(0, length, 13):
            assert found[:, t].tolist() == ACROSS[name].session(x[:, t].tolist(), *parameters)
