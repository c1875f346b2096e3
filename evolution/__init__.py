"""Evolution: how the population improves."""
