"""Ten thousand episodes of miniImageNet, from images in memory to the record."""

from __future__ import annotations

from typing import Any

import torch

from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import BATCH_PIXELS
from benchmark.evaluation.folding import channels_last, folded
from benchmark.evaluation.outcome import ask
from benchmark.evaluation.provenance import provenance
from benchmark.records.schema import ModelRef, Record, TaskRef
from benchmark.tasks.loading import LoadedTask
from performance import peers
from performance.material import Embedder, asked, photographs
from performance.measure import Aim, Findings, Side, Table, alternate, missing

EPISODES = 10_000
TURN = 34  # episodes of a peer in one turn: three turns are more than 100
FORWARD, SLOW_FORWARD = 2_000, 512  # images of a pure forward in one turn
LOW = ("bfloat16", "float16")
ONCE = " (one turn)"


def record(model: Any, loaded: LoadedTask, device: str, dtype: str = "float32") -> Record:
    """Everything between images in memory and the record."""
    bank = EmbeddingStore(model, device, dtype=dtype)
    answers = ask(model, loaded, seed=0, device=device, bank=bank)
    task = TaskRef(
        name=loaded.task.name, version=loaded.task.version, data_digest=loaded.data.digest,
        episode_digest=answers.asked.digest(), episodes=len(answers.asked),
    )  # fmt: skip
    recipe = {"backbone": "conv4", "dtype": dtype}
    return Record(
        schema=1, task=task, model=ModelRef(key="conv4", recipe=recipe), seed=0,
        outcome=answers.outcome, provenance=provenance(device, None, ()),
    )  # fmt: skip


def measure(device: str, rounds: int) -> Findings:
    """Our record against the pure forward, and against what peers would take."""
    data, real = photographs()
    model = Embedder(3, 84).to(device)
    loaded = asked(data, 5, 1, EPISODES)
    images = torch.from_numpy(data.stored[:FORWARD]).float().div_(255).to(device)
    last = images.contiguous(memory_format=torch.channels_last)
    few = loaded.episodes.first(TURN)
    items = peers.Items(torch.from_numpy(data.stored), data.labels)
    ours: dict[str, Record] = {}
    theirs: dict[str, list[int]] = {}

    def suite(dtype: str) -> float:
        ours[dtype] = record(model, loaded, device, dtype)
        return EPISODES

    def forward(batch: int, quick: bool) -> float:
        with torch.inference_mode():
            if not quick:
                for start in range(0, SLOW_FORWARD, batch):
                    model.embed(images[start : start + batch])
                return SLOW_FORWARD
            with folded(model):
                source = last if channels_last(images[:1]) is not images[:1] else images
                for start in range(0, FORWARD, batch):
                    model.embed(source[start : start + batch])
        return FORWARD

    def easyfsl() -> float:
        loader = peers.easyfsl_loader(items, few)
        theirs["easyfsl"] = peers.easyfsl_answers(model.backbone, loader, device)
        return TURN

    def learn2learn() -> float:
        tasks = peers.learn2learn_tasks(items, 5, 16, few)
        theirs["learn2learn"] = peers.learn2learn_answers(model.backbone, tasks, TURN, 5, 1, device)
        return TURN

    best = BATCH_PIXELS // 84**2 if device == "cpu" else 512
    sides = [
        Side("oneshot-benchmark", lambda: suite("float32")),
        Side("oneshot-benchmark, bfloat16", lambda: suite("bfloat16")),
        Side("forward, as quick as we know", lambda: forward(best, quick=True)),
        Side("forward, batches of 64", lambda: forward(64, quick=False)),
    ]
    absent = missing("easyfsl", "learn2learn")
    known = {"easyfsl": easyfsl, "learn2learn": learn2learn}
    sides += [Side(name, run) for name, run in known.items() if name not in absent]
    forward(best, quick=True)  # what happens once
    speed = alternate(sides, rounds, device, warm=False)
    # Where a processor has to imitate it, float16 takes minutes: once will do.
    half = [Side(f"oneshot-benchmark, float16{ONCE}", lambda: suite("float16"))]
    speed |= alternate(half, 1, device, warm=False)
    return _findings(speed, ours, theirs, len(data), real, absent)


def _findings(
    speed: dict[str, float],
    ours: dict[str, Record],
    theirs: dict[str, list[int]],
    images: int,
    real: bool,
    absent: list[str],
) -> Findings:
    seconds = {
        name: (images if name.startswith("forward") else EPISODES) / each
        for name, each in speed.items()
    }
    own, limit = seconds["oneshot-benchmark"], seconds["forward, as quick as we know"]
    counts = {dtype: made.outcome.correct for dtype, made in ours.items()}  # type: ignore[union-attr]
    of = ours["float32"].outcome.of  # type: ignore[union-attr]
    found = Findings()
    rows = []
    for name, value in seconds.items():
        told = "" if name not in theirs else f"{differing(counts['float32'], theirs[name])} differ"
        low = name.removesuffix(ONCE).rpartition(" ")[2]
        if low in LOW:
            told = f"{differing(counts['float32'], counts[low])} differ"
        rows.append((name, f"{value:,.1f}", f"{value / own:,.2f}", told))
    what = "miniImageNet's 12,000 test images" if real else "noise of miniImageNet's shape"
    left_out = f" Not installed here, hence left out: {', '.join(absent)}." if absent else ""
    found.tables.append(
        Table(
            "10,000 episodes, from images in memory to the record",
            f"5-way 1-shot with 15 queries, Conv4 (64 filters) at 84x84, {what}. Peers answer the "
            f"first {TURN} of the same episodes in each turn, and their time is extrapolated; the "
            "pure forward is that of all test images, already float32 tensors in memory. The last "
            f"column counts decisions that differ from ours in float32.{left_out}",
            ("Side", "Seconds", "Times ours", "Decisions"),
            rows,
        )
    )
    found.aims.append(Aim("record over pure forward", own / limit, most=1.15))
    for name, answers in theirs.items():
        found.aims.append(Aim(f"{name}: times as long as ours", seconds[name] / own, least=40))
        found.aims.append(
            Aim(f"{name}: differing decisions", differing(counts["float32"], answers), most=0)
        )
        found.ratios.append((f"Evaluation: {name}", seconds[name] / own))
    for low in LOW:
        same = 1 - differing(counts["float32"], counts[low]) / (of * EPISODES)
        found.aims.append(Aim(f"decisions equal in {low}, percent", 100 * same, least=99.9))
    return found


def differing(a: list[int], b: list[int]) -> int:
    """At least so many decisions differ, by the counts of the episodes that both answered."""
    return sum(abs(x - y) for x, y in zip(a, b, strict=False))
