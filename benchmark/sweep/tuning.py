"""The search every model gets alike: a few settings, one training each, judged on validation.

What is tried are factors on numbers of the recipe, see `space`. The outcome is a small file of
integers beside the records; suites follow it by carrying the factors over to the models that they
name.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import RunContext, RunSpec, build, chooser_of
from benchmark.evaluation.run import run
from benchmark.evaluation.shots import MATCH, trainings, unmatched
from benchmark.files import inside, read_regular, set_aside
from benchmark.records.canonical import digest
from benchmark.records.store import file_name, slug, write_bytes
from benchmark.registry import resolve
from benchmark.report.outcomes import decisions
from benchmark.sweep.space import trials
from benchmark.tasks import track as find_track
from benchmark.tasks.spec import VALIDATION

FOLDER = "tuning"
MOST_BYTES = 16 << 20  # of the outcome of a search
log = logging.getLogger(__name__)
SEED = 1000  # of all trials: no seed whose result is reported is chosen by its luck


class Trial(BaseModel):
    """One setting and how it did; `correct` is None where the training failed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    factors: dict[str, float]
    settings: dict[str, float]
    correct: int | None = Field(ge=0)


class Outcome(BaseModel):
    """A search's file.

    `of` is the number of queries that each trial answered, `given` the settings that all have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: str
    track: str
    budget: str
    task: str
    seed: int
    of: int = Field(ge=1)
    trials: list[Trial] = Field(min_length=1)
    given: dict[str, str] = {}

    @property
    def best(self) -> Trial | None:
        """The trial with most correct answers, the first of equal ones; None where all failed."""
        ended = [trial for trial in self.trials if trial.correct is not None]
        return max(ended, key=lambda trial: trial.correct or 0, default=None)


@dataclass(frozen=True)
class Search:
    """Which model is searched, on which track, with which budget.

    Attributes:
        model: as it was typed.
        track: whose validation split decides.
        budget: of the trainings.
        given: settings that all trials have, as they were typed.
        count: how many settings are tried; None for as many as the model declares, else eight.
        task: the task whose validation twin decides; None for the track's.
    """

    model: str
    track: str
    budget: str
    given: tuple[tuple[str, str], ...] = ()
    count: int | None = None
    task: str | None = None

    @property
    def name(self) -> str:
        """Path of the search's file under the results folder; another for another search."""
        return f"{FOLDER}/{slug(self.track)}/{self._file(file_name(self.key))}"

    def _file(self, model: str) -> str:
        own = [self.given, self.count, self.task]
        other = "" if own == [(), None, None] else f"--{digest(own)[:8]}"
        return f"{model}--{self.budget}{other}.json"

    @property
    def order(self) -> Search:
        """The search for another process: itself."""
        return self

    @property
    def where(self) -> str:
        """The track."""
        return self.track

    @property
    def which(self) -> str:
        """Says that it is a search."""
        return "search"

    @property
    def title(self) -> str:
        """The search in one line."""
        return f"{self.model} on {self.track}, search"

    @property
    def training(self) -> str:
        """Searches with one file never run at once."""
        return self.name

    @property
    def cost(self) -> float:
        """All searches count alike."""
        return 1.0

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the data sets of the track."""
        return find_track(self.track).data_sets

    def run(self, context: RunContext) -> None:
        """Makes the search."""
        self.make(context)

    @property
    def key(self) -> str:
        """The model's key as it stands in records; for a file its base name, never its path."""
        return resolve(self.model).key

    def jobs(self) -> list[tuple[dict[str, float], RunSpec]]:
        """The factors of each trial and the job that makes it.

        Raises:
            OneshotError: the model declares nothing to search.
        """
        track, task = find_track(self.track), self.task
        ((given, _),) = trainings(
            partial(resolve, self.model), dict(self.given), track, self.budget,
            (task or track.chooses,), RunContext(),
        )  # fmt: skip
        spec = resolve(self.model, given)
        plain = RunSpec(spec, track, SEED, self.budget, ())
        model, recipe = build(plain)
        decides = chooser_of(model, track) if task is None else task + VALIDATION
        plain = replace(plain, tasks=(decides,))
        own = {name: value for name, value in self.given if value != MATCH}
        searches = trials(model, recipe, spec.factory, track, own, self.count)
        if not searches:
            raise OneshotError(
                f"{self.model} has nothing to search: no number of its recipe is free to be set.",
                "A model may declare `searches`, a list of factors on its settings.",
            )
        out = []
        for factors in searches:
            settings = scaled(recipe, factors)
            typed = tuple(
                f"{name}={value}" if isinstance(value, str) else f"{name}={value:g}"
                for name, value in {**given, **settings}.items()
            )
            laid = resolve(self.model, {**given, **settings})
            out.append((factors, replace(plain, spec=laid, typed=typed)))
        return out

    def read(self, results: Path) -> Outcome | None:
        """The outcome that is there, or None.

        A file that is damaged or of another search is named in a warning and does not count: the
        search is made again.
        """
        path = results / self.name
        if not path.exists():  # as it was named before names had hashes
            path = path.with_name(self._file(slug(self.key)))
            if not path.exists():
                return None
        try:
            outcome = Outcome.model_validate_json(read_regular(inside(results, path), MOST_BYTES))
        except (OneshotError, OSError, ValidationError) as error:
            told = str(error) if isinstance(error, OneshotError) else "it cannot be read"
            log.warning("The search %s does not count: %s.", path, told.rstrip("."))
            return None
        if (outcome.model, outcome.track, outcome.budget) != (self.key, self.track, self.budget):
            if path.name == Path(self.name).name:
                log.warning("%s holds the search of %s and does not count.", path, outcome.model)
            return None
        return outcome

    def make(
        self,
        context: RunContext,
    ) -> Outcome:
        """Trains every setting and writes the outcome; trials that are done are not done again.

        Args:
            context: where data, results and work lie.

        Raises:
            OneshotError: missing data, or a folder that cannot be written.
        """
        done: list[Trial] = []
        of = 1
        jobs = self.jobs()
        for factors, job in jobs:
            correct, record = None, None
            with contextlib.suppress(Refused):  # such as a margin that the distance cannot reach
                (record,) = run(job, replace(context, results=None, existing="skip"))
            if record is not None and record.outcome is not None:
                right, each = decisions(record.task.name, record.outcome, record.fold)
                correct, of = int(right.sum()), each * len(right)
            settings = {name: job.spec.settings[name] for name in factors}
            done.append(Trial(factors=factors, settings=settings, correct=correct))
        outcome = Outcome(
            model=self.key, track=self.track, budget=self.budget, of=of, trials=done,
            task=jobs[0][1].tasks[0], seed=SEED, given=dict(self.given),
        )  # fmt: skip
        if context.results is not None:
            path = inside(context.results, context.results / self.name)
            if path.is_file() and self.read(context.results) is None:
                set_aside(path, "it is no search of this model")
            without = None if outcome.given else {"given"}
            text = json.dumps(outcome.model_dump(mode="json", exclude=without), indent=1) + "\n"
            write_bytes(path, text.encode(), "--results")
        return outcome


def scaled(recipe: Mapping[str, Any], factors: Mapping[str, float]) -> dict[str, float]:
    """Numbers of a recipe times their factors, to four digits; whole ones whole where they can be.

    Raises:
        Refused: the recipe has no such number.
    """
    for name in factors:
        if isinstance(recipe.get(name), bool) or not isinstance(recipe.get(name), (int, float)):
            raise Refused(f"The recipe has no number '{name}' that a search could be followed in.")
    return {name: _whole(name, recipe[name], factor) for name, factor in factors.items()}


def _whole(name: str, number: float, factor: float) -> float:
    value = float(f"{number * factor:.4g}")
    whole = isinstance(number, int) and (value.is_integer() or name == "input_size")
    return round(value) if whole else value


def followed(
    search: Search, model: str, settings: Mapping[str, Any], results: Path
) -> dict[str, float] | None:
    """The settings that `model` takes from a search for another model; None before the search.

    Raises:
        Refused: the model cannot be built, lacks a number that was searched, or nothing was found.
    """
    track = find_track(search.track)
    own, recipe = build(
        RunSpec(resolve(model, unmatched(settings)), track, SEED, search.budget, ())
    )
    outcome = search.read(results)
    if outcome is None:
        return None
    if outcome.best is None:
        raise Refused(
            f"No setting of {outcome.model} could be trained on {outcome.track}.",
            f"To try again, delete {results / search.name}.",
        )
    idle = getattr(own, "idle", ())  # numbers that this model has no use for
    return scaled(recipe, {k: v for k, v in outcome.best.factors.items() if k not in idle})
