"""Settings given to several models: each takes those that it has, and the others are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.shots import unmatched
from benchmark.registry import isolates, resolve
from benchmark.sweep.suite import RunGrid
from benchmark.tasks import task as find_task
from benchmark.tasks import track as find_track


def applied(
    grids: Sequence[RunGrid], context: RunContext | None = None
) -> tuple[list[RunGrid], list[str]]:
    """The models with the settings that they have, and one line for each setting some lack.

    Raises:
        OneshotError: a setting that no model has.
    """
    lacking: dict[str, dict[str, OneshotError]] = {}  # by setting, then by model
    context = RunContext() if context is None else context
    models = [_applied(each, lacking, context) for each in grids]
    notes = []
    for setting, errors in lacking.items():
        having = [each.model for each in models if setting in each.settings]
        if not having:
            raise _nobody(setting, errors)
        notes.append(
            f"`{setting}` is not a setting of {_listed(errors)}; applied to {_listed(having)} only."
        )
    return models, notes


def _applied(
    grid: RunGrid, lacking: dict[str, dict[str, OneshotError]], context: RunContext
) -> RunGrid:
    """The model without the settings that it lacks, which join `lacking`."""
    settings = dict(grid.settings)
    while settings:
        try:
            track = find_track(find_task(grid.tasks[0]).track)
            spec = resolve(grid.model, unmatched(settings), isolates())
            context.model(RunSpec(spec, track, min(grid.seeds, default=0), grid.budget, ()))
        except OneshotError as error:
            if error.setting not in settings:
                break  # not about a setting that is lacking: the plan reports it
            lacking.setdefault(error.setting, {})[grid.model] = error
            del settings[error.setting]
        else:
            break
    return replace(grid, settings=settings)


def _nobody(setting: str, errors: dict[str, OneshotError]) -> OneshotError:
    """The error for a setting that no model has; that of the model itself where there is one."""
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    reasons = " ".join(f"{model}: {error.message}" for model, error in errors.items())
    hints = [error.hint for error in errors.values() if error.hint]
    return OneshotError(
        f"None of {_listed(errors)} takes `{setting}`. {reasons}", max(hints, key=len, default=""),
        setting,
    )  # fmt: skip


def _listed(names: Sequence[str] | dict[str, OneshotError]) -> str:
    """Names joined by commas and "and"; of many the first five."""
    each = list(dict.fromkeys(names))
    if len(each) > 6:
        return f"{', '.join(each[:5])} and {len(each) - 5} more"
    return " and ".join(filter(None, [", ".join(each[:-1]), each[-1]]))
