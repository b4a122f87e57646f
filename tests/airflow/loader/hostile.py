"""Documents as an enemy would write them, the same for the same seed. Standard library alone.

Half of them are a good document in which a few places were spoilt, the others are less: names of
files, code, templates, texts that break out of quotes, numbers and dates at the edges, wrong kinds
of values, and JSON that is none.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CANARY", "LITTER", "documents", "good_document", "templated_document"]

CANARY: Final = "stockstream-canary"
"""Stands in every piece of code, so that it is found wherever it ends up."""

TOUCH: Final = f"open('/tmp/{CANARY}','w')"
CODE: Final = (
    f"__import__('os').system('touch /tmp/{CANARY}')",
    f"'; {TOUCH}; '",
    f'"; {TOUCH} #',
    f'"""\n{TOUCH}\n"""',
    f"lambda: {TOUCH}",
    f"{{{{ macros.__class__.__mro__ }}}}{CANARY}",
    f"{{{{ 7 * 7 }}}}{CANARY}",
    f"{{{{ var.value.get('{CANARY}') }}}}",
    f"{{{{ conn.aws_default.password }}}}{CANARY}",
    f"{{% for x in ''.__class__.__mro__[1].__subclasses__() %}}{{{{ x }}}}{{% endfor %}}{CANARY}",
    f"{{% include '/etc/hostname' %}}{CANARY}",
    f"{{# {CANARY} #}}",
    f"{{{{ '{CANARY}",
    f"${{jndi:ldap://127.0.0.1/{CANARY}}}",
    f"$(touch /tmp/{CANARY})",
    f"`touch /tmp/{CANARY}`",
    f"; touch /tmp/{CANARY}",
    f"| touch /tmp/{CANARY}",
    f"%({CANARY})s %s %n",
    f"{{0.__class__.__init__.__globals__}}{CANARY}",
    f"!!python/object/apply:os.system ['touch /tmp/{CANARY}']",
    f"cos\nsystem\n(S'touch /tmp/{CANARY}'\ntR.",
    f"Robert'); DROP TABLE dag;-- {CANARY}",
    f"<script>alert('{CANARY}')</script>",
    f"[click](javascript:alert('{CANARY}'))",
)
PATHS: Final = (
    f"/var/{CANARY}.py:Strategy",
    f"../../../tmp/{CANARY}.py:Strategy",
    f"{CANARY}.py:Strategy",
    "os.system",
    "os:system",
    "stockstream.strategies.momentum:Momentum",
    "/etc/passwd",
    "/etc/hostname.md",
    f"notes-{CANARY}.md",
    f"{CANARY}.json",
    f"{CANARY}.sh",
    f"file:///tmp/{CANARY}",
    f"s3://{CANARY}/x",
    "..",
    ".",
    "~/.aws/credentials",
    "C:\\Windows\\system32",
    "\\\\server\\share",
)
TEXTS: Final = (
    "",
    " ",
    "\n",
    "\t",
    "a\nb",
    "a\r\nb",
    "\x00",
    "a\x00b",
    "\x1b[2J",
    "\x7f",
    "\ud800",
    "\udfff\ud800",
    "\u202egnp.exe",
    "\u200b",
    "\ufeff",
    "\uff44\uff41\uff47",
    "名前",
    "é" * 50,
    "x" * 201,
    "x" * 5_000,
    "null",
    "None",
    "True",
    "nan",
    "-inf",
    "0x10",
    "1e999",
    "\u0661\u0662\u0663",
    "dag_id",
    "__class__",
    "__init__",
    "__dict__",
    "self",
    "model_config",
    "collect",
    "watcher",
    "backtest",
    "stockstream_loader",
    "stockstream_sweep",
    "LD_PRELOAD",
    "ld_preload",
    "PATH",
    "path",
    "pythonpath",
    "PYTHONSTARTUP",
    "aws_endpoint_url",
    "request",
    "stockstream__lake",
    "*",
    "* * * * *",
    "0 0 30 2 *",
    "0 0 31 4,6,9,11 *",
    "*/0 * * * *",
    "60 24 32 13 8",
    "5-1 * * * *",
    "0 18 * * 1-5",
    "0 0 * * sun-mon",
    "0 0 L * *",
    "0 0 * * 5#3",
    "R * * * *",
    "@reboot",
    "@continuous",
    "@daily",
    "new-bars",
    "1:100:10",
    "1:100000000:100000000",
    "log 1:1000:4",
    "log 0:1:9999",
    "1,1",
    "[[A,B],[C]]",
    "a=1; b=2",
    "MovingAverageCrossover",
)
NUMBERS: Final = (
    0,
    1,
    -1,
    2,
    10,
    11,
    16,
    1_024,
    1_025,
    10**6,
    10**9,
    2**31,
    2**63,
    2**64,
    -(2**63),
    10**40,
    0.0,
    -0.0,
    0.1,
    0.5,
    1.0,
    1.5,
    -0.5,
    5e-324,
    1.7e308,
    True,
    False,
    None,
)
DATES: Final = (
    "2022-02-29",
    "2022-02-30",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2022-13-01",
    "2022-1-1",
    "20220101",
    "01/02/2022",
    "today",
    "yesterday",
    "2022-01-01T00:00:00",
    "2022-01-01T23:59:59Z",
    "2022-01-01 00:00",
    "-2022-01-01",
    "\u0662\u0660\u0662\u0662-01-01",
    "2022-W01-1",
    0,
    1_640_995_200,
    1e20,
    -1,
)
RAW: Final = (
    "",
    " ",
    "null",
    "[]",
    "{}",
    '"text"',
    "42",
    "NaN",
    "{",
    '{"dag_id": "a"',
    '{"dag_id": "a",}',
    "{'dag_id': 'a'}",
    "dag_id: a",
    "\ufeff{}",
    '{"dag_id": "a"} {"dag_id": "b"}',
    '{"dag_id": "a", "dag_id": "b"}',
    '{"dag_id": "a", "config": {"strategy_class": "A", "strategy_class": "b.py:C"}}',
    '{"retries": Infinity}',
    '{"retries": 1e999}',
    '{"retries": ' + "9" * 5_000 + "}",
    "[" * 100_000,
    '{"a":' * 50_000,
    '{"dag_id": ' + "[" * 500 + "]" * 500 + "}",
    "\x00",
    "\ud800",
    "#!/bin/sh\ntouch /tmp/" + CANARY,
    "import os; os.system('touch /tmp/" + CANARY + "')",
    "<dag/>",
    '{"__proto__": {"x": 1}}',
    '{"$ref": "file:///etc/passwd"}',
    "x" * 300_000,
)
LITTER: Final = (*CODE, *PATHS, *TEXTS, *NUMBERS, *DATES)


def good_document(number: int = 0) -> dict[str, Any]:
    """A document that is taken: a grid of nine for each of one strategy or two."""
    config = {
        "strategy_class": "LongShortEquityStrategy",
        "start_date": "2022-01-01",
        "end_date": "2022-12-31",
        "initial_capital": 1_000_000.0,
        "universe": None,
        "factors": ["DebtToEquity"],
        "cooldown_period": 5,
        "param_grid": {"take_profit_pct": [5.0, 10.0, 15.0], "rebalance_period": [1, 7, 30]},
    }
    whole: dict[str, Any] = {
        "dag_id": f"document_{number}",
        "description": "Nine combinations",
        "tags": ["backtest", "us"],
        "schedule": ("0 18 * * 1-5", "new-bars", "@weekly", None)[number % 4],
        "mode": ("batch_array", "batch_expand", "local")[number % 3],
        "retries": 2,
        "tolerated_failures": 0,
        "at_once": 4,
        "max_active_tasks": 8,
    }
    if number % 5 == 4:
        other = {**config, "strategy_class": "MomentumStrategy", "param_grid": {"days": "5:44:40"}}
        whole["backtests"] = {"equity": config, "momentum": other}
    else:
        whole["config"] = config
    return whole


def templated_document(number: int, text: str) -> dict[str, Any]:
    """A document with a text in every place where a text may stand."""
    whole = good_document(number)
    whole["description"], whole["tags"] = text, [text[:100].replace("\n", " ")]
    whole["backtests"] = {"one": whole.pop("config", None) or whole["backtests"]["equity"]}
    one = whole["backtests"]["one"]
    one["factors"], one["note"] = [text], text
    one["universe"] = [text]
    one["benchmark"] = text
    one["param_grid"] = {"word": [text, "plain"], "days": [1, 2]}
    return whole


def documents(count: int, seed: int) -> Iterator[str]:
    """Texts to read, most of them bad."""
    drawn = random.Random(seed)  # noqa: S311 - for tests
    for number in range(count):
        kind = drawn.random()
        if kind < 0.04:
            yield drawn.choice(RAW)
        elif kind < 0.08:
            yield _torn(json.dumps(good_document(number)), drawn)
        elif kind < 0.12:
            yield json.dumps(_wild(drawn, 4))
        else:
            whole = good_document(number)
            for _ in range(drawn.choice((0, 1, 1, 1, 2, 3))):
                _spoil(whole, drawn)
            yield json.dumps(whole, ensure_ascii=drawn.random() < 0.5)


def _spoil(whole: dict[str, Any], drawn: random.Random) -> None:
    """Put something else at a place, below another name, or beside what is there."""
    holder, name = drawn.choice(list(_places(whole)))
    how = drawn.random()
    if how < 0.65 or not isinstance(holder, dict):
        holder[name] = _value(drawn)
    elif how < 0.8:
        holder[_text(drawn)] = holder.pop(name)
    elif how < 0.95:
        holder[_text(drawn)] = _value(drawn)
    else:
        del holder[name]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document: its holder and the name or index there."""
    if isinstance(value, dict | list):
        names = list(value) if isinstance(value, dict) else range(len(value))
        for name in names:
            yield value, name
            yield from _places(value[name])


def _value(drawn: random.Random) -> Any:
    kind = drawn.random()
    if kind < 0.75:
        return copy.copy(drawn.choice(LITTER))
    if kind < 0.85:
        return drawn.choice((drawn.randint(-(10**6), 10**6), drawn.uniform(-1e9, 1e9)))
    return _wild(drawn, 2)


def _text(drawn: random.Random) -> str:
    return str(drawn.choice((*CODE, *PATHS, *TEXTS)))


def _wild(drawn: random.Random, depth: int) -> Any:
    """Any JSON value at all."""
    kind = drawn.random()
    if depth == 0 or kind < 0.3:
        return drawn.choice(LITTER)
    if kind < 0.6:
        return [_wild(drawn, depth - 1) for _ in range(drawn.randrange(5))]
    return {_text(drawn): _wild(drawn, depth - 1) for _ in range(drawn.randrange(5))}


def _torn(text: str, drawn: random.Random) -> str:
    """A text with a piece missing, doubled, or with a sign too much."""
    at = drawn.randrange(len(text))
    until = min(at + drawn.randrange(1, 9), len(text))
    sign = drawn.choice(('"', "{", "}", "[", "]", ",", ":", "\\", "\x00", "\ud800", "\n"))
    return drawn.choice(
        (
            text[:at],
            text[:at] + text[until:],
            text[:until] + text[at:],
            text[:at] + sign + text[at:],
        )
    )
