"""The language of ``constraint``: which texts are constraints, and which not.

A text passes three gates: its signs are those of the language, Python's parser makes a tree of it,
and every part of the tree is on the list and of the kind that belongs there. Nothing is ever run.
"""

from __future__ import annotations

import ast
import math
import re
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from stockstream.errors import GridError
from stockstream.study.notation import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["MOST_CHARACTERS", "TRUTH", "Kind", "kind_of", "read_tree"]

Kind: TypeAlias = Literal["number", "truth", "text", "list", "mixed"]

MOST_CHARACTERS = 1_000
MOST_TOKENS = 300
DEEPEST = 30
MOST_NEAR = 50

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?P<glued>[A-Za-z0-9_.]*)"
    r"|(?P<quoted>\"[^\"\\\n]*\"|'[^'\\\n]*')"
    r"|(?P<sign><=|>=|==|!=|//|[-+*/%<>()\[\],]))"
)
_IN_PLACE_OF = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "~": "write not",
    "^": "there are no powers: multiply",
    "\\": "write the text without backslashes",
    "'": "close the quote with '",
    '"': 'close the quote with "',
}
_LANGUAGE = (
    "write a condition between parameters such as fast_period < slow_period, with + - * / // %, "
    "min, max, abs, < <= == != >= >, in (...), not, and, or"
)
TRUTH = {"true": True, "false": False}

_CALLED: dict[Kind, str] = {"number": "number", "truth": "condition", "text": "word"}
_COMPUTED = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_FUNCTIONS = ("min", "max", "abs")
_SAME = (ast.Eq, ast.NotEq)
_MEMBER = (ast.In, ast.NotIn)


def read_tree(text: str, known: Mapping[str, Sequence[Any]]) -> tuple[ast.expr, tuple[str, ...]]:
    """The checked tree of a constraint, and the names of the parameters in it.

    Raises:
        GridError: the text is no constraint; says where, and what would do.
    """
    if len(text) > MOST_CHARACTERS:
        what = f"the constraint has {len(text):,} characters, more than {MOST_CHARACTERS:,}"
        raise GridError(what, "write several constraints", text, MOST_CHARACTERS)
    _demand_tokens(text)
    reader = _Reader(text, known)
    tree = reader.tree()
    kind = reader.kind(tree, 0)
    if kind != "truth":
        raise reader.error(f"this is a {_CALLED[kind]}, not a condition", _LANGUAGE, tree)
    return tree, tuple(reader.names)


def kind_of(values: Iterable[Any]) -> Kind:
    """What the values of a parameter are."""
    kinds = {_kind_of_type(type_) for type_ in set(map(type, values))}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _demand_tokens(text: str) -> None:
    """Refuse signs that the language does not have, before Python's parser sees them."""
    at, count, end = 0, 0, len(text.rstrip())
    if not end:
        raise GridError("the constraint is empty", _LANGUAGE, text, 0)
    while at < end:
        found = _TOKEN.match(text, at)
        if not found:
            at += len(text[at:]) - len(text[at:].lstrip())
            hint = _IN_PLACE_OF.get(text[at], _LANGUAGE)
            raise GridError(f"{text[at]!r} has no meaning here", hint, text, at)
        if found["glued"]:
            what = f"{shown(found['number'] + found['glued'])} is no number"
            raise GridError(what, "write one such as 20, 0.05 or 1e-3", text, found.start("number"))
        at, count = found.end(), count + 1
        if count > MOST_TOKENS:
            what = f"the constraint has more than {MOST_TOKENS} words and signs"
            raise GridError(what, "write several constraints", text, found.end() - 1)


class _Reader:
    """From text to a checked tree.

    Args:
        text: whose tokens are all of the language.
        known: the values of each parameter.
    """

    def __init__(self, text: str, known: Mapping[str, Sequence[Any]]) -> None:
        self.text, self.known = text, known
        self.names: dict[str, Kind] = {}
        self.lead = len(text) - len(text.lstrip())
        self.one_line = re.sub(r"\s", " ", text).strip()

    def tree(self) -> ast.expr:
        """The tree of the text, unchecked."""
        try:
            return ast.parse(self.one_line, mode="eval").body
        except SyntaxError as error:
            at = (error.offset or len(self.one_line) + 1) - 1
            what = f"the constraint cannot be read, {error.msg}"
        except (MemoryError, RecursionError, ValueError):
            at, what = 0, "the constraint cannot be read"
        percent = re.search(r"[0-9] *%\s*(?:$|[<>=!)\],]|and\b|or\b)", self.one_line)
        if percent:
            place = self.lead + percent.start()
            raise GridError("% is the rest of a division", "write 0.05 for 5 %", self.text, place)
        place = min(self.lead + max(at, 0), len(self.text))
        raise GridError(what, _LANGUAGE, self.text, place)

    def error(self, what: str, hint: str, node: ast.expr) -> GridError:
        column = len(self.one_line.encode()[: node.col_offset].decode())
        return GridError(what, hint, self.text, self.lead + column)

    def kind(self, node: ast.expr, depth: int) -> Kind:
        """What a part of the tree is; refuses whatever is not of the language."""
        if depth > DEEPEST:
            raise self.error("this is nested too deep", "write several constraints", node)
        if isinstance(node, ast.Name):
            return self._named(node)
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.BoolOp):
            return self._all(node.values, "truth", depth, "truth")
        if isinstance(node, ast.UnaryOp):
            wanted: Kind = "truth" if isinstance(node.op, ast.Not) else "number"
            return self._all([node.operand], wanted, depth, wanted)
        if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
            return self._all([node.left, node.right], "number", depth, "number")
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self.error("this cannot stand in a constraint", _LANGUAGE, node)

    def _all(self, nodes: Sequence[ast.expr], wanted: Kind, depth: int, made: Kind) -> Kind:
        """Demand one kind of several parts."""
        for node in nodes:
            kind = self.kind(node, depth + 1)
            if kind != wanted:
                what = f"this is a {_CALLED[kind]}, and a {_CALLED[wanted]} belongs here"
                raise self.error(what, _LANGUAGE, node)
        return made

    def _named(self, node: ast.Name) -> Kind:
        name = node.id
        if name in TRUTH and name not in self.known:
            return "truth"
        if name not in self.known:
            raise self._unknown(node)
        if name not in self.names:
            self.names[name] = kind_of(self.known[name])
        kind = self.names[name]
        if kind in {"list", "mixed"}:
            what = f"{name} has values that are {'lists' if kind == 'list' else 'of several kinds'}"
            raise self.error(what, "a constraint compares numbers, words and truth values", node)
        return kind

    def _unknown(self, node: ast.Name) -> GridError:
        hint = _nearest(node.id, self.known)
        for name, values in self.known.items():
            if isinstance(next(iter(values), None), str) and node.id in values:
                hint = f'a value of {name} stands in quotes: "{node.id}"'
        return self.error(f"unknown parameter {shown(node.id)}", hint, node)

    def _constant(self, node: ast.Constant) -> Kind:
        kind = _kind_of_type(type(node.value))
        if kind in {"list", "mixed"}:
            raise self.error("this cannot stand in a constraint", _LANGUAGE, node)
        if isinstance(node.value, int | float) and not _is_finite(node.value):
            raise self.error("this number is too large", "write a smaller one", node)
        return kind

    def _comparison(self, node: ast.Compare, depth: int) -> Kind:
        left = node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, _MEMBER):
                self._membership(left, right, depth)
            elif type(sign) in _COMPARED:
                self._compared(left, sign, right, depth)
            else:
                hint = "write == or != to compare"
                raise self.error("is has no meaning here", hint, right)
            left = right
        return "truth"

    def _compared(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, depth: int) -> None:
        kinds = self.kind(left, depth + 1), self.kind(right, depth + 1)
        if kinds[0] != kinds[1]:
            what = f"a {_CALLED[kinds[0]]} cannot be compared with a {_CALLED[kinds[1]]}"
            raise self.error(what, "compare numbers with numbers and words with words", right)
        if kinds[0] != "number" and not isinstance(sign, _SAME):
            raise self.error(
                f"a {_CALLED[kinds[0]]} has no order", "compare it with == or !=", right
            )
        self._demand_choice(left, right)
        self._demand_choice(right, left)

    def _membership(self, left: ast.expr, right: ast.expr, depth: int) -> None:
        if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
            hint = 'write the choices in brackets, such as mode in ("fast", "slow")'
            raise self.error("in has no list of choices after it", hint, right)
        for choice in right.elts:
            self._compared(left, ast.Eq(), choice, depth)

    def _demand_choice(self, name: ast.expr, word: ast.expr) -> None:
        """Refuse a comparison with a word that the parameter never is."""
        if not (isinstance(name, ast.Name) and isinstance(word, ast.Constant)):
            return
        values = self.known.get(name.id, ())
        if isinstance(word.value, str) and word.value not in values:
            what = f"{name.id} is never {shown(word.value)}"
            raise self.error(what, _nearest(word.value, map(str, values)), word)

    def _call(self, node: ast.Call, depth: int) -> Kind:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise self.error("this function does not exist", "there are min, max and abs", node)
        right = len(node.args) == 1 if name == "abs" else len(node.args) > 1
        if node.keywords or not right:
            count = "one number" if name == "abs" else "two numbers or more"
            raise self.error(f"{name} takes {count}", f"write {name}(...) with {count}", node)
        return self._all(node.args, "number", depth, "number")


def _kind_of_type(type_: type) -> Kind:
    kinds: dict[type, Kind] = {bool: "truth", int: "number", float: "number", str: "text"}
    return "list" if issubclass(type_, tuple | list) else kinds.get(type_, "mixed")


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _nearest(name: str, known: Iterable[str]) -> str:
    """Which names there are, the nearest ones first."""
    names = [one[:60] for one in islice(known, MOST_NEAR)]
    close = get_close_matches(name[:60], names, n=3, cutoff=0.6)
    there = f"known: {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"
    if not names:
        return "the grid has no parameter"
    return f"did you mean {' or '.join(map(repr, close))}? {there}" if close else there
