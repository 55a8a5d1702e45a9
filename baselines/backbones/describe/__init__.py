"""Sizes and costs of the backbones at full width, for lists and tables.

A package, because every file beside it is a backbone's.
"""

from __future__ import annotations

from typing import Any

from baselines.parts import class_of, part_names
from benchmark.errors import Refused

CHANNELS = {"character": 1, "photograph": 3, "text": 1}
TEXT_LENGTH = 32  # code points


def rows() -> list[dict[str, Any]]:
    """One row for each backbone and each kind and size of items that it is trained on by default.

    The networks are built without memory (on the meta device; for texts, whose length decides what
    is computed, they are small) and without published weights: a few seconds in all, and no
    optional package.

    Returns:
        Rows with "name", "family" of the items, "input size" in pixels or characters, "channels",
        "parameters" (trainable numbers), "multiply-adds" for one item, and "output width" (numbers
        of an embedding).
    """
    return [row(name, family) for name in part_names("backbones") for family in families(name)]


def families(name: str) -> tuple[str, ...]:
    """What a backbone takes: ("text",), or both kinds of images.

    Raises:
        UnknownName: there is no such backbone.
    """
    text = getattr(class_of("backbones", name), "family", None) == "text"
    return ("text",) if text else ("character", "photograph")


def row(name: str, family: str) -> dict[str, Any]:
    """The row of one backbone for characters, photographs or texts.

    Raises:
        UnknownName: there is no such backbone.
        Refused: the backbone takes something else.
    """
    import torch

    from baselines.backbones._defaults import KOCH_SIDE, SIDES
    from baselines.backbones._measure import describe, multiply_adds

    if family not in families(name):
        raise Refused(f"The backbone '{name}' does not take {family} data.")
    side = KOCH_SIDE if name == "koch" else SIDES.get(family, TEXT_LENGTH)
    channels = CHANNELS[family]
    with torch.device("cpu" if family == "text" else "meta"):
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
