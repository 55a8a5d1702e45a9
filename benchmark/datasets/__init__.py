"""Data sets: one in-memory type, and how each known set gets there."""
