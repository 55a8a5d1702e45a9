"""Where the public data sets come from, and the verb that brings one into the store."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark.datasets import prepare
from benchmark.datasets.catalogue import known_data_set
from benchmark.datasets.download import Download, download
from benchmark.datasets.store import Progress, Verified
from benchmark.errors import OneshotError, Refused

_OMNIGLOT = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
_ZENODO = "https://zenodo.org/record/7978538/files"

SOURCES: Mapping[str, tuple[Download, ...]] = {
    # As in torchvision.datasets.Omniglot.
    "omniglot": (
        Download(
            f"{_OMNIGLOT}/images_background.zip",
            "images_background.zip",
            64 << 20,
            "68d2efa1b9178cc56df9314c21c6e718",
        ),
        Download(
            f"{_OMNIGLOT}/images_evaluation.zip",
            "images_evaluation.zip",
            64 << 20,
            "6b91aef0f799c5bb55b94e3f2daec811",
        ),
    ),
    # As in learn2learn.vision.datasets.MiniImagenet, which states no checksums.
    "mini-imagenet-pickles": tuple(
        Download(f"{_ZENODO}/{file}", file, 1 << 30)
        for file in (
            "mini-imagenet-cache-train.pkl",
            "mini-imagenet-cache-validation.pkl",
            "mini-imagenet-cache-test.pkl",
        )
    ),
}


def fetch(
    name: str,
    directory: Path,
    progress: Progress | None = None,
    sources: Mapping[str, tuple[Download, ...]] = SOURCES,
) -> Verified:
    """Download a data set from its public source, add it to `directory` and verify it.

    The downloads lie in a hidden folder of `directory` until the data set is stored, so that a
    later call goes on where this one stopped.

    Raises:
        UnknownName: if the catalogue has no such data set.
        Refused: if it cannot be downloaded.
        OneshotError: if the server fails, or what it sends is not the data set.
    """
    known = known_data_set(name)
    if name not in sources:
        if known.shipped:
            raise Refused(f"'{name}' comes with the package; there is nothing to fetch.")
        raise Refused(
            f"'{name}' has no public download ({known.terms}).",
            f"Type: {known.how_to_get}, where PATH is {known.to_add}.",
        )
    folder = directory / f".downloads-{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OneshotError(f"Could not write to {directory}: {error.strerror}.") from error
    for item in sources[name]:
        download(item, folder, progress)
    try:
        verified = prepare.add(name, folder, directory, progress=progress)
    except OneshotError as error:
        kept = f"The downloads are kept in {folder}; remove it to fetch them anew."
        raise OneshotError(error.message, f"{error.hint} {kept}".strip()) from error
    shutil.rmtree(folder, ignore_errors=True)
    return verified
