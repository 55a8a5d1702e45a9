"""Measures drawings against Omniglot's: ink, stroke width, size, distances within and between
classes, and the error of two nearest-neighbour rules on 20-way one-shot runs within a script."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial.distance import cdist
from skimage.morphology import skeletonize

# Alphabet -> drawings [characters, 20 hands, 105, 105], ink True.
Alphabets = dict[str, NDArray[np.bool_]]
Distance = Callable[[NDArray[np.bool_], NDArray[np.bool_]], float]
N_WAY = 20


def read_omniglot(folder: Path) -> Alphabets:
    """Reads an unpacked Omniglot folder, such as images_background."""
    found = {}
    for alphabet in sorted(path for path in folder.iterdir() if path.is_dir()):
        found[alphabet.name] = np.stack(
            [
                np.stack([np.asarray(Image.open(file).convert("L")) < 128 for file in files])
                for character in sorted(alphabet.iterdir())
                if len(files := sorted(character.glob("*.png"))) == 20
            ]
        )
    return found


def hausdorff(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Modified Hausdorff distance of two images' ink, centred by mass, as in Lake's baseline."""
    first, second = np.argwhere(one).astype(float), np.argwhere(two).astype(float)
    far = cdist(first - first.mean(axis=0), second - second.mean(axis=0))
    return float(max(far.min(axis=0).mean(), far.min(axis=1).mean()))


def cosine(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Negative cosine similarity of raw pixels, ink 1."""
    return -float((one & two).sum() / np.sqrt(float(one.sum()) * float(two.sum())))


def errors(alphabets: Alphabets, runs: int, distance: Distance) -> float:
    """Returns the error of nearest neighbours: one hand's 20 drawings against another's."""
    rng = np.random.default_rng(2015)
    names = [name for name, drawings in alphabets.items() if len(drawings) >= N_WAY]
    wrong = 0
    for run in range(runs):
        drawings = alphabets[names[run % len(names)]]
        classes = rng.choice(len(drawings), N_WAY, replace=False)
        support, query = rng.choice(20, 2, replace=False)
        for position, own in enumerate(classes):
            row = [distance(drawings[own, query], drawings[other, support]) for other in classes]
            wrong += int(np.argmin(row)) != position
    return wrong / (runs * N_WAY)


def report(title: str, alphabets: Alphabets, runs: int) -> None:
    """Prints all measures of a set of alphabets."""
    rng = np.random.default_rng(1)
    everything = np.concatenate(list(alphabets.values()))
    picks = rng.integers(0, len(everything), 600), rng.integers(0, 20, 600)
    sample = everything[picks]
    marks = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    width = [image.sum() / max(1, skeletonize(image).sum()) for image in sample]
    rows, columns = sample.any(axis=2), sample.any(axis=1)
    height = [int(np.ptp(np.flatnonzero(row))) + 1 for row in rows]
    across = [int(np.ptp(np.flatnonzero(column))) + 1 for column in columns]
    centres = np.array([np.argwhere(image).mean(axis=0) for image in sample])
    print(f"== {title}: {len(everything)} characters; quantiles {marks}")
    print("ink fraction   ", np.quantile(sample.mean(axis=(1, 2)), marks).round(3))
    print("ink / skeleton ", np.quantile(width, marks).round(2))
    print("height         ", np.quantile(height, marks).round(0))
    print("width          ", np.quantile(across, marks).round(0))
    print("centre's spread", centres.std(axis=0).round(1))
    within, between = [], []
    for drawings in alphabets.values():
        for _ in range(1 + 400 // len(alphabets)):
            own, other = rng.choice(len(drawings), 2, replace=False)
            first, second = rng.choice(20, 2, replace=False)
            within.append(hausdorff(drawings[own, first], drawings[own, second]))
            between.append(hausdorff(drawings[own, first], drawings[other, second]))
    print("MHD within     ", np.quantile(within, marks).round(2))
    print("MHD between    ", np.quantile(between, marks).round(2))
    print(f"20-way 1-shot error, {runs} runs within a script: ", end="", flush=True)
    print(f"MHD {100 * errors(alphabets, runs, hausdorff):.1f} %, ", end="", flush=True)
    print(f"raw pixels' cosine {100 * errors(alphabets, 10 * runs, cosine):.1f} %")


def main() -> None:
    """Compares the shipped drawings with Omniglot."""
    from packing import read

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drawings", type=Path, help="glyphs.bin.xz")
    parser.add_argument("--omniglot", type=Path, help="unpacked images_background")
    parser.add_argument("--runs", type=int, default=40)
    given = parser.parse_args()
    header, images = read(given.drawings)
    counts = [len(script["letters"]) for script in header["scripts"]]
    drawings = np.split(images, np.cumsum(counts)[:-1])
    for split in ("train", "validation", "test"):
        ours = {
            script["name"]: own
            for script, own in zip(header["scripts"], drawings, strict=True)
            if script["split"] == split
        }
        report(f"glyphs, {split}", ours, given.runs)
    if given.omniglot:
        report("Omniglot", read_omniglot(given.omniglot), given.runs)


if __name__ == "__main__":
    main()
