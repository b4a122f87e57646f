"""The tear sheet of a study: what was tried, what came out, and how far to believe it."""
