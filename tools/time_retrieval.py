"""How long a search of all items for all others takes, and the memory it needs.

python tools/time_retrieval.py --items 12000 --width 640 --class-size 600
"""

import argparse
import resource
import time

import numpy as np
import torch

from benchmark.evaluation.retrieval import by_distance, search
from benchmark.tasks.queries import Queries


class Cosine:
    distance = "cosine"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=12_000)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--class-size", type=int, default=600)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.manual_seed(0)
    classes = given.items // given.class_size
    rows = np.arange(classes * given.class_size, dtype=np.int32)
    sizes = np.full(classes, given.class_size, dtype=np.int32)
    vectors = torch.randn(len(rows), given.width, device=given.device)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, worked = time.perf_counter(), time.process_time()
    asked = Queries(rows, sizes, rows)
    search(by_distance(Cosine(), vectors), asked, given.device, lambda done, total: None)
    wall, work = time.perf_counter() - began, time.process_time() - worked
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(
        f"{len(rows)} x {given.width}, {torch.get_num_threads()} threads: {wall:.1f} s of wall "
        f"clock, {work:.1f} s of processors, {more} MiB more than before"
    )


if __name__ == "__main__":
    main()
