"""Writes benchmark/tasks/pinned.json: the digests of every ranked task and its validation twin.

    python tools/pin_tasks.py --data DIR

Tasks whose data set is not in DIR keep the pins they have. A pin whose digests change without a
new task version is refused: results on it would silently stop being comparable.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmark.datasets import catalogue as datasets
from benchmark.errors import DataMissing
from benchmark.tasks import RANKED, loading, task, track
from benchmark.tasks.labels import sizes_of
from benchmark.tasks.spec import VALIDATION
from benchmark.tasks.tracks import of_fold
from benchmark.tasks.trials import Trials

PINNED = Path(__file__).parents[1] / "benchmark" / "tasks" / "pinned.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    data = parser.parse_args().data
    old = json.loads(PINNED.read_text("utf-8")) if PINNED.is_file() else {}
    new = dict(old)
    loading.pins = dict  # this run makes the pins, so it must not be held to the old ones
    names = [twin for ranked in RANKED for twin in (ranked, ranked + VALIDATION)]
    for wanted, fold in [(task(name), fold) for name in names for fold in range(task(name).folds)]:
        home = of_fold(track(wanted.track), fold)
        try:
            whole = datasets.load(loading.data_name(home, wanted.split), data)
        except DataMissing as missing:
            print(f"{wanted.name}: kept as it is ({missing.message})", file=sys.stderr)
            continue
        loaded = loading.bind(wanted, home, whole)
        pin = {
            "version": wanted.version,
            "data_digest": loaded.data.digest,
            "episode_digest": loaded.episodes.digest(),
            "episodes": len(loaded.episodes),
            "groups": list(loaded.episodes.group_names),
        }
        sizes = sizes_of(loaded.task, loaded.episodes)
        if sizes is not None:
            pin["sizes"] = sizes
        if isinstance(loaded.episodes, Trials):
            pin["distinct"] = loaded.episodes.distinct_pairs()
        name = loaded.task.pin
        before = {"distinct": pin.get("distinct"), **old.get(name, pin)}
        if before != {"distinct": None, **pin} and before["version"] == wanted.version:
            sys.exit(f"{name} changed without a new version; raise it in the protocol's task.py.")
        new[name] = pin
    PINNED.write_text(json.dumps(new, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
