"""Sizes and costs of the backbones at full width, for lists and tables.

A package, because every file beside it is a backbone's.
"""

from __future__ import annotations

from typing import Any

from baselines.parts import class_of, part_names

CHANNELS = {"character": 1, "photograph": 3}


def rows() -> list[dict[str, Any]]:
    """One row for each backbone and each size of image that it is trained on by default.

    The networks are built without memory (on the meta device): two seconds in all.

    Returns:
        Rows with "name", "family" of the images, "input size" in pixels, "channels", "parameters"
        (trainable numbers), "multiply-adds" for one image, and "output width" (numbers of an
        embedding).
    """
    names = part_names("backbones")
    return [row(name, family) for name in names for family in CHANNELS]


def row(name: str, family: str) -> dict[str, Any]:
    """The row of one backbone for characters or photographs.

    Raises:
        UnknownName: there is no such backbone.
    """
    import torch

    from baselines.backbones._defaults import KOCH_SIDE, SIDES
    from baselines.backbones._measure import describe, multiply_adds

    side, channels = KOCH_SIDE if name == "koch" else SIDES[family], CHANNELS[family]
    with torch.device("meta"):
        network = class_of("backbones", name)(channels, side)
    measure = describe(network, channels, side)
    return {
        "name": name,
        "family": family,
        "input size": side,
        "channels": channels,
        "parameters": measure.parameters,
        "multiply-adds": multiply_adds(network, channels, side),
        "output width": measure.output_width,
    }
