"""Labeled Faces in the Wild, for users who have it, with the pairs that its authors drew.

Huang, Ramesh, Berg, Learned-Miller: Labeled Faces in the Wild: A Database for Studying Face
Recognition in Unconstrained Environments. University of Massachusetts, TR 07-49, 2007.

The layout is torchvision's (`torchvision.datasets.LFWPairs`). Its own reader does not help: it
wants the archives beside the unpacked folders, and does not tell the folds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import open_image, read_members
from benchmark.datasets.data_set import Groups, Pairs, whole
from benchmark.datasets.lfw_lists import FOLDS, PAIRS, Lists, read_lists
from benchmark.datasets.own.options import Added
from benchmark.datasets.resample import resample
from benchmark.datasets.split import SPLITS, ranked
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError
from benchmark.files import open_regular

WIDTH, SIDE = 250, 125
SETS = ("lfw_funneled", "lfw-funneled", "lfw-deepfunneled", "lfw_deepfunneled", "lfw")
"""Folders of images: torchvision's default comes first."""
MEMBER = re.compile(
    r"(?:(?:^|.*/)(?P<set>[^/]+)/)?(?P<who>[^/]+)/(?P=who)_(?P<number>\d{4})\.jpe?g$", re.IGNORECASE
)
MOST_LIST_BYTES = 64 << 20
LIST = re.compile(r"(?:^|.*/)((?:pairs|people)(?:DevTrain|DevTest)?\.txt)$")
NOWHERE = "none"
VALIDATION = 0.2  # of the people to learn from in view 1 who have two images
BLOCK, WORKERS = 256, 8
HINT = (
    "Give the folder that holds lfw-py, or its zip or tar: a folder of images (lfw_funneled, "
    "lfw-deepfunneled or lfw) beside pairs.txt, pairsDevTrain.txt and pairsDevTest.txt."
)

Image = tuple[str, int]
"""(person, number of the image from 1)."""


@dataclass(frozen=True)
class _Found:
    """What is there: the folder of images that is taken, its members by image, and the lists."""

    folder: str
    images: dict[Image, str]
    lists: dict[str, bytes]


def read(path: Path, progress: Progress | None = None) -> Added:
    """The images of all people whom the lists name, and the pairs.

    View 2 is ten folds of people ("pairs.txt"; "people.txt", where it is there, also places people
    whom no pair shows), view 1 people to learn from and people to test ("pairsDevTrain.txt",
    "pairsDevTest.txt"). Either view may lack. A fifth of view 1's people to learn from, by a hash
    of their names, is set apart for validation.

    Returns:
        A data set of uint8 [n, 3, 125, 125], photographs of 250x250 pixels halved by the suite's
        resampler; the class is the person; groups "fold" ("0".."9", "none") and "view1" ("train",
        "validation", "test", "none"); its pairs stand in lists named after the files.

    Raises:
        OneshotError: naming the file or the line of a list that is wrong, or an image that a pair
            shows and that is not there.
    """
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", HINT)
    found = _look(path)
    lists = read_lists(found.lists, HINT)
    for person, number in lists.shown():
        if (person, number) not in found.images:
            raise OneshotError(
                f"{path} lacks {found.folder}/{person}/{person}_{number:04d}.jpg, which a pair "
                "shows.",
                HINT,
            )
    people = sorted({person for person, _ in found.images} & lists.people())
    kept = sorted(image for image in found.images if image[0] in set(people))
    stored = _decoded(path, found, kept, progress)
    code = {person: place for place, person in enumerate(people)}
    labels = np.array([code[person] for person, _ in kept])
    row = {image: position for position, image in enumerate(kept)}
    groups = {
        "fold": _group([lists.fold.get(p, NOWHERE) for p in people], FOLDS, labels),
        "view1": _group(_view1(lists, people, np.bincount(labels)), SPLITS, labels),
    }
    data_set = whole("lfw", "photograph", stored, labels, people, groups, pairs=_pairs(lists, row))
    notes = [f"images of {found.folder or path.name}, pairs of {', '.join(lists.files)}"]
    left = len(found.images) - len(kept)
    if left:
        notes.append(f"{left:,} images of people whom no list names are left out")
    return Added(data_set, notes=tuple(notes))


def _look(path: Path) -> _Found:
    """All names at `path`, and the contents of its lists; those beside an image folder count."""
    members: dict[str, dict[Image, str]] = {}

    def is_list(name: str) -> bool:
        match = MEMBER.match(name)
        if match is not None:
            of_set = members.setdefault(match["set"] or "", {})
            of_set[match["who"], int(match["number"])] = name
        return LIST.match(name) is not None

    lists: dict[str, bytes] = {}
    for name, content in read_members(path, is_list):
        match = LIST.match(name)
        assert match is not None  # is_list has asked already
        if lists.setdefault(match[1], content) != content:
            raise OneshotError(f"{path} holds two unlike {match[1]}.", HINT)
    if path.is_dir() and not any(name in lists for name in PAIRS):
        near = [file for file in path.parent.iterdir() if LIST.fullmatch(file.name)]
        for file in filter(Path.is_file, near):
            with open_regular(file, MOST_LIST_BYTES) as opened:
                lists[file.name] = opened.read()
    for folder in (*SETS, *sorted(members)):
        if members.get(folder):
            return _Found(folder, members[folder], lists)
    raise OneshotError(f"{path} holds no image NAME/NAME_0001.jpg.", HINT)


def _decoded(
    path: Path, found: _Found, kept: list[Image], progress: Progress | None
) -> NDArray[np.uint8]:
    stored = np.empty((len(kept), 3, SIDE, SIDE), dtype=np.uint8)
    row = {found.images[image]: position for position, image in enumerate(kept)}
    members = read_members(path, lambda name: name in row)
    done = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        while block := list(islice(members, BLOCK)):
            for (name, _), pixels in zip(block, pool.map(_pixels, block), strict=True):
                stored[row[name]] = pixels
            done += len(block)
            if progress:
                progress("reading LFW", done, len(kept))
    return stored


def _pixels(member: tuple[str, bytes]) -> NDArray[np.uint8]:
    """uint8 [3, 125, 125]."""
    name, content = member
    image = open_image(name, content, ("JPEG",), 4096, HINT)
    if image.size != (WIDTH, WIDTH):
        width, height = image.size
        raise OneshotError(
            f"'{name}' is {width}x{height}, expected {WIDTH}x{WIDTH}.",
            "For faces of any size and a pairs.txt of your own type: "
            "oneshot data add NAME PATH/pairs.txt --kind pairs",
        )
    try:
        pixels = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except (OSError, SyntaxError, ValueError) as error:
        raise OneshotError(f"'{name}' is a damaged JPEG ({error}).", HINT) from error
    small: NDArray[np.uint8] = resample(pixels[None], SIDE)[0]
    return small


def _view1(lists: Lists, people: list[str], counts: NDArray[np.integer]) -> list[str]:
    """The part of view 1 that each person is in."""
    images = dict(zip(people, counts.tolist(), strict=True))
    several = [p for p in people if lists.view1.get(p) == "train" and images[p] > 1]
    apart = set(ranked("lfw", several)[: round(VALIDATION * len(several))])
    return ["validation" if p in apart else lists.view1.get(p, NOWHERE) for p in people]


def _group(values: list[str], names: tuple[str, ...], labels: NDArray[np.integer]) -> Groups:
    every = (*names, NOWHERE)  # also those that nobody is in, so that they can be asked for
    codes = np.array([every.index(value) for value in values], dtype=np.int32)
    return Groups(codes[labels], every)


def _pairs(lists: Lists, row: dict[Image, int]) -> Pairs:
    """The pairs of all files, in their order."""

    def told() -> Iterator[tuple[int, int, bool, int]]:
        for number, name in enumerate(lists.files):
            for pair in lists.pairs[name]:
                yield row[pair.first], row[pair.second], pair.first[0] == pair.second[0], number

    left, right, same, of = (np.array(column) for column in zip(*told(), strict=True))
    return Pairs(left, right, same.astype(bool), of.astype(np.int8), lists.files)
