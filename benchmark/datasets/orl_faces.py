"""The ORL database of faces (Samaria & Harter, WACV 1994): 40 people, 10 pictures each.

Every picture is checked: its place, its size, and the digest of all of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import IMAGE_TROUBLE, open_image, read_members
from benchmark.datasets.catalogue import ORL_FACES
from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.datasets.split import ranked
from benchmark.datasets.square import pad
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

PEOPLE, PICTURES, FOLDS = 40, 10, 5
WIDTH, HEIGHT = 92, 112
MEMBER = re.compile(r"(?:^|.*/)s([1-9]\d?)/([1-9]\d?)\.pgm$", re.IGNORECASE)
HINT = "Give the folder (or its zip or tar) that holds s1/1.pgm to s40/10.pgm."


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """The whole database from anything that holds `sN/M.pgm`.

    The pictures are 92 pixels wide and 112 high. Faces keep their shape: ten columns are added on
    either side that repeat the picture's edge, which shows the dark, even background.

    Returns:
        A data set of uint8 [400, 1, 112, 112]; classes "s01".."s40" in order, items by class and
        then picture; group "fold" ("0".."4"): eight people each, by the order of the SHA-256 of
        their names, so that a split by person is a choice of folds.

    Raises:
        OneshotError: naming the picture that is missing or wrong.
    """
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", HINT)
    held: dict[tuple[int, int], tuple[str, bytes]] = {}
    for name, content in read_members(path, lambda name: MEMBER.match(name) is not None):
        match = MEMBER.match(name)
        assert match is not None  # read_members has asked already
        key = int(match[1]), int(match[2])
        if key in held:
            raise OneshotError(f"{path} holds s{key[0]}/{key[1]}.pgm twice.", HINT)
        held[key] = (name, content)
    stored = np.empty((PEOPLE * PICTURES, 1, HEIGHT, HEIGHT), dtype=np.uint8)
    for row in range(len(stored)):
        person, picture = row // PICTURES + 1, row % PICTURES + 1
        if (person, picture) not in held:
            raise OneshotError(
                f"{path} holds {len(held)} of the {len(stored)} pictures; "
                f"missing is first s{person}/{picture}.pgm.",
                HINT,
            )
        stored[row] = pad(_grey(*held[person, picture]))
        if progress and picture == PICTURES:
            progress("reading ORL faces", row + 1, len(stored))
    names = [f"s{person:02d}" for person in range(1, PEOPLE + 1)]
    labels = np.repeat(np.arange(PEOPLE), PICTURES)
    data_set = whole("orl-faces", "photograph", stored, labels, names, {"fold": _folds(names)})
    if data_set.digest != ORL_FACES.digest:
        raise OneshotError(f"These are not the ORL faces (digest {data_set.digest}).", HINT)
    return data_set


def _folds(names: list[str]) -> Groups:
    place = {name: number for number, name in enumerate(ranked("orl-faces", names))}
    per_fold = PEOPLE // FOLDS
    codes = [place[name] // per_fold for name in names for _ in range(PICTURES)]
    return Groups(np.array(codes, dtype=np.int32), tuple(str(fold) for fold in range(FOLDS)))


def _grey(name: str, content: bytes) -> NDArray[np.uint8]:
    """uint8 [1, 112, 92]."""
    image = open_image(name, content, ("PPM",), 4096, HINT)
    if image.size != (WIDTH, HEIGHT) or image.mode != "L":
        width, height = image.size
        raise OneshotError(
            f"'{name}' is {width}x{height} of mode {image.mode}, expected {WIDTH}x{HEIGHT} grey.",
            HINT,
        )
    try:
        return np.asarray(image)[None]
    except IMAGE_TROUBLE as error:
        raise OneshotError(f"'{name}' is a damaged PGM ({error}).", HINT) from error
