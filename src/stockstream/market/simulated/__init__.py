"""A market that never was: seeded, with the dirt and the events of a real one."""

from stockstream.market.simulated.fundamentals import simulate_fundamentals
from stockstream.market.simulated.simulate import SimulatedMarket, simulate_market

__all__ = ["SimulatedMarket", "simulate_fundamentals", "simulate_market"]
