"""Your own pairs of people as Labeled Faces in the Wild writes them, over a folder of people.

A line is "NAME i j" (two images of one person) or "NAME i OTHER j" (of two), parted by tabs, blanks
or commas. The first line may say how many folds there are and how many pairs of either kind each
has ("10 300"), or the number of pairs alone. Image i of a person is the file in the person's folder
whose name ends in this number.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from benchmark.datasets.data_set import Groups, Pairs, whole
from benchmark.datasets.ink import brighten, without_ink
from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.decode import (
    Picture,
    Trouble,
    channels_of,
    decode,
    find_scale,
    scan,
)
from benchmark.datasets.own.finish import clean, gather
from benchmark.datasets.own.folders import walk
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.scale import report_stored
from benchmark.datasets.split import SPLITS, ranked
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError, Refused
from benchmark.files import open_regular

LIST = "pairs.txt"  # the list's name in the data set, whatever the file is called
FOLD = "fold"
MOST_BYTES = 8 << 30
SNIFFED = 1 << 16
EXPECTED = "Expected lines such as 'Ann_Lee 1 2' and 'Ann_Lee 1 Bob_Ray 3', after '10 300' or none."
NOT_FOR_PEOPLE = ("group", "least", "split", "config", "path", "label", "split_by", "parts",
                  "merge_parts", "imitations", "trials", "items", "fractions")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A pair as it is written: two images, each a person and a number, of a fold."""

    number: int
    first: tuple[str, int]
    second: tuple[str, int]
    fold: int

    @property
    def same(self) -> bool:
        """Whether both images are of one person."""
        return self.first[0] == self.second[0]


def file_of(path: Path) -> Path | None:
    """The list of pairs at `path` if it is written as LFW writes it, else None.

    A folder counts where it holds a pairs.txt.
    """
    file = path / LIST if path.is_dir() else path
    if not file.is_file():
        return None
    with open_regular(file, MOST_BYTES) as stream:
        head = stream.read(SNIFFED).decode("utf-8-sig", "replace").splitlines()
    lines = [line for line in head if line.strip()][:-1] or head[:1]
    if lines and _header(lines[0]):
        lines = lines[1:]
    if not lines or _parsed(lines[0]) is None:  # such as the headings of a table
        return None
    good = [_parsed(line) is not None for line in lines[:50]]
    return file if 2 * sum(good) > len(good) else None


def read(file: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """The people with all their images, the pairs, and the folds.

    People of different folds must differ; where they do not, all pairs are one test. So are those
    of a single fold.

    Raises:
        Refused: an option that is about other kinds of data.
        OneshotError: for lines that cannot be read, and images that are missing or damaged, where
            these are not to be left out.
    """
    for name in NOT_FOR_PEOPLE:
        if getattr(options, name) != getattr(Options(), name):
            raise Refused(f"--{name.replace('_', '-')} does not apply to a list of people's pairs.")
    bad, reading = Bad(), Reading()
    lines, folds = read_lines(file, bad)
    people = {name for line in lines for name, _ in (line.first, line.second)}
    root = _root(options.root or file.parent, people)
    places = [place for place in walk(root, bad, reading) if "/" in place]
    pictures = [Picture(root / place, place) for place in places]
    headers = scan(pictures, options, progress)
    channels = channels_of(headers, options, reading)
    scale = find_scale(pictures, headers, options, reading, progress)
    stored, troubles = decode(pictures, channels, options, scratch, progress, scale)
    report_stored(stored, reading)
    sound = np.ones(len(places), dtype=bool)
    for row, header in enumerate(headers):
        trouble = header if isinstance(header, Trouble) else troubles.get(row)
        if trouble is not None:
            sound[row] = False
            bad.add(places[row], trouble.reason)
    if not sound.any():
        bad.settle(options.on_bad)
        raise OneshotError(f"None of the images under {root} can be read.")
    notes: list[str] = []
    if options.family == "character":
        notes += without_ink(stored, places, sound) if options.fit == "ink" else []
        notes += brighten(stored, places, sound, options.ink)
    rows = np.flatnonzero(sound)
    kept = [places[row] for row in rows]
    pairs = list(_resolved(lines, kept, bad))
    notes += bad.settle(options.on_bad)
    if not pairs:
        raise OneshotError(f"{file} has no good pair.", EXPECTED)
    names = sorted({_person(place) for place in kept})
    number = {name: code for code, name in enumerate(names)}
    labels = np.array([number[_person(place)] for place in kept], dtype=np.int64)
    fold_of, more = _folds(lines, names, 1 if options.test_only else folds)
    notes += more
    group, facts = _grouped(fold_of, names, labels)
    left, right = (np.array([pair[side] for pair, _ in pairs], dtype=np.int64) for side in (0, 1))
    same = np.array([line.same for _, line in pairs])
    listed = Pairs(left, right, same, np.zeros(len(pairs), np.int8), (LIST,))
    data_set = whole(
        "own", options.family, gather(stored, rows), labels, names, group, pairs=listed
    )
    reading.understood["pairs"] = (
        f"{int(same.sum()):,} of one person, {int((~same).sum()):,} of two, as LFW writes them"
    )
    return Added(data_set, {}, tuple(notes), reading, facts)


def read_lines(file: Path, bad: Bad) -> tuple[list[Line], int]:
    """The pairs of the file with their folds, and how many folds there are.

    Raises:
        OneshotError: if the file is no text, or has other lines than its first one says.
    """
    with open_regular(file, MOST_BYTES) as stream:
        content = stream.read(MOST_BYTES + 1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OneshotError(f"{file} is not UTF-8 text ({error.reason}).") from error
    rows = [(n, row) for n, row in enumerate(text.splitlines(), 1) if row.strip()]
    header = _header(rows[0][1]) if rows else []
    rows = rows[bool(header) :]
    folds, size = (header[0], 2 * header[1]) if len(header) == 2 else (1, len(rows))
    said = folds * size if len(header) == 2 else header[0] if header else len(rows)
    # A single number counts the pairs of either kind, as in pairsDevTrain.txt, or all of them.
    if folds < 1 or len(rows) not in {said, 2 * said if len(header) == 1 else said}:
        raise OneshotError(f"{file} has {len(rows):,} pairs, its first line says {said:,}.")
    lines = []
    for position, (number, row) in enumerate(rows):
        pair = _parsed(row)
        if pair is None:
            bad.add(f"line {number}", f"'{printable(row.strip()[:60])}' is not a pair. {EXPECTED}")
        elif pair[0] == pair[1]:
            bad.add(f"line {number}", "compares an image with itself")
        else:
            lines.append(Line(number, *pair, position // size))
    return lines, folds


def _header(line: str) -> list[int]:
    """One or two numbers, or nothing."""
    parts = re.split(r"[\s,;]+", line.strip().strip(",;"))
    numbers = len(parts) <= 2 and all(part.isdecimal() and len(part) < 10 for part in parts)
    return [int(part) for part in parts] if numbers else []


def _parsed(line: str) -> tuple[tuple[str, int], tuple[str, int]] | None:
    """Two images of a line. A name may hold blanks where tabs or commas part the cells."""
    text = line.strip().strip(",;")
    for separator in ("\t", ",", ";"):
        if separator in text:
            parts = [part.strip() for part in text.split(separator) if part.strip()]
            break
    else:
        parts = text.split()
        if len(parts) > 4 or (len(parts) == 4 and not _number(parts[1])):
            parts = _joined(parts)
    if len(parts) == 3 and _number(parts[1]) and _number(parts[2]):
        name = _name(parts[0])
        return (name, int(parts[1])), (name, int(parts[2]))
    if len(parts) == 4 and _number(parts[1]) and _number(parts[3]):
        return (_name(parts[0]), int(parts[1])), (_name(parts[2]), int(parts[3]))
    return None


def _joined(parts: list[str]) -> list[str]:
    """Words of names put together: "Ann Lee 1 2", "Ann Lee 1 Bob Ray 3"."""
    inner = [n for n in range(1, len(parts) - 1) if _number(parts[n])]
    if not inner:
        return parts
    at = inner[0]
    rest = [" ".join(parts[at + 1 : -1])] if at < len(parts) - 2 else []
    return [" ".join(parts[:at]), parts[at], *rest, parts[-1]]


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _name(text: str) -> str:
    return clean(text) or text


def _root(folder: Path, people: set[str]) -> Path:
    """The folder that holds most of the people's folders.

    Raises:
        OneshotError: if there is none, or two hold as many.
    """
    if not folder.is_dir():
        raise OneshotError(f"There is no folder {folder}.", "Type --root FOLDER")
    found: dict[Path, int] = defaultdict(int)
    for below, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        count = sum((clean(name) or name) in people for name in folders)
        if count:
            found[Path(below)] += count
    most = max(found.values(), default=0)
    best = [place for place, count in found.items() if count == most]
    if not best:
        raise OneshotError(
            f"No folder under {folder} is named like a person of the list, such as "
            f"'{printable(min(people, default=''))}'.",
            "Type --root FOLDER, which holds a folder of images for each person.",
        )
    if len(best) > 1:
        both = " and ".join(str(place) for place in best[:2])
        raise OneshotError(f"Both {both} hold the people of the list.", f"Type --root {best[0]}")
    return best[0]


def _person(place: str) -> str:
    name = place.partition("/")[0]
    return clean(name) or name


def _resolved(
    lines: Sequence[Line], places: Sequence[str], bad: Bad
) -> Iterator[tuple[tuple[int, int], Line]]:
    """The items of each pair; a pair whose image is not there is bad."""
    files: dict[str, list[int]] = defaultdict(list)
    for item, place in enumerate(places):
        files[_person(place)].append(item)
    numbered: dict[str, dict[int, list[int]]] = {}
    for name, items in files.items():
        numbers = numbered.setdefault(name, defaultdict(list))
        for item in items:
            match = re.search(r"(\d{1,9})$", PurePosixPath(places[item]).stem)
            if match:
                numbers[int(match[1])].append(item)
    for line in lines:
        pair, reasons = [], []
        for name, number in (line.first, line.second):
            items = numbered.get(name, {}).get(number, [])
            what = f"image {number} of '{printable(name)}'"
            if len(items) == 1:
                pair.append(items[0])
            elif items:
                both = " and ".join(places[item] for item in items[:2])
                reasons.append(f"{what} may be {both}")
            else:
                reasons.append(f"{what} is not there")
        if reasons:
            bad.add(f"line {line.number}", "; ".join(reasons))
        else:
            yield (pair[0], pair[1]), line


def _folds(
    lines: Sequence[Line], names: Sequence[str], folds: int
) -> tuple[dict[str, int] | None, list[str]]:
    """The fold of each person, None where all pairs are one test; and how that came about."""
    if folds < 2:
        return None, ["all pairs are one test: nothing is trained or calibrated on these people"]
    fold_of: dict[str, int] = {}
    for line in lines:
        for name, _ in (line.first, line.second):
            other = fold_of.setdefault(name, line.fold)
            if other != line.fold:
                return None, [
                    f"'{name}' is in folds {other + 1} and {line.fold + 1}: people of the folds "
                    "are not disjoint, so that all pairs are one test and nothing is trained"
                ]
    rest = ranked("own", [name for name in names if name not in fold_of])
    fold_of |= {name: position % folds for position, name in enumerate(rest)}
    notes = [f"{folds} folds of people: each is tested, the next one validates, the others train"]
    if folds == 2:
        notes = ["2 folds of people: one is tested, the other validates, nothing is trained"]
    if rest:
        notes.append(f"{len(rest):,} people are in no pair; they are dealt out to the folds")
    return fold_of, notes


def _grouped(
    fold_of: dict[str, int] | None, names: Sequence[str], labels: np.ndarray
) -> tuple[dict[str, Groups], dict[str, int]]:
    """The group of folds, or a split that only tests; and what the description says of it."""
    if fold_of is None:
        test = np.full(len(labels), SPLITS.index("test"), dtype=np.int32)
        return {"split": Groups(test, SPLITS)}, {"folds": 1}
    codes = np.array([fold_of[name] for name in names], dtype=np.int32)
    folds = max(fold_of.values()) + 1
    return {FOLD: Groups(codes[labels], tuple(map(str, range(folds))))}, {"folds": folds}
