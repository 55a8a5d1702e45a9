"""Distances between embeddings, one a file; a new file is a new distance.

A file `my_distance.py` states `TRAITS = Traits(...)` in literals, may state `TITLE = "..."`, and
defines `class MyDistance(Distance)`; see `euclidean.py`. Files that start with "_" are helpers.
"""
