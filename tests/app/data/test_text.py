"""Text of others in Markdown: shown, and nothing made of it."""

from __future__ import annotations

import pytest

from stockstream.app.parts.text import JOINER, plain


@pytest.mark.parametrize("text", ["http://a.example/b", "www.a.example", "me@a.example"])
def test_addresses_are_no_links(text: str) -> None:
    assert plain(text).replace("\\", "").replace(JOINER, "") == text
    assert text not in plain(text).replace("\\", "")


def test_versions_are_left_alone() -> None:
    assert plain("bars@1 actions@2").replace("\\", "") == "bars@1 actions@2"


def test_every_sign_is_escaped() -> None:
    assert plain("*a* [b](c) $d$ <e>") == r"\*a\* \[b\]\(c\) \$d\$ \<e\>"
