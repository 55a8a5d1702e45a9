"""Training: what the input delivers, what a step takes, and what the arithmetic alone takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from baselines.training.augment import augment
from benchmark.evaluation.allocation import kept_memory
from performance.bench import BATCH, CLASSES, FILES, LOW, Bench, Source
from performance.material import Embedder, training_images
from performance.measure import Aim, Findings, Side, Table, alternate, missing, number

# Track, title, steps of a training in one turn, batches of ours and of a peer's input in one turn.
TRACKS = (
    ("omniglot-background", "Omniglot 28x28", 30, 400, 40),
    ("mini-imagenet", "miniImageNet 84x84", 4, 60, 20),
)
# As each peer's own benchmark or tutorial feeds that data set; aims are against these.
OWN_WAY = {
    ("omniglot-background", f"learn2learn{FILES}"),
    ("omniglot-background", f"DataLoader{FILES}"),
    ("mini-imagenet", "learn2learn"),
    ("mini-imagenet", f"DataLoader{FILES}"),
}


def measure(device: str, rounds: int) -> Findings:
    """Input and training of both data sets."""
    found = Findings()
    absent = missing("learn2learn", "pytorch_metric_learning")
    rows_of_input: list[tuple[str, ...]] = []
    rows_of_steps: list[tuple[str, ...]] = []
    noise = []
    for track, title, steps, many, few in TRACKS:
        data, real = training_images(track)
        noise += [] if real else [title]
        bench = Bench(track, data, device)
        with bench.loaders(absent) as loaders:
            _input(found, rows_of_input, title, bench, loaders, many, few, rounds)
            _steps(found, rows_of_steps, title, bench, loaders, steps, rounds)
    said = f" Noise in place of images: {', '.join(noise)}." if noise else ""
    left_out = f" Not installed here, hence left out: {', '.join(absent)}." if absent else ""
    found.tables.append(
        Table(
            "Input: items delivered a second",
            f"Batches of {BATCH} float32 images on the device, from images in memory; {CLASSES} "
            "classes with two images each. learn2learn's task sets put together tasks of that "
            "shape; the DataLoader has pytorch-metric-learning's sampler and two worker "
            "processes. From files: each item is opened, decoded and brought to size when it is "
            "asked for, as learn2learn's own Omniglot benchmark and the usual data sets of a "
            "DataLoader do (PNG of 105x105; JPEG of no more than 84x84). Aims are against each "
            "peer's own way; the other rows show what is left to it when its user has prepared "
            f"the images in memory.{said}{left_out}",
            ("Data", "Side", "Items a second", "Ours over this"),
            rows_of_input,
        )
    )
    found.tables.append(
        Table(
            "Training: items a second",
            f"Conv4, batches of {BATCH}, NT-Xent, Adam; a step is input, forward, backward and the "
            "optimiser. Peers train the same network on their own input at the same dtype, "
            "learn2learn by the prototypical loss. The arithmetic alone is forward, backward and "
            "optimiser on one batch that lies in memory. Augmentation counts where it is named.",
            ("Data", "dtype", "Side", "Items a second", "Ours over this"),
            rows_of_steps,
        )
    )
    return found


def _input(
    found: Findings,
    rows: list[tuple[str, ...]],
    title: str,
    bench: Bench,
    loaders: dict[str, Source],
    many: int,
    few: int,
    rounds: int,
) -> None:
    def ours() -> float:
        for step in range(many):
            bench.batch(step)
        return many * BATCH

    def augmented() -> float:
        recipe = bench.model("float32", bench.data.family).recipe
        for step in range(few):
            images, batch = bench.batch(step)
            augment(images, batch.turns, recipe, 0, step)
        return few * BATCH

    def theirs(next_batch: Source) -> float:
        return sum(len(next_batch()[0]) for _ in range(few))

    sides = [Side("oneshot-benchmark", ours), Side("oneshot-benchmark, augmented", augmented)]
    sides += [Side(name, partial(theirs, source)) for name, source in loaders.items()]
    speed = alternate(sides, rounds, bench.device)
    own = speed["oneshot-benchmark"]
    for name, each in speed.items():
        rows.append((title, name, number(each), number(own / each)))
        if name in loaders:
            least = 10 if (bench.track, name) in OWN_WAY else None
            found.aims.append(Aim(f"input, {title}: times {name}", own / each, least=least))
            found.ratios.append((f"Input, {title}: {name}", own / each))


def _steps(
    found: Findings,
    rows: list[tuple[str, ...]],
    title: str,
    bench: Bench,
    loaders: dict[str, Source],
    steps: int,
    rounds: int,
) -> None:
    sides: list[Side] = []
    for dtype in LOW:
        for name, augmentation in (("", "none"), (", augmented", bench.data.family)):
            run = partial(_ours, bench, steps, dtype, augmentation)
            sides.append(Side(f"{dtype}/oneshot-benchmark{name}", run))
        sides.append(Side(f"{dtype}/arithmetic alone", Alone(bench, dtype, steps)))
        for name, source in loaders.items():
            sides.append(Side(f"{dtype}/{name}", Theirs(bench, dtype, steps, name, source)))
    speed = alternate(sides, rounds, bench.device)
    for dtype in LOW:
        own, alone = speed[f"{dtype}/oneshot-benchmark"], speed[f"{dtype}/arithmetic alone"]
        for label, each in speed.items():
            kind_of, name = label.split("/", 1)
            if kind_of == dtype:
                rows.append((title, dtype, name, number(each), number(own / each)))
        found.aims.append(
            Aim(f"training, {title}, {dtype}: percent of the arithmetic alone",
                100 * own / alone, least=90)
        )  # fmt: skip
        for name in loaders:
            ratio = own / speed[f"{dtype}/{name}"]
            aimed = title.startswith("Omniglot") and (bench.track, name) in OWN_WAY
            least = (2.0 if dtype == "float32" else 3.0) if aimed else None
            found.aims.append(Aim(f"training, {title}, {dtype}: times {name}", ratio, least=least))
            found.ratios.append((f"Training, {title}, {dtype}: {name}", ratio))
    gain = speed["bfloat16/oneshot-benchmark"] / speed["float32/oneshot-benchmark"]
    rows.append((title, "", "what bfloat16 adds to ours", f"x {gain:.2f}", ""))


def _ours(bench: Bench, steps: int, dtype: str, augmentation: str) -> tuple[float, float]:
    return steps * BATCH, bench.train(steps, dtype, augmentation)


class Alone:
    """Forward, backward and optimiser on one batch in memory, as the suite computes."""

    def __init__(self, bench: Bench, dtype: str, steps: int) -> None:
        self.bench, self.dtype, self.steps = bench, dtype, steps

    def __call__(self) -> tuple[float, float]:
        model = self.bench.model(self.dtype, "none").to(self.bench.device).train()
        images, batch = self.bench.batch(0)
        labels = torch.from_numpy(batch.labels).to(self.bench.device)
        optimiser = torch.optim.Adam(model.parameters(), lr=0.001)

        def step() -> Tensor:
            loss: Tensor = model.loss(model.metric, model(images), labels, None)
            return loss

        with kept_memory():
            return self.steps * BATCH, timed(step, optimiser, self.steps, self.dtype, images.device)


class Theirs:
    """The same network on a peer's input, in PyTorch's usual memory format."""

    def __init__(
        self,
        bench: Bench,
        dtype: str,
        steps: int,
        name: str,
        source: Source,
    ) -> None:
        self.bench, self.dtype, self.steps, self.name = bench, dtype, steps, name
        self.source = source

    def __call__(self) -> tuple[float, float]:
        data = self.bench.data
        network = Embedder(data.channels, data.side).backbone.to(self.bench.device).train()
        optimiser = torch.optim.Adam(network.parameters(), lr=0.001)
        loss = prototypical if self.name.startswith("learn2learn") else nt_xent()

        def step() -> Tensor:
            images, labels = self.source()
            return loss(network(images).float(), labels)

        return self.steps * BATCH, timed(
            step, optimiser, self.steps, self.dtype, torch.device(self.bench.device)
        )


def timed(
    step: Callable[[], Tensor],
    optimiser: torch.optim.Optimizer,
    steps: int,
    dtype: str,
    device: torch.device,
) -> float:
    """Seconds of so many steps after a first one."""
    low = torch.autocast(device.type, torch.bfloat16) if LOW[dtype] else nullcontext()
    began = 0.0
    for number_of_step in range(steps + 1):
        if number_of_step == 1:
            began = time.perf_counter()
        with low:
            loss = step()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        float(loss.detach())  # every side reports its loss
    return time.perf_counter() - began


def prototypical(embeddings: Tensor, labels: Tensor) -> Tensor:
    """Snell et al. 2017, as in learn2learn's example: one support and one query of each class."""
    order = labels.sort(stable=True).indices
    pairs = embeddings[order].view(CLASSES, 2, -1)
    distances = ((pairs[:, 1, None] - pairs[None, :, 0]) ** 2).sum(dim=2)
    answers = torch.arange(CLASSES, device=embeddings.device)
    return nn.functional.cross_entropy(-distances, answers)


def nt_xent() -> Any:
    """pytorch-metric-learning's."""
    from pytorch_metric_learning.losses import NTXentLoss

    return NTXentLoss(temperature=0.1)
