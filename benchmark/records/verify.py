"""Checks on committed records: is each what it says, and does it answer the pinned questions?

Everything here works without data and without torch, but for prefixes of a task: whether a record
of fewer episodes answered the first of the pinned ones is told by a digest that is drawn anew.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.datasets.catalogue import KNOWN, digest_at_hand
from benchmark.errors import OneshotError
from benchmark.files import inside
from benchmark.protocols.catalogue import BY_OUTCOME
from benchmark.records import canonical, evidence, readings, store
from benchmark.records.possible import impossible
from benchmark.records.schema import Counts, Outcome, Record
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import data_name, pins
from benchmark.tasks.own import DIRECTORY
from benchmark.tasks.spec import VALIDATION, Task
from benchmark.tasks.tracks import track as find_track

PrefixDigest = Callable[[str, int], str | None]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a record, or could not be checked.

    Attributes:
        path: the record's file.
        says: in words.
        unchecked: whether it is no fault but something that could not be looked at here.
        outdated: whether the record is sound, but of other data than those at hand.
    """

    path: Path
    says: str
    unchecked: bool = False
    outdated: bool = False


def verify(
    results: Path, prefix_digest: PrefixDigest | None = None, listed: bool = True
) -> tuple[int, list[Finding]]:
    """How many records there are, and what was found.

    Args:
        results: the results folder.
        prefix_digest: (task, episodes) -> digest of the task's first so many episodes, or None
            where its data are not there.
        listed: whether to compare with `verified.csv`, where there is one.

    Raises:
        OneshotError: there is no record at all.
    """
    paths = list(store.paths(results))
    if not paths:
        raise OneshotError(f"There are no records in {results / store.RECORDS}.")
    copies = _Copies()
    noted = _Noted(results)
    findings = [
        finding
        for path in paths
        for finding in _of_file(results, path, prefix_digest, copies, noted)
    ]
    findings += [*copies.findings(), *noted.findings()]
    if listed:
        findings += _listed(results, paths)
    return len(paths), findings


def _listed(results: Path, paths: list[Path]) -> Iterator[Finding]:
    """Records that are not as `verified.csv` lists them."""
    try:
        yield from (Finding(path, says) for path, says in evidence.changes(results, paths))
    except OneshotError as error:
        yield Finding(results / evidence.FILE, error.message)


class _Noted:
    """Finds records whose test was read without a line in `readings`, where that folder exists."""

    def __init__(self, results: Path) -> None:
        folders = (readings.FOLDER, readings.RESTORED)
        self._kept = any((results / folder).is_dir() for folder in folders)
        self._lines = Counter(
            (track, *row) for folder in folders for track, row in readings.rows(results, folder)
        )
        self._records: dict[tuple[str, ...], list[Path]] = defaultdict(list)

    def add(self, path: Path, record: Record) -> None:
        task, model = record.task, record.model
        if not self._kept or record.outcome is None or task.name.endswith(VALIDATION):
            return
        with contextlib.suppress(OneshotError):  # a task of data that are not here
            track = store.slug(find_task(task.name).track)
            named = (model.key, task.name, str(task.version), model.recipe8, str(record.seed))
            self._records[track, *named].append(path)

    def findings(self) -> Iterator[Finding]:
        for key, paths in self._records.items():
            if self._lines[key] < len(paths):  # one line for each fold
                says = "no line of the readings says that its test was read"
                yield from (Finding(path, says, unchecked=True) for path in paths)


class _Copies:
    """Finds one training under several seeds; keeps digests alone.

    Two trainings with other seeds have other weights and other answers. A model without a training
    answers alike under every seed, and so do trainings whose answers are nearly all the same ones.
    """

    def __init__(self) -> None:
        self._seeds: dict[tuple[Any, ...], dict[int, Path]] = defaultdict(dict)

    def add(self, path: Path, record: Record) -> None:
        if record.model.recipe.get("budget") in (None, "none") or record.outcome is None:
            return
        if record.provenance.weights is not None:
            weights = ("weights", record.provenance.weights)
            self._seeds[weights].setdefault(record.seed, path)
        if _is_telling(record.outcome):
            answers = canonical.digest(record.outcome.model_dump(mode="json"))
            task, model = record.task, record.model
            same = ("answers", task.name, task.version, record.fold, model.key, model.recipe8)
            self._seeds[*same, answers].setdefault(record.seed, path)

    def findings(self) -> Iterator[Finding]:
        for (what, *_), found in self._seeds.items():
            if len(found) > 1:
                seeds = ", ".join(map(str, sorted(found)))
                says = f"its {what} are those of other seeds too ({seeds}): one training, copied"
                yield from (Finding(path, says) for path in found.values())


def _is_telling(outcome: Outcome) -> bool:
    """Whether equal outcomes cannot be chance: at least ten answers differ from the usual one."""
    values = Counter(outcome.telling)
    return outcome.answered - max(values.values()) >= 10


def _of_file(
    results: Path,
    path: Path,
    prefix_digest: PrefixDigest | None,
    copies: _Copies,
    noted: _Noted,
) -> Iterator[Finding]:
    try:
        inside(results, path)
        content = store.content(path)
        record = store.parse(path, content)  # schema, counts in range, id equal to the content
    except OneshotError as error:
        yield Finding(path, error.message)
        return
    copies.add(path, record)
    noted.add(path, record)
    reason = impossible(record)
    if reason is not None:
        yield Finding(path, reason)
        return
    if f'"id": "{record.id}"' not in content.decode("utf-8", "replace"):
        yield Finding(path, "it does not state its id")
    if store.encode(record) != content:
        yield Finding(path, "its bytes are not those that the suite writes")
    if store.record_path(results, record) != path:
        yield Finding(path, f"its content belongs at {store.record_path(results, record)}")
    says = outdated_data(record)
    if says is not None:
        yield Finding(path, says, outdated=True)
        return  # its questions were drawn from data that are not here
    yield from (
        Finding(path, says, unchecked) for says, unchecked in _of_record(record, prefix_digest)
    )


def outdated_data(record: Record) -> str | None:
    """That a record was measured on other data than those at hand, with both digests, or None.

    Only data sets of the user's own are looked at: those of the suite are pinned.
    """
    try:
        task = find_task(record.task.name)
        track = find_track(task.track)
    except OneshotError:
        return None
    name = data_name(track, task.split)
    digest = None if name in KNOWN else digest_at_hand(name, DIRECTORY.get())
    if digest in (None, record.task.data_digest):
        return None
    return (
        f"it was measured on other data than those at hand as '{name}': digest "
        f"{record.task.data_digest[:12]}, here {str(digest)[:12]}"
    )


def _of_record(
    record: Record, prefix_digest: PrefixDigest | None
) -> Iterator[tuple[str, bool]]:  # fmt: skip
    """(what is said, whether it only could not be checked) of a record that can be read."""
    try:
        task = find_task(record.task.name)
    except OneshotError:
        yield f"{record.task.name} is no task of this suite", True
        return
    if task.version != record.task.version:
        yield f"{task.name} is now version {task.version}, not {record.task.version}", True
        return
    if record.fold not in (range(task.folds) if task.folds > 1 else (None,)):
        yield f"fold {record.fold} is none of the {task.folds} of {task.name}", False
        return
    pin = pins().get(replace(task, fold=record.fold).pin)
    if pin is not None and pin["data_digest"] != record.task.data_digest:
        yield "its data are not the pinned ones", False
    if record.calibration is not None and isinstance(record.outcome, Counts):
        counted = sum(record.calibration.answers), sum(record.calibration.correct)
        answered = record.outcome.of * len(record.outcome.correct), sum(record.outcome.correct)
        if counted != answered:
            yield "its calibration counts other answers than its outcome", False
    asked = [(task.name, record.task.episodes, record.task.episode_digest, record.outcome)]
    if record.validation is not None:
        told = record.validation
        if told.task != task.name + VALIDATION:
            yield f"its validation is {told.task}, not {task.name}{VALIDATION}", False
        else:
            asked.append(
                (told.task, told.outcome.answered, told.episode_digest, told.outcome)
            )  # fmt: skip
    for name, episodes, digest, outcome in asked:
        try:
            of_fold = replace(find_task(name), fold=record.fold)
        except OneshotError as error:  # its data, the user's own, have no such split now
            yield f"its {name} cannot be checked: {error.message}", True
            continue
        yield from _questions(of_fold, episodes, digest, outcome, prefix_digest)


def _questions(
    task: Task,
    episodes: int,
    digest: str,
    outcome: Outcome | None,
    prefix_digest: PrefixDigest | None,
) -> Iterator[tuple[str, bool]]:
    """Whether these are the first so many of the task's pinned episodes."""
    name, pin = task.name, pins().get(task.pin)
    if outcome is not None:
        for fault in BY_OUTCOME[outcome.kind].faults(task, outcome):
            yield fault, False
    if episodes > task.episodes:
        yield f"{name} has {task.episodes} episodes, not {episodes}", False
    elif pin is not None and episodes == pin["episodes"]:
        if digest != pin["episode_digest"]:
            yield f"its episodes are not the pinned ones of {name}", False
    else:
        drawn = None
        if prefix_digest is not None and task.fold is None:
            drawn = prefix_digest(name, episodes)
        if drawn is None:
            yield f"the first {episodes} episodes of {name} need its data to be checked", True
        elif drawn != digest:
            yield f"its episodes are not the first {episodes} of {name}", False
