"""How well it did. NumPy only; every function is pure and says where its formula is from.

``summary`` has the measures of one backtest, all at once; ``returns``, ``drawdown``, ``trades``
and ``shape`` have them one by one; ``periods`` the table by month and year; ``significance`` says
how far to trust a Sharpe ratio.
"""
