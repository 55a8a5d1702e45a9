"""The kinds of foreign input: sound examples, how they are bent, and who reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from bent import archives, files, images, own, records, results, tables


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        name: what is bent.
        ending: of the file.
        bend: a bent input, from nothing but the random generator.
        read: what the suite does with it; it may raise OneshotError and nothing else.
        share: of the number of cases that are asked for, where reading takes long.
    """

    name: str
    ending: str
    bend: Callable[[Random], bytes]
    read: Callable[[Path], object]
    share: float = 1.0


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name."""
    every = (
        Kind("records", ".json", records.bend, records.read),
        Kind("reports", ".json", records.bend_several, records.report, 0.02),
        Kind("folders", ".json", results.bend, results.read, 0.05),
        Kind("suites", ".toml", tables.bend_suite, tables.read_suite),
        Kind("own-toml", ".toml", tables.bend_config, tables.read_config),
        Kind("claims", ".toml", tables.bend_claims, tables.read_claims),
        Kind("zips", ".zip", archives.bend_zip, archives.read),
        Kind("tars", ".tar", archives.bend_tar, archives.read),
        Kind("pickles", ".pickle", files.bend_pickle, files.read_pickle),
        Kind("images", ".png", images.bend, images.read),
        Kind("npz", ".npz", files.bend_npz, files.read_npz),
        Kind("weights", ".pt", files.bend_weights, files.read_weights),
        Kind("vectors-csv", ".csv", tables.bend_vectors, tables.read_vectors),
        Kind("texts-csv", ".csv", tables.bend_texts, tables.read_texts),
        Kind("splits-csv", ".csv", tables.bend_splits, tables.read_splits),
        Kind("readings-csv", ".csv", tables.bend_readings, tables.read_readings),
        Kind("own-tables", ".csv", own.bend_table, own.read_table),
        Kind("own-images", ".json", own.bend_images, own.read_images, 0.5),
        Kind("data-sets", ".json", files.bend_data_set, files.read_data_set),
    )
    return {kind.name: kind for kind in every}
