"""The order in which a model sees what it is asked: pinned, random, and without information.

Data sets are stored class by class and trials kind by kind. A model that is given them in that
order can read the answer from the position. Everything is therefore shuffled before a model sees
it, and put back into place afterwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.draw import words

VERSION = 1


def permutation(count: int, name: str) -> NDArray[np.int64]:
    """int64 [count]: a permutation of 0..count-1 that depends on `count` and `name` alone."""
    key = f"oneshot-benchmark/order/{name}/{count}/v{VERSION}"
    random = words(key, 0, -(-count // 4), 4).ravel()[:count]
    order: NDArray[np.int64] = np.argsort(random, kind="stable")
    return order
