"""Heads on the same classifier that look at all queries of an episode at once."""
