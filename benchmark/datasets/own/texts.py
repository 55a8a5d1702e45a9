"""Texts of your own: a CSV with the columns text,label."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.finish import Entry, clean, finish
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.table import column, read_table
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

MOST_LETTERS = 1_000  # texts are stored at the width of the longest


def read(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """Texts in Unicode's composed form (NFC), without white space around them.

    Raises:
        OneshotError: if the table lacks a column, or for texts that are empty, longer than 1,000
            characters, hold the character U+0000 or have no label.
    """
    if progress:
        progress("reading texts", 0, 1)
    table, bad = read_table(path), Bad()
    labels = column(table, path, options.label, ("label", "class"))
    groups = column(table, path, options.group, ()) if options.group else None
    texts, entries = [], []
    for row, raw in enumerate(column(table, path, None, ("text",))):
        text, name = unicodedata.normalize("NFC", raw).strip(), clean(labels[row])
        texts.append("")
        if name is None:
            bad.add(f"row {row + 2}", "has no label")
        elif not text or "\0" in text:
            bad.add(f"row {row + 2}", "has an empty text or one with U+0000")
        elif len(text) > MOST_LETTERS:
            bad.add(f"row {row + 2}", f"has {len(text):,} characters, at most {MOST_LETTERS:,}")
        else:
            texts[row] = text
            held = {options.group: clean(groups[row]) or ""} if groups and options.group else {}
            entries.append(Entry(row, name, held))
    if not texts:
        raise OneshotError(f"{path} holds no texts.")
    added = finish("text", np.array(texts, dtype=np.str_), entries, bad, options)
    if progress:
        progress("reading texts", 1, 1)
    return added
