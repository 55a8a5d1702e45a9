"""Bent inputs of every kind, and what no input may do."""
