"""The parts of the page of a backtest; each shows one tab."""
