"""How long something takes, in words."""

from __future__ import annotations

__all__ = ["in_words"]


def in_words(seconds: float) -> str:
    """``4.2 s``, ``3 min 5 s``, ``2 h 40 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
