"""Siamese networks: a backbone, a distance and a loss, combined freely where that makes sense."""
