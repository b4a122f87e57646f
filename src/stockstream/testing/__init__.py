"""What the author of a strategy or a plug-in tests with."""
