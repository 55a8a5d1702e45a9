"""Grids of settings for the simulations."""

from itertools import product

import pytest


def grid(*axes):
    """Every combination of values of the axes.

    Half of them run in `make test`: all values of each axis, and of three axes all values of any
    two together. The others are marked slow.
    """
    places = product(*(range(len(axis)) for axis in axes))
    return [
        pytest.param(*values, marks=[pytest.mark.slow] if sum(place) % 2 else [])
        for place, values in zip(places, product(*axes), strict=True)
    ]
