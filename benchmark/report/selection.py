"""From what a person types, KEY or KEY--RECIPE8, to the records of one recipe on each task."""

from __future__ import annotations

import contextlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from benchmark.errors import OneshotError, UnknownName
from benchmark.files import inside
from benchmark.records.possible import impossible
from benchmark.records.schema import Record
from benchmark.records.store import RECORDS, file_name, read, record_path, slug
from benchmark.registry import record_key
from benchmark.report import recipes
from benchmark.report.task_info import is_validation

TaskVersion = tuple[str, int]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folder:
    """The folder of one recipe's records on one task version, known by its name alone."""

    task: str
    version: int
    model: str
    recipe8: str
    path: Path


def folders(results: Path) -> list[Folder]:
    """Every record folder below a results folder, in a fixed order; reads no record."""
    found = []
    for path in sorted((results / RECORDS).glob("*/*/")):
        task = re.fullmatch(r"(.+)\.v(\d+)", path.parent.name)
        model = re.fullmatch(r"(.+)--([0-9a-f]{8})", path.name)
        if task and model:
            found.append(Folder(task[1], int(task[2]), model[1], model[2], path))
    return found


def choose(found: list[Folder], model: str, pattern: str = "*") -> dict[TaskVersion, Folder]:
    """The model's folder on each task version that the pattern fits.

    Args:
        found: all folders.
        model: KEY or KEY--RECIPE8; the file of a model may be named with its folders.
        pattern: glob of task names, upper and lower case told apart; validation twins only where
            it names them.

    Raises:
        OneshotError: for a model without records, or with several recipes on one task.
    """
    named = re.fullmatch(r"(.+)--([0-9a-f]{8})", model)
    key, recipe8 = (named[1], named[2]) if named else (model, None)
    key = record_key(key)
    mine = [f for f in found if recipe8 in (None, f.recipe8) and _is_of(f, key)]
    if not mine:
        raise UnknownName(
            "model with records", model, _near(found, key), "Type: oneshot leaderboard"
        )
    by_task: dict[TaskVersion, list[Folder]] = defaultdict(list)
    for folder in mine:
        twin = is_validation(folder.task)
        if fnmatchcase(folder.task, pattern) and (not twin or "@" in pattern):
            by_task[folder.task, folder.version].append(folder)
    for (task, _), several in sorted(by_task.items()):
        if len(several) > 1:
            raise OneshotError(
                f"{key} has {len(several)} recipes on {task}: "
                f"{'; '.join(_told(folder) for folder in several)}.",
                f"Type one of them in full, such as {key}--{several[0].recipe8}.",
            )
    return {task: several[0] for task, several in by_task.items()}


def _near(found: list[Folder], key: str) -> list[str]:
    """Keys like this one, as records spell them; folders leave signs out."""
    by_name = {folder.model: folder for folder in found}
    near = get_close_matches(slug(key), by_name, n=3, cutoff=0.5)
    return [record.model.key for name in near for record in records_of(by_name[name])[:1]]


def _is_of(folder: Folder, key: str) -> bool:
    """Whether the folder holds the model's records, by its name of now or of before."""
    if folder.model != slug(key) or folder.model == file_name(key):
        return folder.model == file_name(key)
    for path in sorted(folder.path.glob("seed-*.json")):
        with contextlib.suppress(OneshotError):  # named by whoever reads all records
            return read(path).model.key == key
    return False


def records_of(folder: Folder) -> list[Record]:
    """The folder's records by seed.

    A file that is no valid record, or holds one that belongs elsewhere, is named and left out.
    """
    results, found = folder.path.parents[2], []
    for path in sorted(p for p in folder.path.glob("seed-*.json") if not p.name.startswith(".")):
        try:
            record = read(inside(results, path))
            reason = impossible(record)
        except OneshotError as error:
            log.warning("%s It was left out.", error)
            continue
        if reason is not None:
            log.warning("%s is not a possible record: %s. It was left out.", path, reason)
            continue
        fits = any(
            (folder.task, folder.version, folder.model)
            == (name(record.task.name), record.task.version, name(record.model.key))
            for name in (file_name, slug)
        )
        if not fits or (
            record.model.recipe8 != folder.recipe8 or path.name != record_path(path, record).name
        ):
            log.warning(
                "%s holds the record of %s on %s, seed %d, which does not belong there. "
                "It was left out.",
                path, record.model.key, record.task.name, record.seed,
            )  # fmt: skip
            continue
        found.append(record)
    return sorted(found, key=lambda record: (record.seed, record.fold or 0))


def terms(records: Sequence[Record]) -> dict[str, str]:
    """What the records of two recipes must have in common to be compared, unless it is asked for.

    The budget follows from the items that the trainings report, see `recipes.budget_of`.
    """
    model = records[0].model
    return {
        "budgets": recipes.budget_of(records) or "no training budget",
        "pools": model.pool,
        "views": str(recipes.views_of(model.recipe)),
    }


def answered(records: Iterable[Record]) -> list[Record]:
    """Those that ended well."""
    return [r for r in records if r.status == "ok" and r.outcome is not None]


def _told(folder: Folder) -> str:
    """A recipe as a choice: its hash, and how its records were asked for."""
    records = records_of(folder)
    if not records:
        return folder.recipe8
    settings = " ".join(f"--set {setting}" for setting in records[0].provenance.settings)
    what = terms(records)
    words = [f"budget {what['budgets']}", f"{what['views']} view(s)", settings]
    return f"{folder.recipe8} ({', '.join(word for word in words if word)})"
