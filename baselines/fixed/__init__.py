"""Models that learn nothing: the floor under every table."""
