"""Which points a study has: constraints, samples, and a numbering that needs no memory."""
