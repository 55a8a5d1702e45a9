"""Images of any mode and size in the form that a track's data set stores them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.datasets.data_set import DataSet, Family, whole
from benchmark.datasets.ink import inked
from benchmark.datasets.own.decode import Picture, Trouble, has_colour, pixels, planes
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.scale import StoredScale, stored_scale
from benchmark.datasets.square import FITS, Fit, fitted
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.tasks.own import fit_of, scale_of
from benchmark.tasks.spec import Track

OneImage: TypeAlias = "str | Path | Image.Image | NDArray[np.uint8]"
Images: TypeAlias = "OneImage | Sequence[OneImage] | DataSet"
# The makers of miniImageNet squeezed its photographs into their square (Ravi, Larochelle 2017).
STRETCHED = ("mini-imagenet", "mini-imagenet-pickles")
THREADS = 8


@dataclass(frozen=True)
class Form:
    """How a track's data set stores images.

    Attributes:
        track: the track's name.
        family: what the images show.
        channels: 1 or 3.
        side: height and width in pixels.
        fit: how an image becomes square, see `benchmark.datasets.square`.
        inked: whether ink is stored as 255 and paper as 0, as all characters are.
        scale: of floats and of more than 8 bits, None where the data set has no such images.
    """

    track: str
    family: Family
    channels: int
    side: int
    fit: Fit
    inked: bool
    scale: StoredScale | None = None

    def data_set(self, stored: NDArray[np.uint8]) -> DataSet:
        """uint8 [n, channels, side, side] in this form, as items without classes."""
        labels = np.zeros(len(stored), dtype=np.int64)
        return whole("shown", self.family, stored, labels, ("unknown",), digest="shown")


def form_of(track: Track, fit: str | None = None) -> Form:
    """The form of a track's images.

    Args:
        track: the track.
        fit: "pad", "crop", "stretch" or "ink"; None for what was done to its data set.

    Raises:
        Refused: the track is about vectors or texts.
        UnknownName: for another fit.
    """
    if track.family not in ("character", "photograph"):
        raise Refused(
            f"The track '{track.name}' holds {track.family}s; a twin is shown images.",
            "Name a track of images with --track NAME; see: oneshot list tracks",
        )
    usual = check_fit("stretch" if track.name in STRETCHED else fit_of(track.data) or "pad")
    chosen = usual if fit is None else check_fit(fit)
    inked = track.family == "character"
    scale = scale_of(track.data)
    return Form(track.name, track.family, track.channels, track.side, chosen, inked, scale)


def form_from(note: Mapping[str, Any]) -> Form:
    """The form that an exported file states; earlier versions state no scale.

    Raises:
        ValueError: what is stated about the scale is none.
    """
    stated = dict(note)
    scale = stored_scale(stated.pop("scale", None))
    return Form(**stated, scale=scale)


def check_fit(fit: str) -> Fit:
    """The way of becoming square that is called so.

    Raises:
        UnknownName: if there is none.
    """
    if fit not in FITS:
        raise UnknownName("choice for --fit", fit, list(FITS), f"There are: {', '.join(FITS)}.")
    return fit


def shown(images: Images, form: Form) -> DataSet:
    """The images as items of the form.

    Args:
        images: one image or several: paths of files, Pillow's images, or arrays uint8 [h, w] or
            [h, w, 3] as a file would hold them; or a data set, whose items are taken as stored.
        form: of the track.

    Raises:
        OneshotError: naming the first image that cannot be used.
    """
    if isinstance(images, DataSet):
        return images
    several = [images] if isinstance(images, str | Path | Image.Image | np.ndarray) else images
    if isinstance(images, np.ndarray) and images.ndim == 4:
        several = list(images)
    stored = np.empty((len(several), form.channels, form.side, form.side), dtype=np.uint8)
    for row, found in enumerate(read(several, form)):
        if isinstance(found, Trouble):
            one = several[row]
            name = str(one) if isinstance(one, str | Path) else f"image {row}"
            raise OneshotError(
                f"{name} {found.reason}.", "Give an image file, such as a PNG or a JPEG."
            )
        stored[row] = found
    if not len(stored):
        raise OneshotError("There is no image to look at.", "Give at least one.")
    return form.data_set(stored)


def read(images: Iterable[OneImage], form: Form) -> list[NDArray[np.uint8] | Trouble]:
    """uint8 [channels, side, side] of each image, or why it cannot be used; files by threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda image: _one(image, form), images))


def _one(image: OneImage, form: Form) -> NDArray[np.uint8] | Trouble:
    if isinstance(image, str | Path):
        found = _file(Path(image).expanduser(), form)
    else:
        try:
            opened = image if isinstance(image, Image.Image) else Image.fromarray(image)
            found = fitted(planes(opened, form.channels, form.scale), form.side, form.fit)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return Trouble(f"is no image ({str(error).rstrip('.')})")
        except OneshotError as error:
            return Trouble(error.message)
    return found if isinstance(found, Trouble) or not form.inked else inked(found)


def _file(path: Path, form: Form) -> NDArray[np.uint8] | Trouble:
    if path.is_dir() or not path.exists():
        return Trouble("is a folder" if path.is_dir() else "is not there")
    picture = Picture(path, str(path))
    colour = has_colour(picture)  # reads the header alone, and refuses what is too large
    if isinstance(colour, Trouble):
        return colour
    return pixels(picture, form.channels, Options(side=form.side, fit=form.fit), form.scale)
