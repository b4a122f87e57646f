"""Price weighed by what was traded."""
