"""How widely price swings."""
