"""How a study is cut: the grammar, the windows, and what cannot be cut."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.cutting.lengths import Length
from stockstream.study.cutting.splits import Split, folds_of, group_edges, pieces_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.study.cutting.pieces import Piece
    from stockstream.study.cutting.splits import Window


def weekdays(first: str, last: str) -> NDArray[np.datetime64]:
    days = np.arange(first, np.datetime64(last) + 1, dtype="datetime64[D]")
    return days[np.is_busday(days)]


SESSIONS = weekdays("2010-01-04", "2019-12-31")


def between(first: object, last: object) -> NDArray[np.datetime64]:
    """The sessions from one day to another, both included."""
    place = np.searchsorted(SESSIONS, np.datetime64(str(first)))
    stop = np.searchsorted(SESSIONS, np.datetime64(str(last)), side="right")
    return SESSIONS[place:stop]


def config_of(start: str = "2010-01-01", end: str = "2019-12-31") -> BacktestConfig:
    return BacktestConfig(strategy_class="Momentum", start_date=start, end_date=end)


def cut(text: str | None, config: BacktestConfig | None = None, lookback: int = 50) -> list[Piece]:
    symbols = ("BHP.AX", "CBA.AX")
    return list(pieces_of(Split.parse(text), config or config_of(), SESSIONS, symbols, lookback))


def folds(text: str, start: str = "2010-01-01", end: str = "2019-12-31") -> list[Window]:
    first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    return folds_of(Split.parse(text), between(first, last), first, last)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (None, "none"),
        ("", "none"),
        (" Ticker ", "ticker"),
        ("year()", "year"),
        ("walk_forward", "walk_forward(train=3y,test=1y)"),
        ("walk-forward(rolling)", "walk_forward(train=3y,test=1y)"),
        (
            "walk_forward( train = 26w , test=20, anchored, purge=5)",
            "walk_forward(train=26w,test=20,anchored,purge=5)",
        ),
        ("cross_validation", "cross_validation(groups=10,test=2)"),
        ("cross_validation(groups=6,embargo=3)", "cross_validation(groups=6,test=2,embargo=3)"),
        ("hold_out", "hold_out(0.3)"),
        ("hold_out(25%)", "hold_out(0.25)"),
        ("hold_out(share=0.25,purge=2)", "hold_out(0.25,purge=2)"),
        ("hold_out(2015-01-02)", "hold_out(2015-01-02)"),
    ],
)
def test_a_split_is_written_one_way(text: str | None, written: str) -> None:
    split = Split.parse(text)
    assert str(split) == written
    assert Split.parse(written) == split
    assert Split.parse(split) is split


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("walkforward", UnknownNameError, "did you mean 'walk_forward'"),
        ("month", UnknownNameError, "write ticker, year, walk_forward"),
        ("walk_forward(tran=3y)", UnknownNameError, "did you mean 'train'"),
        ("year(2019)", UnknownNameError, "unknown option of year '2019'; write year"),
        ("walk_forward(train=3x)", ConfigError, "train='3x' is no length: give years"),
        ("walk_forward(train=0y)", ConfigError, "train='0y' is no length"),
        ("walk_forward(train=3y,train=2y)", ConfigError, "train is given twice"),
        ("walk_forward(anchored=maybe)", ConfigError, "anchored='maybe' is neither yes nor no"),
        ("walk_forward(purge=-1)", ConfigError, "purge='-1': give a whole number of sessions"),
        ("cross_validation(groups=4,test=4)", ConfigError, "test must be at least 1 and less"),
        ("cross_validation(groups=40,test=20)", ConfigError, "137,846,528,820 splits"),
        ("hold_out(1.5)", ConfigError, "give a fraction between 0 and 1"),
        ("hold_out(0)", ConfigError, "give a fraction between 0 and 1"),
        ("hold_out(soon)", ConfigError, "neither a fraction nor a day"),
        ("hold_out(since=soon)", ConfigError, "since='soon' is no day"),
        ("hold_out(0.3,2015-01-01)", ConfigError, "both say what"),
        ("(", ConfigError, "is no split: write ticker"),
        ("x" * 1000, ConfigError, "is no split"),
    ],
)
def test_what_is_wrong_is_said(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        Split.parse(text)
    assert message in str(caught.value)


@given(st.text("abcdeghiklnoprstuvwxy_-(),=0123456789.% ymw", max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_split_or_a_typed_error(text: str) -> None:
    for tried in (text, f"walk_forward({text})", f"cross_validation({text})", f"hold_out({text})"):
        try:
            split = Split.parse(tried)
        except ConfigError:
            continue
        assert Split.parse(str(split)) == split


def test_the_whole_is_one_piece() -> None:
    [piece] = cut(None)
    assert (piece.label, piece.role, piece.symbols) == (None, "all", None)
    assert (str(piece.start), str(piece.end)) == ("2010-01-01", "2019-12-31")
    assert cut("cross_validation") == [piece]


def test_by_ticker_each_symbol_has_the_whole_window() -> None:
    pieces = cut("ticker")
    assert [piece.symbols for piece in pieces] == [("BHP.AX",), ("CBA.AX",)]
    assert {(piece.start, piece.end) for piece in pieces} == {(pieces[0].start, pieces[0].end)}
    assert Split.parse("ticker").labels == ("symbol",)


def test_by_year_the_first_and_the_last_are_cut_by_the_window() -> None:
    pieces = cut("year", config_of("2011-03-05", "2013-06-30"))
    windows = [(piece.label, str(piece.start), str(piece.end)) for piece in pieces]
    assert windows == [
        (2011, "2011-03-05", "2011-12-31"),
        (2012, "2012-01-01", "2012-12-31"),
        (2013, "2013-01-01", "2013-06-30"),
    ]


def test_a_year_without_a_session_is_no_piece() -> None:
    there = SESSIONS[SESSIONS.astype("datetime64[Y]") != np.datetime64("2014")]
    pieces = pieces_of(Split.parse("year"), config_of(), there, (), 0)
    assert 2014 not in [piece.label for piece in pieces]
    assert len(pieces) == 9


def test_every_piece_has_as_many_days_of_warm_up() -> None:
    for text in ("year", "ticker", "walk_forward(train=2y,test=1y)", "hold_out(0.3)"):
        for piece in cut(text, lookback=40):
            assert (piece.start - piece.warmup_start).days == 40 * 3 // 2 + 30
        assert all(piece.warmup_start == piece.start for piece in cut(text, lookback=0))
    told = config_of().changed(warmup_start="2009-12-25")
    assert {(p.start - p.warmup_start).days for p in cut("year", told, lookback=40)} == {7}


def test_walk_forward_rolls_or_stays_at_the_start() -> None:
    rolling = folds("walk_forward(train=3y,test=1y)")
    assert len(rolling) == 7
    assert [str(day) for day in rolling[2][1:5]] == [
        "2012-01-01",
        "2014-12-31",
        "2015-01-01",
        "2015-12-31",
    ]
    anchored = folds("walk_forward(train=3y,test=1y,anchored)")
    assert {str(fold.train_start) for fold in anchored} == {"2010-01-01"}
    assert [fold[2:] for fold in anchored] == [fold[2:] for fold in rolling]
    assert not any(fold.partial for fold in rolling)


@pytest.mark.parametrize("text", ["train=1y,test=6m", "train=18m,test=26w", "train=250,test=63"])
@pytest.mark.parametrize("purge", [0, 1, 7])
def test_the_test_windows_cover_what_is_left_once(text: str, purge: int) -> None:
    found = folds(f"walk_forward({text},purge={purge})")
    joined = np.concatenate([between(fold.test_start, fold.test_end) for fold in found])
    np.testing.assert_array_equal(joined, between(found[0].test_start, "2019-12-31"))
    assert [fold.number for fold in found] == list(range(1, len(found) + 1))
    assert [fold.partial for fold in found[:-1]] == [False] * (len(found) - 1)
    for fold in found:
        one = dt.timedelta(days=1)
        assert len(between(fold.train_end + one, fold.test_start - one)) == purge


def test_sessions_are_counted_and_the_last_fold_says_that_it_is_partial() -> None:
    found = folds("walk_forward(train=250,test=100)", end="2011-12-30")
    sessions = between("2010-01-01", "2011-12-30")
    starts = [int(np.searchsorted(sessions, np.datetime64(fold.test_start))) for fold in found]
    assert starts == [250, 350, 450]
    assert len(sessions) == 520
    assert [fold.partial for fold in found] == [False, False, True]
    whole = folds("walk_forward(train=250,test=90)", end="2011-12-30")
    assert [fold.partial for fold in whole] == [False, False, False]


def test_months_do_not_drift() -> None:
    [first, second, *_] = folds("walk_forward(train=1m,test=1m)", start="2010-01-31")
    assert (str(first.test_start), str(second.test_start)) == ("2010-02-28", "2010-03-28")
    length, day = Length(1, "m"), dt.date(2012, 1, 31)
    reached = [str(length.after(day, times, SESSIONS)) for times in range(4)]
    assert reached == ["2012-01-31", "2012-02-29", "2012-03-31", "2012-04-30"]
    assert Length(1, "y").after(dt.date(2012, 2, 29), 1, SESSIONS) == dt.date(2013, 2, 28)
    assert Length(99_999, "y").after(day, 1, SESSIONS) is None
    assert Length(99_999, "w").after(day, 99, SESSIONS) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("walk_forward(train=20y)", "2,607 sessions, and 20 years of training leave none to test"),
        ("walk_forward(train=3000,test=5)", "3000 sessions of training leave none to test"),
        ("walk_forward(train=1m,test=1m,purge=30)", "nothing is left to train on before"),
        ("hold_out(2030-01-01)", "2,607 lie before 2030-01-01"),
        ("hold_out(2010-01-01)", "0 lie before 2010-01-01"),
        ("hold_out(2010-01-06,purge=3)", "more than 3 there"),
    ],
)
def test_a_window_that_is_too_short_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        cut(text)
    assert message in str(caught.value)


def test_data_that_begin_late_are_named() -> None:
    with pytest.raises(ConfigError, match="the first session is 2010-01-04"):
        cut("walk_forward(train=1y,test=1y)", config_of("2005-01-01"))


def test_hold_out_by_share_and_by_day() -> None:
    train, test = cut("hold_out(0.25,purge=4)")
    assert (train.role, test.role) == ("train", "test")
    place = int(np.searchsorted(SESSIONS, np.datetime64(test.start)))
    assert len(SESSIONS) - place == round(0.25 * len(SESSIONS))
    assert np.datetime64(train.end) < SESSIONS[place - 4]
    assert np.datetime64(train.end) >= SESSIONS[place - 5]
    train, test = cut("hold_out(2017-01-01)")
    assert (str(train.end), str(test.start)) == ("2016-12-31", "2017-01-01")


def test_groups_are_equal_and_the_last_has_the_rest() -> None:
    assert group_edges(20, 6) == [0, 3, 6, 9, 12, 15, 20]
    assert Split.parse("year").block_dates(SESSIONS) is None


def test_blocks_end_where_groups_purges_and_embargoes_do() -> None:
    plain = Split.parse("cross_validation(groups=6,test=2)").block_dates(SESSIONS)
    assert plain is not None
    assert len(plain) == 7
    assert str(plain[-1]) == "2020-01-01"
    dates = SESSIONS[:60]
    split = Split.parse("cross_validation(groups=3,test=1,purge=2,embargo=3)")
    blocks = split.block_dates(dates)
    assert blocks is not None
    places = np.searchsorted(dates, np.array(blocks, "datetime64[D]")).tolist()
    assert places == [0, 18, 20, 25, 38, 40, 45, 60]
    with pytest.raises(ConfigError, match="60 sessions in 3 groups are 20 each, and purge and"):
        Split.parse("cross_validation(groups=3,test=1,purge=5,embargo=10)").block_dates(dates)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("none", ()),
        ("year", ("year",)),
        ("walk_forward", ("fold", "role")),
        ("hold_out", ("role",)),
    ],
)
def test_the_columns_that_name_a_piece(text: str, labels: tuple[str, ...]) -> None:
    assert Split.parse(text).labels == labels


def test_a_split_made_by_hand_is_checked_too() -> None:
    fields: dict[str, Any] = {"kind": "cross_validation", "groups": 1, "test_groups": 1}
    with pytest.raises(ConfigError, match="test must be at least 1"):
        Split(**fields)
