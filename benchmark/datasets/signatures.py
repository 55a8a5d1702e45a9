"""Signatures of CEDAR and BHSig260: genuine ones and skilled forgeries, split by writer.

Kalera, Srihari, Xu: Offline signature verification and identification using distance statistics.
IJPRAI 18(7), 2004. Pal, Alaei, Pal, Blumenstein: Performance of an off-line signature verification
method based on texture features on a large Indic-script signature dataset. DAS 2016.

Copies that are passed around differ. What lacks, what is no signature and what is there twice is
told by name; the data set's digest tells results on unlike copies apart.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import read_members
from benchmark.datasets.data_set import Groups, whole
from benchmark.datasets.ink import brighten
from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.decode import MOST_PIXELS, TROUBLE, opened_stream, planes
from benchmark.datasets.own.options import Added
from benchmark.datasets.resample import resample
from benchmark.datasets.split import LEAST, SPLITS, by_hash, split_groups
from benchmark.datasets.square import pad
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

SIDE = 256
KINDS = ("genuine", "forged")
IMAGE = re.compile(r"\.(png|tiff?|jpe?g|bmp|gif)$", re.IGNORECASE)
TOLD = 10  # names in one note

Key = tuple[int, int, int]
"""(writer, 0 genuine or 1 forged, number); sorts in stored order."""


@dataclass(frozen=True)
class Layout:
    """How one of the sets names its files.

    Attributes:
        name: of the data set.
        member: matches a path; its groups are `folder`, `kind`, `writer` and `number`.
        letters: what `kind` says of genuine and of forged ones.
        folders: the folders of genuine and forged ones where these have one each, else empty.
        beside: matches paths of other sets that come in the same archive.
        example: how files are named, in words.
        writers, genuine, forged: how many writers there are, and signatures of each.
    """

    name: str
    member: re.Pattern[str]
    letters: tuple[str, str]
    folders: tuple[str, ...]
    beside: re.Pattern[str]
    example: str
    writers: int
    genuine: int
    forged: int

    @property
    def hint(self) -> str:
        """What to give."""
        return f"Give the folder (or its zip or tar) with {self.example}."

    def key(self, name: str) -> Key | None:
        """Which signature the file holds; None for a foreign one."""
        match = self.member.match(name)
        if match is None:
            return None
        kind = self.letters.index(match["kind"].lower())
        folder, writer, number = match["folder"], int(match["writer"]), int(match["number"])
        if self.folders:
            placed = folder.lower() == self.folders[kind]
        else:  # a folder that is a number is the writer's
            placed = not folder.isdigit() or int(folder) == writer
        known = 1 <= writer <= self.writers and 1 <= number <= (self.genuine, self.forged)[kind]
        return (writer, kind, number) if placed and known else None


def _bhsig(name: str, language: str, writers: int) -> Layout:
    letter = language[0]
    pattern = rf"{letter}-S-(?P<writer>\d+)-(?P<kind>[GF])-(?P<number>\d+)\.tiff?$"
    return Layout(
        name,
        re.compile(r"(?:.*/)?(?P<folder>[^/]+)/" + pattern, re.IGNORECASE),
        ("g", "f"),
        (),
        re.compile(rf"(?:.*/)?{'H' if letter == 'B' else 'B'}-S-[^/]*$", re.IGNORECASE),
        f"{letter}-S-W-G-NN.tif and {letter}-S-W-F-NN.tif in a folder for each writer",
        writers, 24, 30,
    )  # fmt: skip


LAYOUTS = {
    "cedar": Layout(
        "cedar",
        re.compile(
            r"(?:.*/)?(?P<folder>full_org|full_forg)/(?P<kind>original|forgeries)"
            r"_(?P<writer>\d+)_(?P<number>\d+)\.png$",
            re.IGNORECASE,
        ),
        ("original", "forgeries"),
        ("full_org", "full_forg"),
        re.compile(r"(?!)"),  # nothing
        "full_org/original_W_S.png and full_forg/forgeries_W_S.png",
        55, 24, 24,
    ),
    "bhsig260-bengali": _bhsig("bhsig260-bengali", "Bengali", 100),
    "bhsig260-hindi": _bhsig("bhsig260-hindi", "Hindi", 160),
}  # fmt: skip


def read_cedar(path: Path, progress: Progress | None = None) -> Added:
    """CEDAR; see `read`."""
    return read(path, "cedar", progress)


def read_bengali(path: Path, progress: Progress | None = None) -> Added:
    """The Bengali half of BHSig260; see `read`."""
    return read(path, "bhsig260-bengali", progress)


def read_hindi(path: Path, progress: Progress | None = None) -> Added:
    """The Hindi half of BHSig260; see `read`."""
    return read(path, "bhsig260-hindi", progress)


@dataclass(frozen=True, eq=False)
class _Scan:
    """A signature: its file, a digest of its grey values, and uint8 [1, 256, 256] of them."""

    name: str
    digest: bytes
    stored: NDArray[np.uint8]


def read(path: Path, layout: str, progress: Progress | None = None) -> Added:
    """All signatures of a folder, zip or tar.

    Scans keep their proportions: they are padded with their paper to a square and brought to
    256x256 by the suite's resampler, then inverted, so that ink is bright. Of copies (equal in
    every grey value) the first stays; where they claim two writers, or to be genuine and forged,
    none does.

    Returns:
        A data set of uint8 [n, 1, 256, 256]; the class is the writer whose signature it claims to
        be ("001"..), items are by writer, genuine before forged, and number; groups "kind"
        ("genuine", "forged") and "split": 60, 20 and 20 % of the writers by a hash of their names.

    Raises:
        OneshotError: if there is no such signature, or a split has too few writers.
    """
    asked = LAYOUTS[layout]
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", asked.hint)
    notes: list[str] = []
    found = _scans(path, asked, notes, progress)
    if not found:
        raise OneshotError(f"{path} holds no signature of {asked.name}.", asked.hint)
    notes += _without_copies(found)
    notes += _without_poor(found, asked)
    keys = sorted(found)
    held = sorted({f"{writer:03d}" for writer, *_ in keys})
    # By all writers that there should be: one that lacks moves no other.
    every = by_hash(asked.name, [f"{writer:03d}" for writer in range(1, asked.writers + 1)])
    for part in SPLITS:
        if sum(every[name] == part for name in held) < LEAST:
            raise OneshotError(
                f"{path} holds signatures of {len(held)} of the {asked.writers} writers of "
                f"{asked.name}, too few in the {part} split.",
                asked.hint,
            )
    stored = np.stack([found[key].stored for key in keys])
    names = [found[key].name for key in keys]
    notes += brighten(stored, names, np.ones(len(keys), dtype=bool), "auto")
    labels = np.array([held.index(f"{writer:03d}") for writer, *_ in keys])
    groups = {
        "kind": Groups(np.array([kind for _, kind, _ in keys], dtype=np.int32), KINDS),
        "split": split_groups(every, held, labels),
    }
    data_set = whole(asked.name, "character", stored, labels, held, groups)
    return Added(data_set, notes=tuple(notes))


def _scans(
    path: Path, asked: Layout, notes: list[str], progress: Progress | None
) -> dict[Key, _Scan]:
    """What can be read, by key; notes tell what else is there and what lacks."""
    found: dict[Key, _Scan] = {}
    foreign: list[str] = []
    damaged: list[str] = []
    total = asked.writers * (asked.genuine + asked.forged)
    for name, content in read_members(path, lambda name: IMAGE.search(name) is not None):
        key = asked.key(name)
        if key is None:
            if not asked.beside.match(name):
                foreign.append(name)
            continue
        if key in found:
            raise OneshotError(f"'{name}' is there twice: {found[key].name}.", asked.hint)
        scan = _scan(name, content)
        if scan is None:
            damaged.append(name)
        else:
            found[key] = scan
        if progress and len(found) % 100 == 0:
            progress("reading signatures", len(found), total)
    notes += _named(foreign, "no signature by name and folder, left out")
    notes += _named(damaged, "damaged, left out")
    wanted = [
        (writer, kind, number)
        for writer in range(1, asked.writers + 1)
        for kind, count in enumerate((asked.genuine, asked.forged))
        for number in range(1, count + 1)
    ]
    lacking = [
        f"{KINDS[kind]} {number} of writer {writer}"
        for writer, kind, number in wanted
        if (writer, kind, number) not in found
    ]
    notes += _named(lacking, f"of {total:,} signatures not there")
    return found


def _scan(name: str, content: bytes) -> _Scan | None:
    try:
        with opened_stream(io.BytesIO(content)) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            grey = planes(image, channels=1)
    except TROUBLE:
        return None
    digest = hashlib.blake2b(grey.tobytes() + repr(grey.shape).encode(), digest_size=16).digest()
    edge = np.concatenate([grey[0, 0], grey[0, -1], grey[0, :, 0], grey[0, :, -1]])
    square = pad(grey, fill=int(np.median(edge)))
    return _Scan(name, digest, resample(square[None], SIDE)[0])


def _without_copies(found: dict[Key, _Scan]) -> Iterator[str]:
    """Takes copies out of `found`, and tells of each."""
    alike: dict[bytes, list[Key]] = defaultdict(list)
    for key in sorted(found):
        alike[found[key].digest].append(key)
    copies: list[str] = []
    torn: list[str] = []
    for keys in alike.values():
        if len(keys) == 1:
            continue
        names = [found[key].name for key in keys]
        if len({key[:2] for key in keys}) == 1:
            copies += [f"{name} (as {names[0]})" for name in names[1:]]
            gone = keys[1:]
        else:
            torn.append(" = ".join(names))
            gone = keys
        for key in gone:
            del found[key]
    yield from _named(copies, "copies of others, left out")
    yield from _named(torn, "sets of copies that claim unlike things, all left out")


def _without_poor(found: dict[Key, _Scan], asked: Layout) -> Iterator[str]:
    """Takes out writers who have no pair of genuine signatures, or no forgery."""
    poor = []
    for writer in sorted({key[0] for key in found}):
        kinds = [key[1] for key in found if key[0] == writer]
        if kinds.count(0) < 2 or kinds.count(1) < 1:
            poor.append(f"{writer:03d}")
            for key in [key for key in found if key[0] == writer]:
                del found[key]
    yield from _named(poor, "writers with too few signatures, left out")


def _named(names: list[str], what: str) -> Iterator[str]:
    """One line that counts and names, where there is anything to name."""
    if names:
        told = ", ".join(printable(name) for name in names[:TOLD])
        more = f", and {len(names) - TOLD:,} more" if len(names) > TOLD else ""
        yield f"{len(names):,} {what}: {told}{more}"
