"""One scale of values for all images of a data set that hold floats or more than 8 bits.

Each image by itself would be stretched or darkened differently, and their order of brightness lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.datasets.own.reading import Reading
from benchmark.errors import OneshotError

Depth = Literal["8 bits", "whole numbers", "floats", "16-bit colour"]
GREY_FLOATS = 128.0  # floats up to 255 are grey values from this on, or where all are whole
DARK = 4.0  # images that stay below this part of the scale deserve a look
FAINT = 32  # of 255
FULL_COLOUR = 128.0  # of the high byte: 16-bit colour that stays below may hold fewer bits
OPTION = "--range LOW,HIGH"
CONVERT = "Convert it to the values of the data set, or to 8 bits"


@dataclass(frozen=True)
class Extent:
    """What the values of one image span.

    Attributes:
        low, high: the least and the greatest.
        whole: all of them are whole numbers.
    """

    low: float
    high: float
    whole: bool = True


@dataclass(frozen=True)
class Scale:
    """How values become 8 bits.

    Attributes:
        low, high: become 0 and 255; what lies beyond is cut off.
        bits: of whole numbers, whose highest 8 are taken; None to use `low` and `high`.
    """

    low: float = 0.0
    high: float = 255.0
    bits: int | None = None

    def applied(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """uint8 [h, w] of the values [h, w] of a deep image."""
        if self.bits is not None:
            shifted = values.astype(np.int32) >> (self.bits - 8)
            return shifted.clip(0, 255).astype(np.uint8)
        parts = (values.astype(np.float32) - self.low) * (255.0 / (self.high - self.low))
        grey: NDArray[np.uint8] = np.rint(parts.clip(0.0, 255.0)).astype(np.uint8)
        return grey


EIGHT_BITS = Scale()


@dataclass(frozen=True)
class StoredScale:
    """The scale that the deep images of a data set were stored by: later images follow it.

    Attributes:
        scale: how their values became 8 bits.
        depths: that they had.
        cut: whether values beyond the scale are cut off, as --range says.
    """

    scale: Scale
    depths: tuple[Depth, ...]
    cut: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values for the description of the data set."""
        return {**asdict(self.scale), "depths": list(self.depths), "cut": self.cut}

    def words(self) -> str:
        """Which values become 0 and 255."""
        bits = self.scale.bits
        low, high = (self.scale.low, self.scale.high) if bits is None else (0, (1 << bits) - 1)
        return f"values {low:g} to {high:g} of {' and '.join(self.depths)} become 0 to 255"


def stored_scale(stored: Any) -> StoredScale | None:
    """The scale that `as_json` gave; None for None.

    Raises:
        ValueError: it is something else.
    """
    if stored is None:
        return None
    try:
        scale = Scale(float(stored["low"]), float(stored["high"]), stored["bits"])
        found = StoredScale(scale, tuple(stored["depths"]), bool(stored["cut"]))
    except (TypeError, KeyError) as error:
        raise ValueError("not a scale") from error
    if not -np.inf < scale.low < scale.high < np.inf or not set(found.depths) <= {*get_args(Depth)}:
        raise ValueError("not a scale")
    if scale.bits is not None and (type(scale.bits) is not int or not 8 <= scale.bits <= 32):
        raise ValueError("not a scale")
    return found


def depth_of(image: Image.Image) -> Depth:
    """What the values of an opened image are; its pixels are not decoded."""
    if image.mode.startswith("I"):
        return "whole numbers"
    if image.mode == "F":
        return "floats"
    packed = " ".join(str(tile) for tile in getattr(image, "tile", ()))
    return "16-bit colour" if ";16" in packed else "8 bits"


def declared_bits(image: Image.Image) -> int | None:
    """The bits of a format whose reader brings all values to 16 bits."""
    return 16 if image.format in ("PPM", "JPEG2000") and image.mode.startswith("I") else None


def extent_of(image: Image.Image) -> Extent:
    """The extent of the values of an opened image.

    Raises:
        ValueError: for a missing or infinite value.
    """
    values = np.asarray(image)
    if not values.size:
        return Extent(0.0, 0.0)
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "f":
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("it holds missing or infinite values")
        return Extent(low, high, bool((values == np.floor(values)).all()))
    return Extent(low, high)


def of_one(image: Image.Image, known: StoredScale | None) -> Scale:
    """The scale of a single image that is shown to a model.

    Args:
        image: opened.
        known: the scale of the data set that the model was trained on; None if its images have 8
            bits, or if nothing is known of it.

    Raises:
        OneshotError: the image does not fit the scale, or has none that is certain.
        ValueError: for a missing or infinite value.
    """
    depth = depth_of(image)
    same = known is not None and depth in known.depths
    if depth == "8 bits" or (depth == "16-bit colour" and same):
        return EIGHT_BITS
    extent = extent_of(image)
    seen = f"holds {depth} from {extent.low:g} to {extent.high:g}"
    if depth == "16-bit colour":
        if extent.high < FULL_COLOUR:
            raise OneshotError(f"holds 16-bit colour that seems to use fewer bits. {CONVERT}")
        return EIGHT_BITS
    if known is not None and same:
        scale = known.scale
        top = scale.high if scale.bits is None else (1 << scale.bits) - 1
        if not known.cut and (extent.low < scale.low or extent.high > top):
            raise OneshotError(f"{seen}, but in the data set {known.words()}. {CONVERT}")
        return scale
    if known is not None and not (extent.whole and 0 <= extent.low <= extent.high <= 255):
        raise OneshotError(f"{seen}, but in the data set {known.words()}. {CONVERT}")
    return _by_itself(image, depth, extent, seen)


def _by_itself(image: Image.Image, depth: Depth, extent: Extent, seen: str) -> Scale:
    """The scale of an image whose own values leave no doubt about it.

    Raises:
        OneshotError: they leave some.
    """
    if depth == "whole numbers":
        if extent.high <= 255:
            return EIGHT_BITS
        if declared_bits(image) == 16 or int(extent.high).bit_length() == 16:
            return Scale(bits=16)
        raise OneshotError(f"{seen}: how many bits they use is not known. {CONVERT}")
    if 0 <= extent.low <= extent.high <= 1:
        return Scale(0.0, 1.0)
    if 0 <= extent.low <= extent.high <= 255 and (extent.whole or extent.high >= GREY_FLOATS):
        return EIGHT_BITS
    raise OneshotError(f"{seen}, which is neither [0, 1] nor [0, 255]. {CONVERT}")


def decide(
    depths: Sequence[Depth],
    extents: Sequence[Extent | None],
    declared: int | None,
    wanted: tuple[float, float] | None,
    names: Sequence[str],
    reading: Reading,
) -> Scale:
    """The scale of all images, and a line about it.

    Args:
        depths: of the images.
        extents: of the deep ones, None for the others and for damaged ones.
        declared: the bits that a format declares, if one does.
        wanted: the values that become 0 and 255, by an option.
        names: of the images, for messages.
        reading: takes what is to be said.

    Raises:
        OneshotError: if it cannot be decided, with the values seen.
    """
    kinds = {depth for depth in depths if depth != "8 bits"}
    deep = [(n, e) for n, e in enumerate(extents) if e is not None and depths[n] != "16-bit colour"]
    _refuse_dark_colour(depths, extents)
    if not kinds - {"16-bit colour"}:
        if wanted is not None:
            raise OneshotError(
                "--range is about images of floats or of more than 8 bits; there are none.",
                "Leave it out.",
            )
        if kinds:
            reading.scale = StoredScale(EIGHT_BITS, ("16-bit colour",)).as_json()
        read = "the high byte of 16-bit colour" if kinds else "8 bits"
        reading.understood["values"] = f"{read} a channel"
        return EIGHT_BITS
    if not deep:
        return EIGHT_BITS
    low, high = min(e.low for _, e in deep), max(e.high for _, e in deep)
    several = f"{len(deep):,} images of {' and '.join(sorted(kinds))} hold {low:g} to {high:g}"
    others = sum(depth == "8 bits" for depth in depths)
    if wanted is not None:
        scale = Scale(*wanted)
        rule = f"{wanted[0]:g} to {wanted[1]:g} becomes 0 to 255, by --range"
    elif low < 0:
        raise _undecided(several, "negative values have no scale of their own")
    elif {"floats", "whole numbers"} <= kinds or ("floats" in kinds and others):
        mixed = f"{several}; {others:,} hold 8 bits" if others else several
        raise _undecided(mixed, "the scales are mixed")
    elif "floats" in kinds:
        scale, rule = _of_floats(several, high, deep, names)
    else:
        scale, rule = _of_whole(several, high, declared, others)
    also = f"; {others:,} others hold 8 bits and stay as they are" if others else ""
    reading.understood["values"] = f"{several}: {rule}{also}"
    reading.scale = _stored(scale, kinds, wanted is not None).as_json()
    _remark_dark(scale, deep, names, reading)
    return scale


def _stored(scale: Scale, depths: Collection[Depth], cut: bool) -> StoredScale:
    return StoredScale(scale, tuple(each for each in get_args(Depth) if each in depths), cut)


def _of_floats(
    several: str, high: float, deep: Sequence[tuple[int, Extent]], names: Sequence[str]
) -> tuple[Scale, str]:
    if high <= 1:
        return Scale(0.0, 1.0), "taken as [0, 1], times 255"
    if high > 255 or (high < GREY_FLOATS and not all(extent.whole for _, extent in deep)):
        raise _undecided(several, "which is neither [0, 1] nor [0, 255]")
    small = [n for n, extent in deep if 0 < extent.high <= 1 and not extent.whole]
    if small:
        which = f"{len(small):,} of them stay in [0, 1], first {names[small[0]]}"
        raise _undecided(several, f"{which}: the scales are mixed")
    return EIGHT_BITS, "taken as grey values of 0 to 255"


def _of_whole(several: str, high: float, declared: int | None, others: int) -> tuple[Scale, str]:
    if high <= 255:
        return EIGHT_BITS, "they stay as they are"
    bits = declared or int(high).bit_length()
    if others and bits < 16:
        raise _undecided(several, f"{others:,} others hold 8 bits: the scales are mixed")
    greatest = (1 << bits) - 1
    return Scale(bits=bits), f"read as {bits} bits, 0 to {greatest:,}; {OPTION} says otherwise"


def _refuse_dark_colour(depths: Sequence[Depth], extents: Sequence[Extent | None]) -> None:
    """Colour of 16 bits comes as its high byte: what uses fewer bits has lost its content."""
    pairs = zip(depths, extents, strict=True)
    colour = [e.high for depth, e in pairs if depth == "16-bit colour" and e is not None]
    if colour and max(colour) < FULL_COLOUR:
        raise OneshotError(
            f"{len(colour):,} images of 16-bit colour stay below {int(max(colour) + 1) << 8:,} of "
            "65,536: they seem to hold fewer bits, and only the high byte of colour is read.",
            "Convert them to 8 bits first, by one factor for all of them.",
        )


def _remark_dark(
    scale: Scale, deep: Sequence[tuple[int, Extent]], names: Sequence[str], reading: Reading
) -> None:
    top = float((1 << scale.bits) - 1) if scale.bits is not None else scale.high
    dark = [n for n, e in deep if e.high - scale.low < (top - scale.low) / DARK]
    if dark:
        reading.remarks.append(
            f"{len(dark):,} of {len(deep):,} images stay in the lowest quarter of the scale, first "
            f"{names[dark[0]]}; {OPTION} gives the scale"
        )


def report_stored(stored: NDArray[np.uint8], reading: Reading) -> None:
    """Says what the stored values span, and where they use a small part of the 256."""
    blocks = [stored[n : n + 1024] for n in range(0, len(stored), 1024)]
    low = min((int(block.min()) for block in blocks), default=0)
    high = max((int(block.max()) for block in blocks), default=0)
    reading.understood["stored"] = f"8 bits, from {low} to {high}"
    if high < FAINT:
        reading.remarks.append(
            f"the brightest value of all images is {high} of 255: they are nearly black"
        )


def _undecided(seen: str, why: str) -> OneshotError:
    return OneshotError(
        f"The scale of the images cannot be decided: {seen}, {why}.",
        f"Give the values of black and white: {OPTION}, such as --range 0,1 or --range 0,4095",
    )
