"""Scoring alone, from embeddings of 640 numbers that are there."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmark.datasets.data_set import DataSet, whole
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import answer
from performance import peers
from performance.evaluation import differing
from performance.material import asked
from performance.measure import Aim, Findings, Side, Table, alternate, missing, number

WIDTH, CLASSES, EACH = 640, 20, 600
# Ways, shots, episodes of ours and of a peer in one turn, and the aim in episodes a second.
SHAPES = ((5, 1, 10_000, 40, 20_000.0), (20, 5, 1_000, 10, 2_000.0))


class AsTheyAre:
    """The items are their own embeddings."""

    distance = "squared-euclidean"

    def embed(self, items: torch.Tensor) -> torch.Tensor:
        return items


def embeddings() -> DataSet:
    """12,000 vectors around the centres of 20 classes."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(CLASSES), EACH)
    centres = random.standard_normal((CLASSES, WIDTH))
    vectors = random.standard_normal((len(labels), WIDTH)) * 3 + centres[labels]
    names = [str(number) for number in range(CLASSES)]
    return whole("vectors", "vector", vectors.astype(np.float32), labels, names)


def measure(device: str, rounds: int) -> Findings:
    """Episodes a second, ours and easyfsl's from cached features."""
    found = Findings()
    rows: list[tuple[str, ...]] = []
    data = embeddings()
    absent = missing("easyfsl")
    for shape in SHAPES:
        _measure(found, rows, data, shape, device, rounds, alone=bool(absent))
    left_out = " easyfsl is not installed here." if absent else ""
    found.tables.append(
        Table(
            "Scoring alone, from embeddings of 640 numbers",
            "12,000 embeddings in memory, 15 queries a class, squared Euclidean distance; easyfsl "
            f"by its own path from cached features.{left_out}",
            ("Episodes", "Side", "Episodes a second", "Ours over this"),
            rows,
        )
    )
    return found


def _measure(
    found: Findings,
    rows: list[tuple[str, ...]],
    data: DataSet,
    shape: tuple[int, int, int, int, float],
    device: str,
    rounds: int,
    alone: bool,
) -> None:
    n_way, n_shot, count, turn, least = shape
    items = peers.Items(torch.from_numpy(data.stored), data.labels)
    loaded = asked(data, n_way, n_shot, count)
    model = AsTheyAre()
    bank = EmbeddingStore(model, device)
    bank.vectors(data, "test", loaded.episodes.items())
    few = loaded.episodes.first(turn)
    counts: dict[str, list[int]] = {}

    def ours() -> tuple[float, float]:
        answers = answer(model, loaded, device=device, bank=bank)
        counts["ours"] = [int(c) for c in answers.correct]
        return count, answers.scoring_seconds

    def easyfsl() -> float:
        loader = peers.easyfsl_loader(items, few)
        counts["easyfsl"] = peers.easyfsl_answers(nn.Identity(), loader, device)
        return turn

    sides = [Side("oneshot-benchmark", ours)]
    sides += [] if alone else [Side("easyfsl, cached features", easyfsl)]
    speed = alternate(sides, rounds, device)
    told = f"{n_way}-way {n_shot}-shot"
    own = speed["oneshot-benchmark"]
    found.aims.append(Aim(f"scoring {told}: episodes a second", own, least=least))
    for name, each in speed.items():
        rows.append((told, name, number(each), number(own / each)))
        if name != "oneshot-benchmark":
            found.aims.append(Aim(f"scoring {told}: times easyfsl", own / each, least=100))
            wrong = differing(counts["ours"], counts["easyfsl"])
            found.aims.append(Aim(f"scoring {told}: differing decisions", wrong, most=0))
            found.ratios.append((f"Scoring {told}: easyfsl", own / each))
