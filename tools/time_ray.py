"""Jobs a minute on Ray, and what Ray adds to each: python tools/time_ray.py [JOBS] [CPUS].

The jobs are the smallest there are (the model that guesses, on a few episodes of made-up
characters), so that what is left is the engine's. They are done in this process, then on a Ray
cluster on this machine; the first jobs, in which each worker imports PyTorch, are told apart.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.evaluation.job import RunContext
from benchmark.evaluation.run import run
from benchmark.sweep import plan as plans
from benchmark.sweep.cluster import Cluster
from benchmark.sweep.executor import Job, Message
from benchmark.sweep.ray import RayExecutor
from benchmark.sweep.suite import RunGrid
from benchmark.tasks.own import looking_in

TASK = "made-up-few-3w1s"


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    cpus = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _data(folder / "data")
        with looking_in(folder / "data"):
            wanted = [RunGrid("chance", (TASK,), tuple(range(jobs)), "quick")]
            planned = plans.make(wanted, folder / "here").planned
            context = RunContext(folder / "data", folder / "here", folder / "work")
            seconds = []
            for each in planned:
                began = time.perf_counter()
                list(run(each.job, context))
                seconds.append(time.perf_counter() - began)
            here = float(np.median(seconds))  # the first import and load
            watch = Watch()
            where = Cluster(
                None, cpus=cpus, context=RunContext(folder / "data", work=folder / "work")
            )
            with RayExecutor(where, folder / "ray", watch) as crew:
                crew.run(planned)
                places = crew.capacity()
    done = np.array(watch.done_at)
    warm = int(np.searchsorted(done - done[0], 1.0)) + places  # once every worker has begun
    rate = (len(done) - warm) / (done[-1] - done[warm - 1])
    print(f"here     {60 / here:8,.0f} jobs a minute, {1e3 * here:6.1f} ms a job")
    print(f"on Ray   {60 * rate:8,.0f} jobs a minute with {places} at once")
    print(f"overhead {1e3 * (places / rate - here):8.1f} ms a job")
    print(f"start    {done[0] - watch.began_at:8.1f} s until the first job is done")


class Watch:
    """A listener that notes when jobs are done."""

    def __init__(self) -> None:
        self.began_at = time.perf_counter()
        self.done_at: list[float] = []

    def done(self, job: Job) -> None:
        self.done_at.append(time.perf_counter())

    def lost(self, job: Job, reason: str) -> None:
        raise SystemExit(f"{job.title}: {reason}")

    def began(self, job: Job, slot: int) -> None:
        """Is of no interest, like the rest."""

    def heard(self, job: Job, message: Message) -> None: ...

    def put_back(self, job: Job, reason: str) -> None: ...

    def tick(self) -> None: ...


def _data(directory: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 20)
    items = random.integers(0, 256, (240, 1, 16, 16), dtype=np.uint8)
    names = tuple(f"c{c:02d}" for c in range(12))
    split = Groups((labels // 4).astype(np.int32), ("train", "validation", "test"))
    few = {"within": None, "apart": None, "queries": 3, "episodes": 40}
    data = whole("made-up", "character", items, labels, names, {"split": split})
    store.save(data, directory, own={"tasks": {"few": few}, "version": 1})


if __name__ == "__main__":
    main()
