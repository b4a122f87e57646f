"""Every shipped strategy has a page: the idea, parameters, a picture, and when it fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stockstream.strategies import SHIPPED
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy

FOLDER = Path(__file__).parents[2] / "docs" / "strategies"
LARGEST_PICTURE = 150_000
HEADINGS = ["The idea", "Parameters", "At work", "When it fails"]


def page(name: str) -> Path:
    return FOLDER / f"{SHIPPED[name].rpartition('.')[2]}.md"


@pytest.mark.parametrize("name", SHIPPED)
def test_it_has_a_page(name: str) -> None:
    text = page(name).read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    failing = text.partition("## When it fails\n")[2]
    assert "```python\n" in failing, "a block that shows it"
    short = name.removesuffix("Strategy")
    other = short if name.endswith("Strategy") else f"{short}Strategy"
    assert f"`{other}` is" in text.replace("\n", " ")


@pytest.mark.parametrize("name", SHIPPED)
def test_its_table_has_every_parameter(name: str) -> None:
    text = page(name).read_text(encoding="utf-8")
    table = text.partition(f"<!-- table: parameters_{name} -->")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", table, re.MULTILINE)
    declared = parameters_of(get_strategy(name))
    assert rows == [(one.name, one.show(one.default)) for one in declared]


@pytest.mark.parametrize("name", SHIPPED)
def test_its_docstring_says_the_idea_and_when_it_fails(name: str) -> None:
    said = get_strategy(name).__doc__ or ""
    assert "Idea: " in said
    assert "When it fails: " in said
    assert all(f"{one.name}: " in said for one in parameters_of(get_strategy(name)))


@pytest.mark.parametrize("name", SHIPPED)
def test_its_picture_is_small(name: str) -> None:
    picture = page(name).with_suffix(".png")
    assert f"]({picture.name})" in page(name).read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size <= LARGEST_PICTURE


def test_the_index_lists_them_all() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\w+)\]\((\w+\.md)\)", text, re.MULTILINE)
    assert listed == [(name, page(name).name) for name in SHIPPED]
