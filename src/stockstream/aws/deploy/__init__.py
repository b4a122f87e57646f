"""One's own stack in the cloud: what it costs, making it, looking at it, removing it."""
