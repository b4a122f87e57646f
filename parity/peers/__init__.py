"""One script for each peer; they run in its environment and import NumPy and the peer only."""
