"""The peers, as their own tutorials use them, on the same images.

In memory no image file is opened and none is resized while a peer is timed, although most do both
in their own data sets: that measures how items are put together and asked, at its best. `files`
has the images as most peers read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmark.tasks.episodes import Episodes


class Items(Dataset[tuple[Tensor, int]]):
    """Float images (or embeddings) in memory, one at a time, with what peers want to know."""

    def __init__(self, items: Tensor, labels: NDArray[np.int64]) -> None:
        self.items, self.labels = items, [int(label) for label in labels]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        item = self.items[index]
        return (item.float().div(255) if item.dtype == torch.uint8 else item), self.labels[index]

    def get_labels(self) -> list[int]:
        return self.labels


def in_order(episodes: Episodes, episode: int) -> list[int]:
    """The items of an episode class after class, support first, as the peers lay them out."""
    support, queries = episodes.support[episode], episodes.queries[episode]
    labels = episodes.labels[episode]
    return [
        int(item)
        for position in range(len(support))
        for item in (*support[position], *queries[labels == position])
    ]


def easyfsl_loader(data: Items, episodes: Episodes) -> Any:
    """easyfsl's DataLoader of the given episodes.

    Its sampler calls a constructor of PyTorch's that takes no argument any more; that one call is
    left out. With `episodes` given it draws none of its own.
    """
    from easyfsl.samplers import TaskSampler

    class Pinned(TaskSampler):  # type: ignore[misc]
        def __init__(self, n_way: int, n_shot: int, n_query: int) -> None:
            self.n_way, self.n_shot, self.n_query = n_way, n_shot, n_query
            self.n_tasks = len(episodes)

        def __iter__(self) -> Iterator[list[int]]:
            for number in range(len(episodes)):
                yield in_order(episodes, number)

    n_way, n_shot = episodes.support.shape[1:]
    sampler = Pinned(n_way, n_shot, episodes.queries.shape[1] // n_way)
    return DataLoader(
        data, batch_sampler=sampler, num_workers=0, collate_fn=sampler.episodic_collate_fn
    )


def easyfsl_answers(backbone: nn.Module, loader: Any, device: str) -> list[int]:
    """Correct answers of each episode by easyfsl's prototypical networks, as it evaluates."""
    from easyfsl.methods import PrototypicalNetworks

    method = PrototypicalNetworks(backbone).to(device).eval()
    correct = []
    with torch.no_grad():
        for support, support_labels, queries, labels, _ in loader:
            method.process_support_set(support.to(device), support_labels.to(device))
            predicted = method(queries.to(device)).argmax(dim=1).cpu()
            correct.append(int((predicted == labels).sum()))
    return correct


def learn2learn_tasks(
    data: Items, n_way: int, per_class: int, episodes: Episodes | None = None
) -> Any:
    """learn2learn's task set: its own draws, or the given episodes through its own loading."""
    import learn2learn

    kinds = learn2learn.data.transforms
    meta = learn2learn.data.MetaDataset(data)
    if episodes is None:
        first: list[Any] = [kinds.FusedNWaysKShots(meta, n=n_way, k=per_class)]
    else:
        numbers = iter(range(len(episodes)))
        description = learn2learn.data.DataDescription

        def pinned(_: Any) -> list[Any]:
            return [description(item) for item in in_order(episodes, next(numbers))]

        first = [pinned]
    last = [kinds.LoadData(meta), kinds.RemapLabels(meta), kinds.ConsecutiveLabels(meta)]
    return learn2learn.data.Taskset(meta, task_transforms=[*first, *last], num_tasks=-1)


def learn2learn_answers(
    backbone: nn.Module, tasks: Any, count: int, n_way: int, n_shot: int, device: str
) -> list[int]:
    """Correct answers of each episode, as learn2learn's example of prototypical networks asks."""
    correct = []
    with torch.no_grad():
        for _ in range(count):
            images, labels = tasks.sample()
            images, labels = images.to(device), labels.to(device)
            order = labels.sort(stable=True).indices
            images, labels = images[order], labels[order]
            embeddings = backbone(images)
            place = torch.arange(len(labels), device=device) % (len(labels) // n_way)
            support = embeddings[place < n_shot].view(n_way, n_shot, -1).mean(dim=1)
            queries, answers = embeddings[place >= n_shot], labels[place >= n_shot]
            logits = -((queries.unsqueeze(1) - support.unsqueeze(0)) ** 2).sum(dim=2)
            correct.append(int((logits.argmax(dim=1) == answers).sum()))
    return correct


def metric_learning_loader(data: Items, batch: int, workers: int) -> Any:
    """A DataLoader with pytorch-metric-learning's sampler: two items of each class."""
    from pytorch_metric_learning.samplers import MPerClassSampler

    sampler = MPerClassSampler(data.labels, m=2, batch_size=batch, length_before_new_iter=1 << 16)
    return DataLoader(
        data, batch_size=batch, sampler=sampler, num_workers=workers, persistent_workers=workers > 0
    )
