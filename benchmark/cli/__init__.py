"""The command `oneshot`; the only code that prints."""
