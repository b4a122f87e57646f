"""The one look of every chart and page: colours, fonts and plot layout.

Strategy and gains are blue, losses and drawdowns red: the pair that stays apart under every
common form of colour blindness (red against green does not).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

__all__ = [
    "DARK",
    "FONT",
    "LIGHT",
    "PLATEAU",
    "RUNS",
    "Palette",
    "axis",
    "base_layout",
    "css_variables",
    "dark_twins",
    "diverging",
]

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", '
    '"Liberation Sans", Arial, sans-serif'
)

PLATEAU = "Viridis"
"""Scale of a value without a natural middle: even in lightness, safe for the colour-blind."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour in use, as ``#rrggbb``. No two fields of one palette are equal."""

    page: str
    panel: str
    line: str
    grid: str
    ink: str
    muted: str
    strategy: str
    benchmark: str
    gain: str
    loss: str
    unseen: str
    second: str
    third: str
    fourth: str
    fifth: str
    sixth: str
    scale_loss: str
    scale_loss_soft: str
    scale_middle: str
    scale_gain_soft: str
    scale_gain: str
    good: str
    good_panel: str
    caution: str
    caution_panel: str
    bad: str
    bad_panel: str


LIGHT = Palette(
    page="#ffffff",
    panel="#f6f7f9",
    line="#dfe3e8",
    grid="#e9ecf0",
    ink="#1c2127",
    muted="#5c6673",
    strategy="#0867c4",
    benchmark="#8d959f",
    gain="#0f5fae",
    loss="#c2392c",
    unseen="#10a37a",
    second="#d1600f",
    third="#00826b",
    fourth="#8a4cb3",
    fifth="#a67c00",
    sixth="#49525f",
    scale_loss="#a11228",
    scale_loss_soft="#f2a98c",
    scale_middle="#f4f5f7",
    scale_gain_soft="#9cc9e3",
    scale_gain="#0a4a8f",
    good="#0b6648",
    good_panel="#e7f5ef",
    caution="#8f4700",
    caution_panel="#fff2e0",
    bad="#a5142a",
    bad_panel="#fdebec",
)

DARK = Palette(
    page="#12161c",
    panel="#1a2028",
    line="#303844",
    grid="#262d37",
    ink="#e8ebef",
    muted="#9aa5b3",
    strategy="#4da3ff",
    benchmark="#7f8996",
    gain="#6cb4ff",
    loss="#ff7a6b",
    unseen="#2fc59b",
    second="#ff9a52",
    third="#41cfa9",
    fourth="#c893f2",
    fifth="#e2bf45",
    sixth="#b8c1cc",
    scale_loss="#e0485c",
    scale_loss_soft="#8e3a3c",
    scale_middle="#222933",
    scale_gain_soft="#2b5a86",
    scale_gain="#3380d8",
    good="#6fdab1",
    good_panel="#12312a",
    caution="#ffba6b",
    caution_panel="#3a2a14",
    bad="#ff9aa4",
    bad_panel="#431c24",
)

RUNS = (LIGHT.strategy, LIGHT.second, LIGHT.third, LIGHT.fourth, LIGHT.fifth, LIGHT.sixth)
"""Several runs on one chart; after the last one dashes begin."""


def css_variables(palette: Palette) -> str:
    """The palette as CSS custom properties: ``--scale-gain: #0a4a8f;`` and so on."""
    return " ".join(
        f"--{field.name.replace('_', '-')}: {getattr(palette, field.name)};"
        for field in fields(palette)
    )


def dark_twins() -> dict[str, str]:
    """Each light colour's dark counterpart, for a page that repaints its charts at night."""
    return {getattr(LIGHT, f.name): getattr(DARK, f.name) for f in fields(Palette)}


def diverging() -> list[list[object]]:
    """Colour scale from loss over nothing to gain, for values whose middle is zero."""
    steps = ("scale_loss", "scale_loss_soft", "scale_middle", "scale_gain_soft", "scale_gain")
    return [[index / 4, getattr(LIGHT, name)] for index, name in enumerate(steps)]


def axis(**options: Any) -> dict[str, Any]:
    """One plot axis: thin grid, no frame, no zero line, room for its labels.

    Args:
        options: plotly axis options that replace or join these.
    """
    return {
        "gridcolor": LIGHT.grid,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 6,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 8},
        **options,
    }


def base_layout(height: int, **options: Any) -> dict[str, Any]:
    """What every figure starts from: transparent, so that the page behind it decides.

    Args:
        height: pixels.
        options: plotly layout options that replace or join these.
    """
    return {
        "template": "none",
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": LIGHT.muted},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {
            "bgcolor": LIGHT.panel,
            "bordercolor": LIGHT.line,
            "font": {"family": FONT, "size": 12, "color": LIGHT.ink},
        },
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": LIGHT.benchmark,
            "activecolor": LIGHT.strategy,
        },
        "showlegend": False,
        **options,
    }
