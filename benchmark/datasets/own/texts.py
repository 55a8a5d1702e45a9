"""Texts of your own: a table with a column of texts and one of labels."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.finish import Entry, clean, finish, place_of
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.table import LABELS, read_labelled
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError
from benchmark.files import in_words

MOST_LETTERS = 1_000  # texts are stored at the width of the longest
MOST_BYTES = 8 << 30  # as they are stored
TEXTS = ("text", "sentence", "utterance", "phrase", "question", "query", "content", "document")


def read(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """Texts in Unicode's composed form (NFC), without white space around them.

    Raises:
        OneshotError: if the table lacks a column, or for texts that are empty, longer than 1,000
            characters, hold the character U+0000 or have no label.
    """
    if progress:
        progress("reading texts", 0, 1)
    bad = Bad()
    table = read_labelled(path, options, TEXTS, "text", LABELS, bad)
    if not table.items:
        raise OneshotError(f"{path} holds no texts.")
    texts, entries = [], []
    for row, raw in enumerate(table.items):
        text, name = unicodedata.normalize("NFC", raw).strip(), clean(table.labels[row])
        texts.append("")
        if table.places[row] in table.settled:
            continue
        if name is None:
            bad.add(table.places[row], "has no label")
        elif not text or "\0" in text:
            bad.add(table.places[row], "has an empty text or one with U+0000")
        elif len(text) > MOST_LETTERS:
            bad.add(table.places[row], f"has {len(text):,} characters, at most {MOST_LETTERS:,}")
        else:
            texts[row] = text
            held = (
                {} if table.groups is None else {str(options.group): clean(table.groups[row]) or ""}
            )
            held |= table.marks.groups(row)
            place, by = place_of(table.places[row], options), table.marks.by(row)
            entries.append(Entry(row, name, held, place, split_by=by))
    longest = max(map(len, texts))
    if 4 * longest * len(texts) > MOST_BYTES:
        raise OneshotError(
            f"{len(texts):,} texts at the width of the longest, {longest:,} characters, take "
            f"{in_words(4 * longest * len(texts))}, at most {in_words(MOST_BYTES)} are stored.",
            "Shorten the longest texts.",
        )
    table.reading.understood["values"] = f"texts of up to {longest:,} characters"
    added = finish("text", np.array(texts, dtype=np.str_), entries, bad, options, table.splits)
    if progress:
        progress("reading texts", 1, 1)
    return replace(added, reading=table.reading)
