"""What is traded: bars, corporate actions, sessions, checks, adjustment, the simulated market."""
