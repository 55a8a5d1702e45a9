"""Bent tables of every separator and encoding, and folders of images that are read by content."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

from benchmark.datasets.own import images as readers
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.table import SEPARATORS, open_table
from bent import images
from bent.mutate import TEXTS, flipped, retyped
from bent.tables import CSV_WORDS
from bent.tree import cleared, packed, unpacked

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252")
ENDS = ("\n", "\r\n", "\r")
CELLS = (
    "word",
    "a, b",
    "a;b",
    'so "called"',
    "é",
    "日本",
    "",
    " x ",
    "1.5",
    "NA",
    "a\nb",
    "\t",
    "|",
)
NAMES = ("text", "label", "path", "split", "group", "Bezeichnung", "label", "", "x" * 50)
ENDINGS = ("", ".png", ".jpg", ".dat", ".PNG", ".txt", ".heic", ".tif")
OPTIONS = Options(side=8, on_bad="skip", workers=1, least=1, test_only=True)


def bend_table(random: Random) -> bytes:
    """A table of any separator, encoding and line ending, then its characters and bytes bent."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, delimiter=random.choice(tuple(SEPARATORS)),
                      lineterminator=random.choice(ENDS))  # fmt: skip
    width = random.randint(1, 5)
    if random.random() < 0.1:
        text.write(f"sep={random.choice(',;|')}\n")
    rows.writerow(random.choice(NAMES) for _ in range(width))
    for _ in range(random.randint(0, 12)):
        cells = [random.choice((*CELLS, *CELLS, random.choice(TEXTS))) for _ in range(width)]
        rows.writerow(cells[: random.choice((width, width, width, 1))])
    content = text.getvalue().encode(random.choice(ENCODINGS), "replace")
    if random.random() < 0.5:
        content = retyped(random, content, CSV_WORDS)
    return flipped(random, content, 3) if random.random() < 0.3 else content


def read_table(path: Path) -> object:
    """All columns of a table as texts."""
    with open_table(path) as table:
        _, columns = table.texts(list(range(len(table.names))))
    assert len({len(column) for column in columns.values()}) <= 1
    return columns


def bend_images(random: Random) -> bytes:
    """A class-per-folder tree whose files are named after anything."""
    files = {}
    for number in range(random.randint(1, 8)):
        folder = random.choice(("a", "b", "c/d", "train/a", ".hidden", "é"))
        content = images.bend(random)
        if random.random() < 0.4:
            content = random.choice(images.sound())
        elif random.random() < 0.1:
            content = random.choice(
                (b"", b"version https://git-lfs.github.com/spec/v1\n", b"PK\3\4")
            )
        files[f"{folder}/{number}{random.choice(ENDINGS)}"] = content
    return packed(files)


def read_images(path: Path) -> object:
    """As `oneshot data add --kind folder`."""
    root, scratch = cleared(path.with_name("tree")), cleared(path.with_name("scratch"))
    unpacked(path, root)
    added = readers.read_folder(root, OPTIONS, scratch, None)
    assert all(note.isprintable() for note in added.notes), added.notes
    return added
