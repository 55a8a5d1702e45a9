"""From counts to accuracies of the units over which a statistic runs: [seeds, units].

A unit is what varies when the measurement is repeated: an episode for *these images*, a group of
classes (alphabet, run, person) or a class for *new classes*.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_GROUPS = 3


def of_episodes(correct: NDArray[Any], of: int) -> NDArray[np.float64]:
    """Accuracy of each episode.

    Args:
        correct: integers [seeds, episodes], correct answers.
        of: queries in each episode.

    Returns:
        float64 [seeds, episodes] in [0, 1].

    Raises:
        ValueError: for an array that is not [seeds, episodes] and counts outside 0..of.
    """
    counts = np.asarray(correct)
    if counts.ndim != 2 or counts.size == 0:
        raise ValueError(f"correct has shape {counts.shape}, expected [seeds, episodes]")
    if of < 1 or counts.min() < 0 or counts.max() > of:
        raise ValueError(f"correct answers must lie between 0 and {of}")
    result: NDArray[np.float64] = counts / np.float64(of)
    return result


def of_groups(accuracy: NDArray[np.float64], groups: NDArray[Any]) -> NDArray[np.float64]:
    """Mean accuracy of each group's episodes; every group weighs the same, whatever its size.

    Args:
        accuracy: float64 [seeds, episodes].
        groups: integers [episodes].

    Returns:
        float64 [seeds, groups], the groups ascending.

    Raises:
        ValueError: where the groups do not fit the episodes.
    """
    groups = np.asarray(groups)
    if groups.shape != accuracy.shape[1:]:
        raise ValueError(f"groups have shape {groups.shape}, expected {accuracy.shape[1:]}")
    names, position = np.unique(groups, return_inverse=True)
    sizes = np.bincount(position, minlength=len(names))
    return np.stack([np.bincount(position, weights=row) / sizes for row in accuracy])


def deletable(classes: NDArray[Any]) -> bool:
    """Whether episodes are left without each of the classes [episodes, n], of three or more."""
    held = np.bincount(_distinct(classes)[1])
    return int((held > 0).sum()) >= MIN_GROUPS and not bool((held == len(classes)).any())


def of_classes(accuracy: NDArray[np.float64], classes: NDArray[Any]) -> NDArray[np.float64]:
    """Jackknife pseudo-values of each class, for episodes that share classes.

    With n classes, theta the mean over all episodes and theta_(c) the mean over the episodes that
    do not hold class c, the pseudo-value is n theta - (n - 1) theta_(c) (Tukey 1958; for averages
    over subsets, as episodes are, Arvesen 1969, Jackknifing U-statistics, Annals of Mathematical
    Statistics 40). A record holds the correct answers of whole episodes only, so a class is
    deleted together with every episode that holds it. Pseudo-values behave like one independent
    accuracy a class, plus the noise of drawing finitely many episodes, which makes intervals from
    them a little too wide: negligible for 10,000 episodes over 20 classes.

    Args:
        accuracy: float64 [seeds, episodes].
        classes: integers [episodes, n], not negative, the classes that each episode holds.

    Returns:
        float64 [seeds, classes], the classes ascending; not confined to [0, 1].

    Raises:
        ValueError: where the classes do not fit the episodes, or one is in every episode, so that
            nothing is left without it.
    """
    classes = np.asarray(classes)
    episodes = accuracy.shape[1]
    if classes.ndim != 2 or len(classes) != episodes:
        raise ValueError(f"classes have shape {classes.shape}, expected [{episodes}, n]")
    row, number = _distinct(classes)
    # Not np.unique: hashing 200,000 numbers takes longer than all else here.
    there = np.bincount(number) > 0
    column, count = (np.cumsum(there) - 1)[number], int(there.sum())
    held = np.bincount(column, minlength=count)
    if (held == episodes).any():
        raise ValueError("a class is in every episode: no episode is left without it")
    total = accuracy.sum(axis=1, keepdims=True)
    with_class = np.stack(
        [np.bincount(column, weights=line[row], minlength=count) for line in accuracy]
    )
    without = (total - with_class) / (episodes - held)
    pseudo: NDArray[np.float64] = count * total / episodes - (count - 1) * without
    return pseudo


def _distinct(classes: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """(episode, class) of each class of each episode, counted once however often it holds it."""
    ordered = np.sort(classes, axis=1)
    fresh = np.ones(ordered.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.nonzero(fresh)[0], ordered[fresh]
