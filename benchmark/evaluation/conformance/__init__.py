"""Checks that every model must pass, ours and a user's: one kind of mistake a file, one list."""
