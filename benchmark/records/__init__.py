"""Records of integers: their schema, their one text, their place on disk."""
