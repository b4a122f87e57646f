"""Numbers that stand for words where kernels and arrays need numbers; each is written down once."""

from __future__ import annotations

from typing import Final

from stockstream.strategy.portfolio import REASONS, FillReason

# what a signal says; several may hold at once
ENTER_LONG: Final = 1
EXIT_LONG: Final = 2
ENTER_SHORT: Final = 4
EXIT_SHORT: Final = 8
TARGET: Final = 16  # hold the weight, whatever the signals

# why a fill happened, and why a trade ended
BY_ORDER: Final = REASONS.index(FillReason.ORDER)
BY_STOP_LOSS: Final = REASONS.index(FillReason.STOP_LOSS)
BY_TAKE_PROFIT: Final = REASONS.index(FillReason.TAKE_PROFIT)
BY_TRAILING_STOP: Final = REASONS.index(FillReason.TRAILING_STOP)
BY_TIME: Final = REASONS.index(FillReason.TIME_EXIT)
BY_DELISTING: Final = REASONS.index(FillReason.DELISTED)
CASH_IN_LIEU: Final = REASONS.index(FillReason.CASH_IN_LIEU)
BY_MARGIN_CALL: Final = REASONS.index(FillReason.MARGIN_CALL)
STILL_OPEN: Final = -1  # of a trade that is marked, not closed
