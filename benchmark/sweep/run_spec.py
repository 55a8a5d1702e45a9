"""A job in words: what another process, machine or shell needs to do exactly this job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from benchmark.evaluation.job import Job
from benchmark.registry import isolates, resolve
from benchmark.tasks import task as find_task
from benchmark.tasks import track as find_track
from benchmark.tasks.tracks import of_fold


class RunSpec(BaseModel):
    """One training, or one untrained model, and the tasks of one track that it is asked.

    It is plain text throughout, so it goes through JSON, pickle and a shell unchanged, and builds
    the same job (the same recipe, hence the same records) wherever it arrives.

    Attributes:
        model: as it was typed: a catalogue key, package.module:Name, path/to/file.py:Name ...
        tasks: names of tasks, all of one track.
        seed: of the training.
        fold: of the track; 0 where there are no folds.
        budget: of the training.
        settings: laid over the model's own, each as it is typed after `--set NAME=`.
        episodes: only the first so many of each task of episodes; None for all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: str
    tasks: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(ge=0)
    fold: int = Field(default=0, ge=0)
    budget: str
    settings: dict[str, str] = {}
    episodes: int | None = Field(default=None, ge=1)

    def job(self) -> Job:
        """The job itself.

        Raises:
            OneshotError: a name or a file that is not there, or a setting that does not exist.
        """
        track = of_fold(find_track(find_task(self.tasks[0]).track), self.fold)
        spec = resolve(self.model, self.settings, isolates())
        return Job(
            spec, track, self.seed, self.budget, self.tasks, typed(self.settings), self.episodes
        )

    def words(self) -> list[str]:
        """The command that does this job and no other, without the folders."""
        words = ["oneshot", "run", self.model]
        for task in self.tasks:
            words += ["--task", task]
        words += ["--seeds", str(self.seed)]
        if any(find_task(task).folds > 1 for task in self.tasks):
            words += ["--folds", str(self.fold)]
        words += ["--budget", self.budget]
        if self.episodes is not None:
            words += ["--episodes", str(self.episodes)]
        for setting in typed(self.settings):
            words += ["--set", setting]
        return words


def typed(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Settings as they are typed: "key=value"."""
    return tuple(f"{name}={value}" for name, value in settings.items())


def as_text(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as they are typed; `benchmark.evaluation.inference_config.literal` reads them.

    Raises:
        TypeError: a value that JSON has no word for.
    """
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }
