"""Simulates how often intervals cover and how often tests reject where nothing differs.

    python tools/simulate_statistics.py            # the tables of docs/statistics.md: half an hour
    python tools/simulate_statistics.py --measure accuracy   # those of the accuracy: a minute

Every measurement draws its people or classes, training seeds and answers anew from a fixed
generator, and the functions under test are those of the tables.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtr, ndtri

from benchmark.statistics.intervals import new_classes
from benchmark.statistics.paired import compare_units
from benchmark.statistics.paired import new_classes as paired_classes
from benchmark.statistics.paired_rates import compare_networks
from benchmark.statistics.units import of_episodes, of_groups
from benchmark.statistics.verification import summarise
from benchmark.statistics.verification_scores import VerificationScores

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
BEGIN, END = "<!-- simulations:begin -->\n", "<!-- simulations:end -->"
SEEDS, SUBJECTS = (1, 3, 5), (8, 12, 40)
MEASURES = ("EER", "accuracy")
SPREADS = (0.003, 0.01, 0.025)  # deviations between trainings of one method, in accuracy
TIMES, CHEAP_TIMES = 400, 4_000
GENUINE, IMPOSTORS = 12, 24  # trials of each person
QUANTILES = ndtri((np.arange(200) + 0.5) / 200)  # of training seeds
EPISODES, QUERIES = 30, 20  # of each group of classes


@dataclass(frozen=True)
class Shares:
    """Shares of simulated measurements, in [0, 1]; None where no test is made.

    Attributes:
        covered: intervals of one model that hold the truth.
        alarms: paired tests of two trainings of one method that reject at 5 %.
        naive: the same where the variance between seeds is left out, as one seed would have it.
    """

    covered: float
    alarms: float | None
    naive: float | None = None


def verification(
    seeds: int,
    people: int,
    times: int,
    draw: int = 0,
    gap: float = 2.0,
    hard: float = 0.5,
    spread: float = 0.1,
) -> Shares:
    """The EER of `people` subjects and its paired difference.

    A trial's similarity is `gap` for the same person, plus what is peculiar to the people in it
    (deviation `hard`), to the training seed (`spread`) and to the trial (1).
    """
    random = np.random.default_rng([draw, seeds, people])
    covered, alarms, naive = [], [], []
    for number in range(times):
        pairs = _pairs(random, people)
        skills = gap + spread * random.standard_normal((2, seeds))
        sides = [_networks(random, pairs, people, skill, hard) for skill in skills]
        # One seed's interval is for that network, that of several for the method.
        truth = _eer(skills[0] if seeds == 1 else gap + spread * QUANTILES, hard)
        alone = summarise(sides[0], f"{number}").eer["overall"]
        covered.append(alone.low <= truth <= alone.high)
        if seeds > 1:
            alarms.append(compare_networks(*sides, f"{number}").rates[0].paired.p <= 0.05)
        else:
            fixed = compare_networks(*sides, f"{number}", luck=(False, False)).rates[0].paired
            naive.append(fixed.p <= 0.05)
    return Shares(_share(covered), _share(alarms) if alarms else None,
                  _share(naive) if naive else None)  # fmt: skip


def accuracy(seeds: int, groups: int, times: int, draw: int = 0, spread: float = 0.01) -> Shares:
    """The accuracy over `groups` of classes, whose deviation is 0.08, and its paired difference."""
    random = np.random.default_rng([draw, seeds, groups, round(1e4 * spread)])
    covered, alarms, naive = [], [], []
    group = np.repeat(np.arange(groups), EPISODES)
    for _ in range(times):
        shared = random.normal(0.75, 0.08, groups)
        skills = spread * random.standard_normal((2, seeds))
        own = random.normal(0, 0.02, (2, groups))
        chance = shared + own[:, None] + skills[:, :, None]  # (2, S, G)
        counts = random.binomial(QUERIES, np.clip(chance, 0.02, 0.98)[:, :, group])
        alone = new_classes(counts[0], QUERIES, group)
        assert alone is not None
        truth = 0.75 + (skills[0, 0] if seeds == 1 else 0.0)
        covered.append(alone.low <= truth <= alone.high)
        if seeds > 1:
            found = paired_classes(counts[0], counts[1], QUERIES, group)
            assert found is not None
            alarms.append(found.p <= 0.05)
        else:
            units = [of_groups(of_episodes(side, QUERIES), group) for side in counts]
            naive.append(compare_units(*units, "group", luck=(False, False)).p <= 0.05)
    return Shares(_share(covered), _share(alarms) if alarms else None,
                  _share(naive) if naive else None)  # fmt: skip


def markdown(times: int, cheap_times: int, measures: tuple[str, ...] = MEASURES) -> str:
    """The tables, in percent."""
    counts = {n: c for n, c in (("EER", times), ("accuracy", cheap_times)) if n in measures}
    lines = [
        "Nominal: intervals cover 95 %, tests reject 5 %. Simulated measurements a case: "
        + ", ".join(f"{count:,} of the {name}" for name, count in counts.items())
        + ".",
        "",
        "| measure | seeds | subjects or groups | interval covers, % | false alarms, % |",
        "| :-- | --: | --: | --: | --: |",
    ]
    cases = ("EER", verification, times), ("accuracy", accuracy, cheap_times)
    for name, simulate, count in (case for case in cases if case[0] in measures):
        for seeds in SEEDS:
            for subjects in SUBJECTS:
                found = simulate(seeds, subjects, count)
                alarms = "no test" if found.alarms is None else f"{100 * found.alarms:.1f}"
                lines.append(
                    f"| {name} | {seeds} | {subjects} | {100 * found.covered:.1f} | {alarms} |"
                )
                print(lines[-1], flush=True)
    lines += [
        "",
        "What a test from one seed of each of two equal models would do, the variance between "
        "seeds left out:",
        "",
        "| deviation between trainings, points | groups | false alarms, % |",
        "| --: | --: | --: |",
    ]
    for spread in SPREADS:
        for groups in SUBJECTS:
            found = accuracy(1, groups, cheap_times, spread=spread)
            assert found.naive is not None
            lines.append(f"| {100 * spread:.1f} | {groups} | {100 * found.naive:.1f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def _share(found: list[bool]) -> float:
    return float(np.mean(found))


def _pairs(random: np.random.Generator, people: int) -> np.ndarray:
    """int64 [t, 2]: trials of each person with itself, then of different people."""
    same = np.repeat(np.arange(people), GENUINE)
    left = np.repeat(np.arange(people), IMPOSTORS)
    right = (left + random.integers(1, people, len(left))) % people
    return np.concatenate([np.stack([same, same], 1), np.stack([left, right], 1)])


def _networks(
    random: np.random.Generator, pairs: np.ndarray, people: int, skills: np.ndarray, hard: float
) -> list[VerificationScores]:
    """A network for each skill; what is peculiar to a person is the same for all of them."""
    same = pairs[:, 0] == pairs[:, 1]
    own = random.normal(0, hard, people)
    between = (own[pairs[:, 0]] + own[pairs[:, 1]]) / 2
    return [
        VerificationScores(
            skill * same + np.where(same, own[pairs[:, 0]], between)
            + random.standard_normal(len(pairs)),
            same, (~same).astype(int), ("genuine", "random"), pairs, seed,
        )
        for seed, skill in enumerate(skills)
    ]  # fmt: skip


def _eer(skills: np.ndarray, hard: float) -> float:
    """The mean over trainings of the EER of all people: two normal distributions.

    Genuine similarities have variance hard^2 + 1 about the skill, impostors' hard^2 / 2 + 1.
    """
    genuine, impostor = np.sqrt(hard**2 + 1), np.sqrt(hard**2 / 2 + 1)
    return float(ndtr(-np.asarray(skills) / (genuine + impostor)).mean())


def main() -> None:
    """Writes the tables into docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--measure", choices=MEASURES, action="append")
    asked = parser.parse_args()
    times, measures = asked.times, tuple(asked.measure or MEASURES)
    made = markdown(times, CHEAP_TIMES * times // TIMES, measures)
    head, rest = PAGE.read_text("utf-8").split(BEGIN)
    PAGE.write_text(head + BEGIN + "\n" + made + "\n" + END + rest.split(END)[1], "utf-8")


if __name__ == "__main__":
    main()
