"""How fast price moves, and how far it has gone."""
