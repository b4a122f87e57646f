"""What a window of values looks like."""
