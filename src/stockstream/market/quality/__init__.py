"""How good stored bars are, all in all: what a person reads before trusting a backtest on them."""

from stockstream.market.quality.adjusted import TOLERANCE, compare_adjusted
from stockstream.market.quality.assess import Quality, assess

__all__ = ["TOLERANCE", "Quality", "assess", "compare_adjusted"]
