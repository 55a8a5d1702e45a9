"""Class-per-folder trees and tables of paths: which files there are, and what is wrong with some.

A class is the folder that holds its images, named by its path below the root ("birds/robin").
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

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
from benchmark.datasets.own.finish import Entry, clean, finish
from benchmark.datasets.own.folders import walk
from benchmark.datasets.own.options import PARENT, Added, Options
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.scale import remark_faint
from benchmark.datasets.own.table import LABELS, read_labelled
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

PATHS = ("path", "filename", "file", "image", "imagepath", "filepath", "imagefile", "img",
         "imgpath", "picture", "photo")  # fmt: skip
PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation",
         "test": "test"}  # fmt: skip
HINT = "Give a folder with a folder of images for each class, or a table: --kind csv"


@dataclass(frozen=True)
class Labelled:
    """An image file with its class, groups, and its path below the root with forward slashes."""

    picture: Picture
    label: str
    place: str
    groups: dict[str, str]


def read_folder(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """A class-per-folder tree.

    Where the top folders are train, val(idation) and test, they are taken as the split, and class
    names begin below them.

    Raises:
        OneshotError: if there is no such folder, or for bad images that are not to be left out.
    """
    if not path.is_dir():
        raise OneshotError(f"There is no folder {path}.", HINT)
    bad = Bad()
    reading = Reading()
    files = list(walk(path, bad, reading))
    if not files and not bad.items:
        raise OneshotError(f"There is no image under {path}.", HINT)
    split = _own_split(files)
    found: list[Labelled] = []
    for place in files:
        folder = place.rpartition("/")[0]
        below = folder.partition("/")[2] if split is not None else folder
        _label(found, Picture(path / place, place), place, below, options.group, bad)
    return _add(found, options, scratch, progress, bad, split, reading)


def read_csv(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """A table of paths (relative to its own folder, or to `options.root`) and labels.

    Raises:
        OneshotError: if the table lacks a column, or for bad images that are not to be left out.
    """
    bad = Bad()
    table = read_labelled(path, options, PATHS, "path", LABELS, bad)
    targets = located(table.items, path, options.root)
    found: list[Labelled] = []
    seen: dict[str, str] = {}
    rows = zip(targets, table.labels, table.places, strict=True)
    for row, ((place, target), label, line) in enumerate(rows):
        if line in table.settled:
            continue
        before = seen.setdefault(place, line)
        if before != line:
            bad.add(place, f"is listed twice ({before} and {line})")
        elif isinstance(target, str):
            bad.add(place, target)
        elif not label.strip():
            bad.add(place, "has no label")
        elif table.groups is not None:
            value = {str(options.group): table.groups[row]}
            _label(found, Picture(target, place), place, label, None, bad, value)
        else:
            _label(found, Picture(target, place), place, label, options.group, bad)
    return _add(found, options, scratch, progress, bad, table.splits, table.reading)


def located(cells: Sequence[str], table: Path, folder: Path | None) -> list[tuple[str, Path | str]]:
    """For each cell its path below the root, and the file or what is wrong with it.

    Args:
        cells: paths, relative to the root or absolute.
        table: the file that they stand in.
        folder: the root, None for the folder of the table.

    Raises:
        OneshotError: if most files lie elsewhere or are missing, or there is no such folder.
    """
    root = (folder or table.parent).expanduser().resolve()
    if not root.is_dir():
        raise OneshotError(f"There is no folder {folder}.", "Type --root FOLDER")
    whose = "the table's folder" if folder is None else f"--root {folder}"
    found: list[tuple[str, Path | str]] = []
    outside, missing = [], []
    for cell in cells:
        place = cell.strip().replace("\\", "/").removeprefix("./")
        try:
            target = (root / place).resolve()
            there = target.is_file()
        except (OSError, ValueError):  # too long a name, or one with U+0000
            target, there = root / "x", False
        below = target.is_relative_to(root)
        if below and Path(place).is_absolute():
            place = target.relative_to(root).as_posix()
        if not place:
            found.append((place, "is empty"))
        elif not below:
            outside.append(target)
            found.append((place, f"lies outside {whose}"))
        elif not there:
            missing.append(place)
            found.append((place, "is not there"))
        else:
            found.append((place, target))
    if 2 * len(outside) > len(cells):
        common = Path(os.path.commonpath([target.parent for target in outside]))
        raise OneshotError(
            f"{len(outside):,} of {len(cells):,} paths in {table} lie outside {whose}, first "
            f"{printable(str(outside[0]))}.",
            f"Put the table into {common} or above it, or type --root {shlex.quote(str(common))}",
        )
    if 2 * len(missing) > len(cells):
        raise OneshotError(
            f"{len(missing):,} of {len(cells):,} files named in {table} are not there, first "
            f"{printable(str(root / missing[0]))}.",
            f"Paths are relative to {whose}; --root FOLDER says otherwise.",
        )
    return found


def _add(
    found: list[Labelled],
    options: Options,
    scratch: Path,
    progress: Progress | None,
    bad: Bad,
    split: dict[str, str] | None = None,
    reading: Reading | None = None,
) -> Added:
    reading = reading or Reading()
    found.sort(key=lambda each: (each.label, each.place))
    headers = scan([each.picture for each in found], options, progress)
    good: list[Labelled] = []
    for each, header in zip(found, headers, strict=True):
        if isinstance(header, Trouble):
            bad.add(each.place, header.reason)
        else:
            good.append(each)
    channels = channels_of(headers, options, reading)
    if not good:
        bad.settle(options.on_bad)
        raise OneshotError("None of the images can be read.", HINT)
    pictures = [each.picture for each in good]
    everything = [each.picture for each in found]
    scale = find_scale(everything, headers, options, reading, progress)
    stored, troubles = decode(pictures, channels, options, scratch, progress, scale)
    remark_faint(stored, reading)
    notes: list[str] = []
    if options.family == "character":
        places = [each.place for each in good]
        sound = ~np.isin(np.arange(len(good)), list(troubles))
        notes = without_ink(stored, places, sound) if options.fit == "ink" else []
        notes += brighten(stored, places, sound, options.ink)
    entries = []
    for row, each in enumerate(good):
        if row in troubles:
            bad.add(each.place, troubles[row].reason)
        else:
            entries.append(Entry(row, each.label, each.groups))
    added = finish(options.family, stored, entries, bad, options, split)
    return replace(added, notes=(*notes, *added.notes), reading=reading)


def _own_split(files: list[str]) -> dict[str, str] | None:
    """Splits by class where the top folders say so.

    Raises:
        OneshotError: if a class is in two of them: its images are to be learned from and asked
            about, which one-shot learning forbids.
    """
    tops = {place.partition("/")[0] for place in files}
    if {PARTS.get(top.lower()) for top in tops} != {"train", "validation", "test"}:
        return None
    split: dict[str, str] = {}
    for place in files:
        top, _, rest = place.rpartition("/")[0].partition("/")
        label, part = clean(rest) or "", PARTS[top.lower()]
        if split.setdefault(label, part) != part:
            raise OneshotError(
                f"The class '{label}' is in the folders {split[label]} and {part}; no class may be "
                "in two splits.",
                "Add one of the folders, or put all images of a class together.",
            )
    return split


def _label(
    found: list[Labelled],
    picture: Picture,
    place: str,
    label: str,
    group: str | None,
    bad: Bad,
    groups: dict[str, str] | None = None,
) -> None:
    """Appends the file with its class and groups, or says why it has none."""
    name = clean(label)
    if name is None:
        reason = "lies in no folder of a class" if not label else "has a class that is no text"
        bad.add(place, reason)
        return
    groups = dict(groups or {})
    if group == PARENT:
        if "/" not in name:
            bad.add(place, f"has no parent folder above its class '{name}'")
            return
        groups[PARENT] = name.rpartition("/")[0]
    elif group is not None:
        match = _pattern(group).search(place)
        if match is None:
            bad.add(place, f"does not match --group {group}")
            return
        groups |= match.groupdict("") or {"group": match[1] if match.groups() else match[0]}
    cleaned = {key: clean(value) or "" for key, value in groups.items()}
    found.append(Labelled(picture, name, place, cleaned))


def _pattern(group: str) -> re.Pattern[str]:
    try:
        return re.compile(group)
    except re.error as error:
        raise OneshotError(
            f"--group {group} is neither 'parent' nor a regular expression ({error}).",
            r"Type for example --group '(?P<camera>cam\d+)'",
        ) from error
