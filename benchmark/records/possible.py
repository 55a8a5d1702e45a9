"""Records that no run of the suite writes, though their schema and their ids are in order."""

from __future__ import annotations

from dataclasses import replace

from benchmark.errors import OneshotError
from benchmark.protocols.catalogue import BY_NAME
from benchmark.records.schema import Outcome, Record
from benchmark.tasks.catalogue import is_own, task_if_known
from benchmark.tasks.loading import pins


def impossible(record: Record) -> str | None:
    """Why no run can have written this record, or None.

    Such a record is left out of tables: statistics may rely on the shape of the task. A task that
    is unknown here, or of another version, is no reason, and neither is a task on the user's own
    data, which may have been replaced since.
    """
    found = _mismatch(record.task.name, record.task.version, record.fold, record.outcome)
    if found is None and record.validation is not None:
        validation = record.validation
        found = _mismatch(validation.task, record.task.version, record.fold, validation.outcome)
    return found


def _mismatch(name: str, version: int, fold: int | None, outcome: Outcome | None) -> str | None:
    try:
        task = task_if_known(name)
    except OneshotError as error:
        return None if is_own(name) else f"its task cannot be: {error.message.rstrip('.')}"
    if task is None or outcome is None or task.version != version:
        return None
    if not isinstance(outcome, BY_NAME[task.protocol].outcome_type()):
        return f"{name} is a task of {task.protocol}, its outcome is of {outcome.kind}"
    pin = pins().get(replace(task, fold=fold).pin)
    if pin is not None and outcome.answered > pin["episodes"]:
        return f"{name} has {pin['episodes']} episodes, not {outcome.answered}"
    return None
