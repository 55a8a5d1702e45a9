"""Whether the record of a job is there: of this recipe, of these data, by this code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from benchmark import sources
from benchmark.datasets.catalogue import digest_at_hand
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunSpec, path_of
from benchmark.evaluation.outcome import least_of
from benchmark.evaluation.provenance import stated
from benchmark.files import set_aside
from benchmark.records import store
from benchmark.records.schema import Record
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import data_name

OUTDATED = ".outdated"  # in the names of records that were measured again; nobody's to delete
State = Literal["missing", "damaged", "short", "outdated", "present", "again"]


@dataclass(frozen=True)
class Presence:
    """What lies at the place of a record.

    Attributes:
        path: where the record belongs.
        state: "damaged" is no valid record of the job, "outdated" one of other data or code,
            "short" one of too few episodes, "again" a sound one that is to be measured again.
        reason: why it does not count, in words.
        failed: whether a present record says that the model failed.
        measured: when a present or outdated record was written.
    """

    path: Path
    state: State
    reason: str = ""
    failed: bool = False
    measured: datetime | None = None

    @property
    def present(self) -> bool:
        """Whether nothing has to be measured."""
        return self.state == "present"


def presence(
    job: RunSpec,
    model: object,
    task: str,
    recipe: dict[str, Any],
    results: Path,
    data: Path | None,
    files: Mapping[str, str],
) -> Presence:
    """Looks whether the job's record for a task is there and is still true.

    Args:
        job: what is asked.
        model: built for it.
        task: one of its tasks.
        recipe: the model's whole recipe.
        results: the results folder.
        data: the data directory, None for the usual one.
        files: `job.spec.files`, which costs something to find.
    """
    path = path_of(job, task, recipe, results)
    try:
        measured = datetime.fromtimestamp(path.stat().st_mtime)  # as the reader's clock shows it
        record = store.read(path)
    except FileNotFoundError:
        return Presence(path, "missing")
    except (OSError, OneshotError):
        return Presence(path, "damaged")
    if store.record_path(results, record) != path:
        return Presence(path, "damaged")
    reason = _outdated(record, job, task, data, files)
    if reason is not None:
        return Presence(path, "outdated", reason, measured=measured)
    if record.task.episodes < least_of(model, find_task(task), job.episodes):
        reason = f"it answers the first {record.task.episodes:,} episodes alone"
        return Presence(path, "short", reason, measured=measured)
    return Presence(path, "present", failed=record.outcome is None, measured=measured)


def _outdated(
    record: Record, job: RunSpec, task: str, data: Path | None, files: Mapping[str, str]
) -> str | None:
    """What has changed since the record was made, in words; None where nothing is known to have."""
    asked = find_task(task).on(job.track)
    name = data_name(job.track, asked.split)
    digest = digest_at_hand(name, data)
    if digest is not None and digest != record.task.data_digest:
        return f"the data '{name}' have changed"
    if record.provenance.task is not None and record.provenance.task != stated(asked):
        return f"the settings of the data '{name}' have changed"
    before = record.provenance.files
    if not before:  # measured before the files were recorded; the recipe has the model's own file
        home = job.spec.home if job.spec.code is not None else None
        told = None if home is None else sources.name_of("", home, home)
        more = sorted(name for name in files if name != told)
        return f"nothing is recorded of {more[0]}" if more else None
    return sources.changed(before, files, job.spec.homes)


def keep_outdated(results: Path, record: Record) -> None:
    """Sets aside the record that a new one is to replace, if it is of other data or code."""
    path = store.record_path(results, record)
    try:
        before = store.read(path)
    except OneshotError:
        return
    same_data = before.task.data_digest == record.task.data_digest
    is_short = same_data and before.task.episodes < record.task.episodes
    if before.id != record.id and not is_short:
        set_aside(path, "it was measured on other data or with other code", OUTDATED)


def on_disk(found: Presence) -> bool:
    """Whether the record is on disk now, given what was found at its place before the run."""
    try:
        status = found.path.stat()
        if found.state == "damaged":
            store.read(found.path)
    except (OSError, OneshotError):
        return False
    if found.state in ("short", "outdated"):  # the old file does not count
        return datetime.fromtimestamp(status.st_mtime) != found.measured
    return True


def summary(found: Iterable[Presence]) -> list[str]:
    """Lines about the records that are there already: how many, from when, and what to type."""
    present = [each for each in found if each.present]
    if not present:
        return []
    times = sorted(each.measured for each in present if each.measured is not None)
    first, last = (f"{time:%Y-%m-%d %H:%M}" for time in (times[0], times[-1]))
    when = f"of {first}" if first == last else f"from {first} to {last}"
    many = "1 record was" if len(present) == 1 else f"{len(present)} records were"
    lines = [f"{many} there already, {when}; --existing redo measures again."]
    failed = sum(each.failed for each in present)
    if failed:
        many = "1 failed record was" if failed == 1 else f"{failed} failed records were"
        lines.append(f"{many} there already; --existing redo tries again.")
    return lines
