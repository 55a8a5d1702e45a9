"""Verification trials of simulated people, some of whom suit one model better than another."""

from __future__ import annotations

import numpy as np

from benchmark.statistics.verification_scores import VerificationScores

NAMES = ("genuine", "random")


def people_and_pairs(random, people, genuine=15, impostors=30):
    """int64 [t, 2]: so many trials of each person with itself, then as many different pairs."""
    same = np.repeat(np.arange(people), genuine)
    left = np.repeat(np.arange(people), impostors)
    right = (left + random.integers(1, people, len(left))) % people
    return np.concatenate([np.stack([same, same], 1), np.stack([left, right], 1)])


def answers(random, pairs, people, gap=1.6, hard=0.5, seeds=1, luck=0.0, noise=1.0):
    """Networks of one model: `hard` deviates between people, `luck` between trainings."""
    same = pairs[:, 0] == pairs[:, 1]
    offset = random.normal(0, hard, people)
    spread = offset[pairs[:, 0]] * np.where(same, 1, 0.5) - offset[pairs[:, 1]] * ~same * 0.5
    found = []
    for seed in range(seeds):
        skill = gap + random.normal(0, luck)
        score = skill * same + spread + random.normal(0, noise, len(pairs))
        kinds = (~same).astype(int)
        found.append(VerificationScores(score, same, kinds, NAMES, pairs, seed))
    return found
