"""Class-per-folder trees and tables of paths: which files there are, and what is wrong with some.

A class is the folder that holds its images, named by its path below the root ("birds/robin").
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.datasets.ink import brighten, without_ink
from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.config import states_splits
from benchmark.datasets.own.decode import (
    Picture,
    Trouble,
    channels_of,
    decode,
    find_scale,
    scan,
)
from benchmark.datasets.own.finish import Entry, check, clean, finish
from benchmark.datasets.own.folders import walk
from benchmark.datasets.own.options import PARENT, Added, Options, regular
from benchmark.datasets.own.parts import ROLE, read_parts
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.scale import report_stored
from benchmark.datasets.own.table import LABELS, read_labelled
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

PATHS = ("path", "filename", "file", "image", "imagepath", "filepath", "imagefile", "img",
         "imgpath", "picture", "photo")  # fmt: skip
HINT = "Give a folder with a folder of images for each class, or a table: --kind csv"


@dataclass(frozen=True)
class Labelled:
    """An image file with what its path or its row of a table says of it.

    Attributes:
        picture: the file.
        place: its path below the root with forward slashes.
        entry: its class, groups and part; the row is not known yet.
    """

    picture: Picture
    place: str
    entry: Entry


def read_folder(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """A class-per-folder tree.

    Folders that name parts of the data, such as train and test, belong to no class name. See
    `benchmark.datasets.own.parts`.

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
    parts = read_parts(files, enabled=options.parts == "auto")
    found: list[Labelled] = []
    if any(parts.parts) and not (states_splits(options) or options.merge_parts):
        named = ", ".join(sorted({part for part in parts.parts if part is not None}))
        reading.understood["split"] = f"by folders that name parts of the data ({named})"
    labels = zip(files, parts.classes, parts.parts, parts.roles, strict=True)
    for place, label, part, role in labels:
        groups = {} if role is None else {ROLE: role}
        _label(found, Picture(path / place, place), place, label, options, bad, groups, part)
    return _add(found, options, scratch, progress, bad, reading=reading, notes=parts.notes)


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
        else:
            groups = table.marks.groups(row)
            if table.groups is not None:
                groups[str(options.group)] = table.groups[row]
            by = table.marks.by(row)
            _label(found, Picture(target, place), place, label, options, bad, groups, by=by)
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
    notes: Iterable[str] = (),
) -> Added:
    reading = reading or Reading()
    found.sort(key=lambda each: (each.entry.label, each.place))
    check([each.entry for each in found], options, split)
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
    report_stored(stored, reading)
    notes = list(notes)
    if options.family == "character":
        places = [each.place for each in good]
        sound = ~np.isin(np.arange(len(good)), list(troubles))
        notes += without_ink(stored, places, sound) if options.fit == "ink" else []
        notes += brighten(stored, places, sound, options.ink)
    entries = []
    for row, each in enumerate(good):
        if row in troubles:
            bad.add(each.place, troubles[row].reason)
        else:
            entries.append(replace(each.entry, row=row))
    added = finish(options.family, stored, entries, bad, options, split)
    return replace(added, notes=(*notes, *added.notes), reading=reading)


def _label(
    found: list[Labelled],
    picture: Picture,
    place: str,
    label: str,
    options: Options,
    bad: Bad,
    groups: dict[str, str] | None = None,
    part: str | None = None,
    by: str | None = None,
) -> None:
    """Appends the file with its class and groups, or says why it has none.

    `groups` and the value `by` of --split-by are known already where they are columns of a table.
    """
    name = clean(label)
    if name is None:
        reason = "lies in no folder of a class" if not label else "has a class that is no text"
        bad.add(place, reason)
        return
    groups, group, split_by = dict(groups or {}), options.group, options.split_by
    if group is not None and group not in groups:
        values = _values(group, "group", name, place, bad)
        if values is None:
            return
        groups |= values
    if by is None and split_by is not None and split_by not in groups:
        values = _values(split_by, "split-by", name, place, bad)
        if values is None:
            return
        by = "\0".join(values.values())
    elif by is None:
        by = groups.get(str(split_by), "")
    cleaned = {key: clean(value) or "" for key, value in groups.items()}
    entry = Entry(-1, name, cleaned, place, part, by if split_by is not None else None)
    found.append(Labelled(picture, place, entry))


def _values(option: str, name: str, label: str, place: str, bad: Bad) -> dict[str, str] | None:
    """Values of groups that an option reads from a path, or None where the path has none.

    Args:
        option: "parent", the number of a folder level from 1, or a regular expression.
        name: of the option.
        label: the item's class.
        place: its path below the root.
        bad: what is wrong joins it.
    """
    if option == PARENT:
        if "/" not in label:
            bad.add(place, f"has no parent folder above its class '{label}'")
            return None
        return {PARENT: label.rpartition("/")[0]}
    if re.fullmatch(r"[1-9]\d?", option):
        folders = place.split("/")[:-1]
        if len(folders) < int(option):
            bad.add(place, f"has no folder of level {option}")
            return None
        return {f"level{option}": folders[int(option) - 1]}
    match = regular(option, name, rf"--{name} '(?P<camera>cam\d+)', or --{name} parent").search(
        place
    )
    if match is None:
        bad.add(place, f"does not match --{name} {option}")
        return None
    return match.groupdict("") or {"group": match[1] if match.groups() else match[0]}
