"""The sparse path: single-symbol trials that are told from their signals, not bar by bar."""
