"""Omniglot (Lake, Salakhutdinov & Tenenbaum, Science 350, 2015) as its authors publish it.

Every drawing is checked: its place, its size, its one bit a pixel, and its alphabet's checksum.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import IMAGE_TROUBLE, is_archive, open_image, read_members
from benchmark.datasets.catalogue import OMNIGLOT
from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.datasets.omniglot_alphabets import ALPHABETS
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

Part = Literal["background", "evaluation"]
Drawings = dict[tuple[str, int], dict[int, tuple[str, bytes]]]

PARTS: tuple[Part, Part] = ("background", "evaluation")
SIDE = 105
DRAWERS = 20
DEPTH = 6  # folders are searched this far down
MEMBER = re.compile(r"(?:^|.*/)([^/]+)/character(\d\d)/(\d{4}_(\d\d)\.png)$")
HINT = "Give the folder that holds images_background and images_evaluation, zipped or not."


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """The whole of Omniglot from anything under `path` that holds both image sets.

    Understood are upstream's `images_background.zip` and `images_evaluation.zip`, the folders they
    unpack to (torchvision's `omniglot-py` among them), and one archive of both.

    Returns:
        A data set of uint8 [32460, 1, 105, 105], ink 255 and paper 0; classes are named
        "Alphabet/characterNN", in the order of (background before evaluation, alphabet, character);
        items are by class and then drawer; groups "alphabet", "drawer" ("01".."20", an index
        within the alphabet and no person across alphabets) and "part".

    Raises:
        OneshotError: naming the alphabet, character or file that is missing or wrong.
    """
    stored = np.empty((OMNIGLOT.items, 1, SIDE, SIDE), dtype=np.uint8)
    class_names: list[str] = []
    done = 0
    for part in PARTS:
        drawings = _collect(find(path, part), part)
        for alphabet, (characters, checksum) in ALPHABETS[part].items():
            start = done
            for character in range(1, characters + 1):
                class_names.append(f"{alphabet}/character{character:02d}")
                for drawer in range(1, DRAWERS + 1):
                    stored[done, 0] = _ink(*drawings[alphabet, character][drawer])
                    done += 1
            if f"{zlib.crc32(stored[start:done].data):08x}" != checksum:
                raise OneshotError(
                    f"The drawings of {alphabet} in images_{part} are not those of Omniglot.", HINT
                )
            if progress:
                progress("reading Omniglot", done, OMNIGLOT.items)
    labels = np.repeat(np.arange(len(class_names)), DRAWERS)
    data_set = whole("omniglot", "character", stored, labels, class_names, _groups(labels))
    if data_set.digest != OMNIGLOT.digest:
        raise OneshotError(f"This is not Omniglot as published (digest {data_set.digest}).", HINT)
    return data_set


def find(path: Path, part: Part) -> Path:
    """The archive or folder under `path` that holds one image set; the shallowest, zip first.

    Raises:
        OneshotError: if there is none.
    """
    name = f"images_{part}"
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", HINT)
    if path.name in (f"{name}.zip", name) or is_archive(path):
        return path
    level = [path] if path.is_dir() else []
    for _ in range(DEPTH):
        for folder in level:
            for candidate in (folder / f"{name}.zip", folder / name):
                if candidate.exists():
                    return candidate
        level = [below for folder in level for below in _folders(folder)]
    raise OneshotError(f"Neither {name}.zip nor a folder {name} is under {path}.", HINT)


def _folders(folder: Path) -> Iterator[Path]:
    # The image sets themselves hold thousands of folders and nothing to find.
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("images_"):
            yield Path(entry.path)


def _collect(source: Path, part: Part) -> Drawings:
    """Encoded drawings by (alphabet, character) and drawer, complete or refused."""
    own = source.name in (f"images_{part}.zip", f"images_{part}")
    inside = "" if own else f"/images_{part}/"
    drawings: Drawings = {}
    for name, content in read_members(
        source, lambda name: inside in f"/{name}" and MEMBER.match(name) is not None
    ):
        match = MEMBER.match(name)
        assert match is not None  # read_members has asked already
        alphabet, character, drawer = match[1], int(match[2]), int(match[4])
        place = f"{alphabet}/character{character:02d}"
        if alphabet not in ALPHABETS[part] or character > ALPHABETS[part][alphabet][0]:
            raise OneshotError(f"{source} holds {name}, but images_{part} has no {place}.", HINT)
        if not 1 <= drawer <= DRAWERS:
            raise OneshotError(f"{source} holds {name}, but drawers are 01 to {DRAWERS}.", HINT)
        held = drawings.setdefault((alphabet, character), {})
        if drawer in held:
            raise OneshotError(f"{source} holds {place} by drawer {drawer:02d} twice.", HINT)
        held[drawer] = (f"{place}/{match[3]}", content)
    _require_complete(source, part, drawings)
    return drawings


def _require_complete(source: Path, part: Part, drawings: Drawings) -> None:
    """Raise an OneshotError that names the first gap and counts the drawings that are there."""
    count = sum(len(held) for held in drawings.values())
    for alphabet, (characters, _) in ALPHABETS[part].items():
        for character in range(1, characters + 1):
            held = drawings.get((alphabet, character), {})
            missing = [f"{d:02d}" for d in range(1, DRAWERS + 1) if d not in held]
            if not missing:
                continue
            place = f"{alphabet}/character{character:02d}"
            what = f"{place} by drawer {', '.join(missing)}" if held else f"all of {place}"
            if not any(key[0] == alphabet for key in drawings):
                what = f"the alphabet {alphabet}"
            whole_part = DRAWERS * sum(characters for characters, _ in ALPHABETS[part].values())
            raise OneshotError(
                f"{source} holds {count:,} of the {whole_part:,} drawings of images_{part}; "
                f"missing is first {what}.",
                HINT,
            )


def _ink(name: str, content: bytes) -> NDArray[np.uint8]:
    """uint8 [105, 105], 255 where the PNG has ink (0 in the file)."""
    image = open_image(name, content, ("PNG",), SIDE, HINT)
    if image.size != (SIDE, SIDE) or image.mode != "1":
        width, height = image.size
        raise OneshotError(
            f"'{name}' is {width}x{height} of mode {image.mode}, expected 105x105 of one bit.", HINT
        )
    try:
        paper = np.asarray(image)
    except IMAGE_TROUBLE as error:
        raise OneshotError(f"'{name}' is a damaged PNG ({error}).", HINT) from error
    return np.where(paper, 0, 255).astype(np.uint8)


def _groups(labels: NDArray[np.int64]) -> dict[str, Groups]:
    """The groups of all items; `labels` is int64 [32460]."""
    alphabets = [(part, alphabet) for part in PARTS for alphabet in ALPHABETS[part]]
    of_class = np.repeat(
        np.arange(len(alphabets), dtype=np.int32),
        [ALPHABETS[part][alphabet][0] for part, alphabet in alphabets],
    )
    part_of = np.array([PARTS.index(part) for part, _ in alphabets], dtype=np.int32)
    drawers = np.tile(np.arange(DRAWERS, dtype=np.int32), len(labels) // DRAWERS)
    return {
        "alphabet": Groups(of_class[labels], tuple(alphabet for _, alphabet in alphabets)),
        "drawer": Groups(drawers, tuple(f"{d:02d}" for d in range(1, DRAWERS + 1))),
        "part": Groups(part_of[of_class[labels]], PARTS),
    }
