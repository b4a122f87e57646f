"""How people write the values of a parameter: a scanner for the grammar of :mod:`..grid`.

Every text is either read or refused with a ``GridError`` that says where and what would do. A text
is read once from left to right, and values are counted before they are made, so that refusing takes
well below a millisecond (up to five where a value stands twice among ten thousand).
"""

from __future__ import annotations

import json
import math
import re
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import chain
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.errors import GridError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

__all__ = [
    "LARGEST_WHOLE",
    "MOST_TEXT",
    "MOST_VALUES",
    "Scanner",
    "second_of",
    "short",
    "shown",
    "too_many",
    "written",
]

Value: TypeAlias = "int | float | bool | str | tuple[Any, ...]"

MOST_VALUES = 10_000
"""Values of one parameter."""

MOST_TEXT = 100_000
"""Characters of a grid."""

MOST_LOG = 500
"""Points of a log range, which take a while to compute."""

LARGEST_WHOLE = 2**63 - 1
SHOWN = 60

_BLANKS = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.+/-]*")
_NUMBER = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?: *(%))?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_POINTS = re.compile(r"[0-9]{1,18}(?![0-9.eE%])")
_LOG = re.compile(r"log[ \t]+(?=[0-9.+-])")
_PIECE = re.compile(r"[^,;\[\]]*")
_PLAIN_QUOTED = re.compile(r"'([^'\x00-\x1f]*)'")
_EMPTY_LIST = re.compile(r"\[[ \t\r\n]*\][ \t\r\n]*,")
_LITERAL = frozenset({"true", "false"})
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})

_RANGE_HINT = "write min:max:number of points, such as 7:91:5 for 7, 28, 49, 70, 91"
_VALUE_HINT = "write a number, min:max:points, true, false or a word; other texts in quotes"
_EXACT = Context(prec=40)
_ROUNDING = Decimal("1e-30")


class Item(NamedTuple):
    """What stands between two commas.

    Attributes:
        position: where it begins.
        size: how many values it is.
        make: gives them; a range is not made before the whole text was read.
        plain: whether it is one value that is no list.
    """

    position: int
    size: int
    make: Callable[[], Sequence[Any]]
    plain: bool = False


class Number(NamedTuple):
    """A number as it was written."""

    exact: Fraction
    whole: bool

    @property
    def value(self) -> int | float:
        return int(self.exact) if self.whole else float(self.exact)


class Scanner:
    """Reads a text from left to right.

    Args:
        text: in the grammar.

    Raises:
        GridError: every method does, where the text is not what it reads.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        if len(text) > MOST_TEXT:
            hint = "give ranges such as 1:1000:1000 in place of lists"
            raise GridError(f"the grid has {len(text):,} characters", hint, text, MOST_TEXT)

    def error(self, what: str, hint: str, position: int | None = None) -> GridError:
        return GridError(what, hint, self.text, self.at if position is None else position)

    def skip_blanks(self) -> str:
        """Go to the next sign, and say which it is; empty at the end."""
        self.at = _BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        """Go past a sign if it is the next one."""
        if self.skip_blanks() != sign:
            return False
        self.at += 1
        return True

    def name(self) -> tuple[str, int]:
        """The name of a parameter and where it stands, up to the ``=`` after it."""
        self.skip_blanks()
        found, began = _NAME.match(self.text, self.at), self.at
        if found:
            self.at = found.end()
        if not found or not self.take("="):
            raise self.error(
                "here stands no parameter" if not found else f"{found[0]} has no =",
                "write the name of a parameter, = and its values, such as fast_period=5:44:40 "
                "(min:max:number of points) or slow_period=50,100",
            )
        return found[0], began

    def items(self) -> list[Item]:
        """What stands up to a ``;`` or the end."""
        return self._counted(self._bracketed() or self._items(""))

    def values(self, name: str, items: Sequence[Item]) -> tuple[Value, ...]:
        """The values of a parameter, each only once; those that are quick to make are first."""
        for some in ([item for item in items if item.plain], items):
            values = _made(some)
            second = second_of(values)
            if second is not None:
                places = [item.position for item in some for _ in range(item.size)]
                what = f"{name} has the value {short(values[second])} twice"
                raise self.error(what, "give it once", places[second])
        return values

    def _counted(self, items: list[Item]) -> list[Item]:
        total = 0
        for item in items:
            total += item.size
            if total > MOST_VALUES:
                raise self.error(*too_many(total), item.position)
        return items

    def _bracketed(self) -> list[Item] | None:
        """The items of one bracket around all of them; None where a bracket is a value."""
        if self.skip_blanks() != "[" or _EMPTY_LIST.match(self.text, self.at):
            return None
        began = self.at
        self.at += 1
        items = self._items("]")
        if self.skip_blanks() in {"", ";"}:
            return items
        self.at = began
        return None

    def _items(self, closing: str, *, lists: bool = True) -> list[Item]:
        """Items with commas between them, up to and with the closing bracket if there is one."""
        items = []
        while True:
            if self.skip_blanks() == "[" and not lists:
                what = "a list that is a value cannot hold a list"
                raise self.error(what, "write [[A,B],[C]] for two lists")
            items.append(self._item())
            if len(items) > MOST_VALUES:
                raise self.error(*too_many(len(items)))
            if self.take(","):
                continue
            following = self.skip_blanks()
            if closing and self.take(closing):
                return items
            if not closing and following in {"", ";"}:
                return items
            if closing and not following:
                raise self.error("the bracket is open", "close it with ]")
            raise self._unread(items[-1].position)

    def _item(self) -> Item:
        following, began = self.skip_blanks(), self.at
        if following in {"", ",", ";", "]"}:
            raise self.error("a value is missing", "give one value, and one comma between two")
        if following == "[":
            return self._list()
        value: Value
        if following in {'"', "'"}:
            value = self._quoted()
        elif _LOG.match(self.text, self.at):
            self.at += len("log")
            return self._range(began, _log_points)
        elif _NUMBER.match(self.text, self.at):
            number = self._number()
            if self.skip_blanks() == ":":
                self.at = began
                return self._range(began, _even_points)
            value = number.value
        else:
            value = self._word()
        return Item(began, 1, lambda: (value,), plain=True)

    def _list(self) -> Item:
        """A list that is one value: ``[DebtToEquity, Momentum]``."""
        began = self.at
        self.at += 1
        items = [] if self.take("]") else self._counted(self._items("]", lists=False))
        return Item(began, 1, lambda: (_made(items),))

    def _quoted(self) -> str:
        began = self.at
        if self.text[began] == "'":
            found = _PLAIN_QUOTED.match(self.text, began)
            if found:
                self.at = found.end()
                return found[1]
            raise self.error("the quote is open", "close it with '")
        try:
            value, self.at = scanstring(self.text, began + 1)
        except json.JSONDecodeError as error:
            what = f"the quoted text cannot be read, {error.msg[0].lower()}{error.msg[1:]}"
            hint = 'close it with " and write \\" and \\\\ for quotes and backslashes in it'
            raise self.error(what, hint, min(error.pos, len(self.text))) from None
        return str(value)

    def _word(self) -> Value:
        found = _WORD.match(self.text, self.at)
        piece = self._piece()
        if piece.casefold().lstrip("+-") in _NOT_FINITE:
            raise self.error(f"{shown(piece)} is not a finite number", "give a finite one")
        if ":" in piece and (not found or self.text[found.end() :].lstrip(" ")[:1] == ":"):
            raise self.error(f"{shown(piece)} is no range", _RANGE_HINT)
        if not found:
            raise self._unread(self.at)
        self.at = found.end()
        return found[0].casefold() == "true" if found[0].casefold() in _LITERAL else found[0]

    def _number(self) -> Number:
        self.skip_blanks()
        found, piece = _NUMBER.match(self.text, self.at), self._piece(":")
        if not found or found[0] != piece or len(piece) > SHOWN:
            hint = "write one such as 20, 0.05, 1e-3 or 5% (digits are 0 to 9)"
            raise self.error(f"{shown(piece)} is no number", hint)
        digits, percent = found.groups()
        near = float(digits)
        if math.isinf(near) or (near == 0.0 and re.search("[1-9]", re.split("[eE]", digits)[0])):
            size = "large" if near else "small"
            raise self.error(f"{piece!r} is too {size} for a number", "write one that fits")
        exact = Fraction(digits)
        whole = _WHOLE.fullmatch(digits) is not None and not percent
        if percent and abs(exact) >= 100:
            raise self.error(f"{piece!r} is not below 100 %", "write 2.5 for 250 %")
        if whole and abs(exact) > LARGEST_WHOLE:
            hint = f"the largest is {LARGEST_WHOLE:,}"
            raise self.error(f"{piece!r} is too large for a whole number", hint)
        self.at = found.end()
        return Number(exact / 100 if percent else exact, whole)

    def _range(self, began: int, make: Callable[[Number, Number, int], Sequence[Any]]) -> Item:
        """``low:high:points``, from low on."""
        low = self._number()
        if not self.take(":"):
            raise self.error("here stands no range", _RANGE_HINT, began)
        high = self._number()
        if not self.take(":"):
            raise self.error("the range has no number of points", _RANGE_HINT)
        count = self._points()
        if low.exact >= high.exact:
            raise self.error("the range does not rise", "write the smaller number first", began)
        if make is _log_points and low.exact <= 0:
            hint = "begin above 0, or write an even range without log"
            raise self.error("a log range has numbers above 0", hint, began)
        if make is _log_points and count > MOST_LOG:
            what = f"a log range of {count:,} points, more than {MOST_LOG:,}"
            raise self.error(what, "give fewer points", began)
        return Item(began, count, lambda: make(low, high, count))

    def _points(self) -> int:
        self.skip_blanks()
        found = _POINTS.match(self.text, self.at)
        if not found:
            what = f"{shown(self._piece(':'))} stands where the number of points belongs"
            raise self.error(what, _RANGE_HINT)
        count = int(found[0])
        if count < 2:
            raise self.error(f"the range has {count} points", "a range has at least 2")
        if count > MOST_VALUES:
            raise self.error(*too_many(count))
        self.at = found.end()
        if self.skip_blanks() == ":":
            raise self.error("the range has a fourth number", _RANGE_HINT)
        return count

    def _piece(self, more: str = "") -> str:
        """What stands up to the next sign that parts values."""
        piece = _PIECE.match(self.text, self.at)[0]  # type: ignore[index]
        return (piece.partition(more)[0] if more else piece).strip(" \t\r\n")

    def _unread(self, began: int) -> GridError:
        """What begins well and does not end so."""
        piece = re.split("[,;]", self.text[began : began + 2 * SHOWN], maxsplit=1)[0].strip()
        return self.error(f"{shown(piece or self.text[began])} is no value", _VALUE_HINT)


def too_many(count: int) -> tuple[str, str]:
    """That a parameter has too many values, and what to do."""
    return f"{count:,} values are more than {MOST_VALUES:,}", "give fewer points"


def written(value: Any) -> str:
    """A value in the grammar."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, str):
        special = value.casefold() in _LITERAL | _NOT_FINITE
        plain = _WORD.fullmatch(value) and not special
        return value if plain else json.dumps(value, ensure_ascii=False)
    return repr(value + 0.0 if isinstance(value, float) else value)  # without -0.0


def short(value: Any) -> str:
    """A value as people read it: ten digits are enough."""
    if isinstance(value, tuple):
        return shown(f"[{','.join(map(short, value[:SHOWN]))}]")[1:-1]
    if isinstance(value, float):
        return f"{value:.10g}"
    return written(value) if len(str(value)) <= SHOWN else shown(str(value))


def second_of(values: Sequence[Any]) -> int | None:
    """Where a value stands that stood there before; truth values are no numbers."""
    if len(set(values)) == len(values):
        return None
    keys = values
    if bool in set(map(type, values)):
        keys = [(value, isinstance(value, bool)) for value in values]
    first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    return next((i for i, key in enumerate(keys) if first[key] < i), None)


def shown(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def _made(items: Sequence[Item]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(item.make() for item in items))


def _even_points(low: Number, high: Number, count: int) -> Sequence[int | float]:
    """Evenly spaced; whole numbers where all of them are."""
    step = (high.exact - low.exact) / (count - 1)
    if low.whole and high.whole and step.denominator == 1:
        return range(int(low.exact), int(high.exact) + 1, int(step))
    # over one denominator: dividing whole numbers is exact to the last bit
    under = math.lcm(low.exact.denominator, step.denominator)
    first, by = int(low.exact * under), int(step * under)
    return [(first + by * i) / under for i in range(count)]


def _log_points(low: Number, high: Number, count: int) -> Sequence[int | float]:
    """Each the same multiple of the one before; whole numbers where all of them are.

    In decimals of 40 digits, which are the same on every machine (the ``pow`` of C is not).
    """
    with localcontext(_EXACT):
        first = Decimal(low.exact.numerator) / low.exact.denominator
        ratio = high.exact / low.exact
        step = (Decimal(ratio.numerator) / ratio.denominator) ** (Decimal(1) / (count - 1))
        points = [first]
        for _ in range(count - 2):
            points.append(points[-1] * step)
        inner = points[1:]
        exact = (abs(point / round(point) - 1) < _ROUNDING for point in inner)
        if low.whole and high.whole and all(exact):
            return [int(low.exact), *map(round, inner), int(high.exact)]
        return [float(low.exact), *map(float, inner), float(high.exact)]
