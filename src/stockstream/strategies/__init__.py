"""The shipped strategies, one file each. ``stockstream.strategy.registry`` finds them by name."""

from __future__ import annotations

SHIPPED = {
    "MovingAverageCrossover": "stockstream.strategies.moving_average_crossover",
    "RSIMeanReversion": "stockstream.strategies.rsi_mean_reversion",
}
"""Class name -> the module it lives in. Importing this imports none of them."""
