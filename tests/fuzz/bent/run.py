"""Many bent inputs of one kind: each is read or refused by one clear line, and leaves no trace."""

from __future__ import annotations

import resource
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmark.errors import OneshotError
from bent.kinds import Kind
from bent.watch import Hung, watched

MOST_GROWTH = {"images": 2_500}  # MiB of resident memory; an image may have 100 million pixels
USUAL_GROWTH = 256


@dataclass
class Found:
    """What became of the inputs of a kind."""

    kind: str
    cases: int = 0
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    growth: int = 0  # MiB
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)  # by their last line
    counts: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """A line of the table that `make fuzz` prints."""
        return (
            f"{self.kind:14} {self.cases:7,} cases  {self.read:7,} read  {self.refused:7,} refused"
            f"  {sum(self.counts.values()):4} faults  {self.seconds:6.1f} s  "
            f"slowest {self.slowest:5.2f} s  memory +{self.growth} MiB"
        )


def fuzz(kind: Kind, cases: int, folder: Path, first: int = 0) -> Found:
    """Reads so many bent inputs; the case with the number n is the same every time."""
    found = Found(kind.name)
    place = folder / f"input{kind.ending}"
    started, memory = time.monotonic(), None
    for number in range(first, first + cases):
        content = kind.bend(Random(f"{kind.name} {number}"))
        place.write_bytes(content)
        began = time.monotonic()
        fault = _one(kind, place, found, folder)
        took = time.monotonic() - began
        found.slowest = max(found.slowest, took)
        found.cases += 1
        if fault:
            key = _key(fault)
            found.counts[key] += 1
            found.faults.setdefault(key, (number, fault))
        if number == first + min(50, cases // 2):  # lazy imports and caches are no growth
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found.seconds = time.monotonic() - started
    if memory is not None:
        found.growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) >> 10
        if found.growth > MOST_GROWTH.get(kind.name, USUAL_GROWTH):
            found.counts["memory"] += 1
            found.faults["memory"] = (-1, f"memory grew by {found.growth} MiB")
    return found


def _one(kind: Kind, place: Path, found: Found, folder: Path) -> str:
    """Reads one input; gives what is wrong with that, or nothing."""
    before = sorted(folder.parent.iterdir())
    try:
        with warnings.catch_warnings(), watched(folder) as seen:
            warnings.simplefilter("ignore")
            try:
                kind.read(place)
                found.read += 1
            except OneshotError as error:
                found.refused += 1
                fault = _unclear(error)
                if fault:
                    return fault
    except Hung:
        return f"hangs\n{traceback.format_exc()}\nhangs"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return traceback.format_exc()
    if seen:
        return f"it did what it must not: {seen[0]}"
    if sorted(folder.parent.iterdir()) != before:
        return "it left something beside its folder"
    return ""


def _key(fault: str) -> str:
    """What faults of one cause have in common: the kind of error and the place."""
    lines = fault.strip().splitlines()
    places = [line.strip() for line in lines if "/benchmark/" in line or "/baselines/" in line]
    error = lines[-1].split(":")[0][:100]
    return f"{error} at {places[-1]}" if places else error


def _unclear(error: OneshotError) -> str:
    """Why a refusal is no clear line."""
    text = str(error)
    if not text.strip():
        return "the refusal says nothing"
    if len(text) > 200_000:
        return f"the refusal has {len(text):,} characters"
    return ""
