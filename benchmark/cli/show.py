"""`oneshot show`: an episode, trials, a map of embeddings or the hardest questions as a picture.

Everything heavy is imported inside the command, so that `--help` stays quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import Data, Device, Work, command, default_work
from benchmark.errors import OneshotError, Refused
from benchmark.models.model import resolved

if TYPE_CHECKING:
    from benchmark.evaluation.predictions import Predictor
    from benchmark.tasks.loading import LoadedTask

TRIALS = 6  # of each kind on a sheet
MAPPED = 2_000  # items of a split on a map at most
FOLDERS = ("data", "results", "work")


def show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Any task; TASK@validation too.")],
    episode: Annotated[
        int | None,
        typer.Option(help="Number of the episode, or of the first trial of each kind, from 0."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Mark its answers; KEY, file, or adapter.")
    ] = None,
    embeddings: Annotated[
        bool,
        typer.Option("--embeddings", help="A map of --model's embeddings: of --episode, or all."),
    ] = False,
    method: Annotated[str, typer.Option(help="Of the map: pca | tsne")] = "pca",
    hardest: Annotated[
        int | None,
        typer.Option(metavar="N", help="The episodes or trials most often wrong in the records."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Training seed of the model.")] = 0,
    budget: Annotated[str, typer.Option(help="quick | standard | full")] = "quick",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Default: named after what is shown.")
    ] = None,
    results: Annotated[
        Path, typer.Option(help="Whose records tell what is hard; readings are noted there.")
    ] = Path("results"),
    data: Data = None,
    work: Work = None,
    device: Device = "auto",
) -> None:
    """Draws what a task asks, and how a model answers it, as a PNG.

    A model that trains is shown with the weights that `oneshot run` left behind.
    Looking at answers to a test is a reading of it; TASK@validation may choose.
    """
    from benchmark.records.store import slug, write_bytes
    from benchmark.tasks.loading import load_task

    if out is not None and out.suffix.lower() != ".png":
        raise OneshotError(f"{out} does not end in .png.", "Type: --out FILE.png")
    _check(task, episode, model, embeddings, hardest)
    loaded = load_task(task, data)
    if hardest is not None:
        shown = _hardest(loaded, hardest, results)
    else:
        _number(loaded, episode or 0)
        predictor = None
        if model is not None:
            predictor = _predictor(
                loaded, model, settings, seed, budget, (data, results, work), device, embeddings
            )
        if embeddings:
            assert predictor is not None
            shown = _map(loaded, episode, predictor, method)
        else:
            shown = _questions(loaded, episode or 0, predictor)
    path = out or Path(f"{slug(f'{task}-{shown.name}')}.png")
    write_bytes(path, shown.png, "--out")
    typer.echo(f"wrote {path}")
    if model is not None and loaded.task.split == "test":
        noted = f", noted in {results}/readings" if results.is_dir() else ""
        typer.echo(f"This was a reading of the test{noted}: choose nothing by it.")


@dataclass(frozen=True)
class _Shown:
    """A picture and what its file is called by default, after the task."""

    name: str
    png: bytes


def _check(
    task: str, episode: int | None, model: str | None, embeddings: bool, hardest: int | None
) -> None:
    """Refuses what cannot be shown together, before anything is read."""
    if hardest is not None and (episode is not None or model or embeddings):
        raise OneshotError(
            "--hardest is told by records alone and shows no single model.",
            f"Type: {command('show', task, '--hardest', str(hardest), keep=FOLDERS)}, then "
            "--episode N --model MODEL",
        )
    if embeddings and model is None:
        raise OneshotError(
            "--embeddings needs a model that embeds.",
            f"Type: {_embeddings(task, 'pixels-cosine')}",
        )


def _number(loaded: LoadedTask, number: int) -> None:
    """Refuses a number that no episode has, or no trial of some kind."""
    from benchmark.tasks.trials import Trials

    asked = loaded.episodes
    trials = isinstance(asked, Trials)
    count = min(asked.of_kind) if isinstance(asked, Trials) else len(asked)
    if not 0 <= number < count:
        what = "trials of each kind" if trials else "episodes"
        raise OneshotError(
            f"{loaded.task.name} has the {what} 0 to {count - 1:,}; there is no {number}.",
            f"Type: --episode {min(max(number, 0), count - 1)}",
        )


def _predictor(
    loaded: LoadedTask,
    model: str,
    settings: list[str] | None,
    seed: int,
    budget: str,
    folders: tuple[Path | None, Path, Path | None],
    device: str,
    embeds: bool,
) -> Predictor:
    from benchmark.evaluation.api import find_device, spec_of
    from benchmark.evaluation.job import RunContext, RunSpec, check_budget
    from benchmark.evaluation.predictions import load_predictor
    from benchmark.settings import as_typed, parse
    from benchmark.tasks.tracks import track

    data, results, work = folders
    chosen = parse(settings or ())
    job = RunSpec(
        spec_of(model, chosen), track(loaded.task.track), seed, check_budget(budget),
        (loaded.task.name,), as_typed(chosen),
    )  # fmt: skip
    context = RunContext(data, results, work or default_work(), find_device(device))
    return load_predictor(job, context, loaded, embeds)


def _questions(loaded: LoadedTask, number: int, predictor: Predictor | None) -> _Shown:
    """An episode, or trials of each kind from a number on, with the model's answers."""
    import numpy as np

    from benchmark.records.store import slug
    from benchmark.report.figures import episode, trials
    from benchmark.tasks.episodes import Episodes
    from benchmark.tasks.trials import Trials

    told = None if predictor is None else _told(predictor)
    ending = "" if predictor is None else f"-{slug(predictor.job.spec.key)}"
    if isinstance(loaded.episodes, Episodes):
        classes = None if predictor is None else predictor.classes(loaded, number)
        return _Shown(
            f"episode-{number}{ending}", episode.draw(loaded, number, told, classes)
        )  # fmt: skip
    if not isinstance(loaded.episodes, Trials):
        raise Refused(
            f"{loaded.task.name} is a retrieval: each item looks for its likes among all others, "
            "and there is no episode to draw.",
            f"Type: {_embeddings(loaded.task.name, 'pixels-cosine')}",
        )
    of_kind = loaded.episodes.of_kind
    starts = np.cumsum((0, *of_kind[:-1]))
    numbers = np.concatenate(
        [
            np.arange(start + number, start + min(number + TRIALS, count))
            for start, count in zip(starts, of_kind, strict=True)
        ]
    )
    odds = None
    if predictor is not None:
        odds = predictor.log_odds(loaded, loaded.episodes.take(numbers))
    return _Shown(f"trials-{number}{ending}", trials.draw(loaded, numbers, told, odds))


def _hardest(loaded: LoadedTask, count: int, results: Path) -> _Shown:
    """The hardest episodes or trials, as the records tell."""
    from benchmark.records.store import load
    from benchmark.report.figures import episode, trials
    from benchmark.report.hardest import hardest
    from benchmark.tasks.episodes import Episodes
    from benchmark.tasks.trials import Trials

    if not isinstance(loaded.episodes, Episodes | Trials):
        raise Refused(
            f"{loaded.task.name} is a retrieval; the hardest are drawn of episodes and trials.",
            "Type: oneshot list tasks",
        )
    found = hardest(load(results, strict=False), loaded.task, loaded.episodes.digest(), count)
    if isinstance(loaded.episodes, Episodes):
        return _Shown(f"hardest-{count}", episode.draw_hardest(loaded, found))
    return _Shown(f"hardest-{count}", trials.draw(loaded, found.questions, found=found))


def _map(loaded: LoadedTask, number: int | None, predictor: Predictor, method: str) -> _Shown:
    """Where the model puts the items of an episode, or of the whole split."""
    from benchmark.records.store import slug
    from benchmark.report.figures import embedding_map
    from benchmark.report.figures.points import episode_items, of_episode, of_split, split_items
    from benchmark.tasks.episodes import Episodes

    name = f"embeddings-{method}-{slug(predictor.job.spec.key)}"
    if number is None:
        items, count = split_items(loaded, MAPPED)
        points, kind = of_split(loaded, items, predictor.embeddings(loaded, items))
        shown = f"{len(items):,} of {count:,}" if len(items) < count else f"{count:,}"
        title = f"{loaded.task.name}: {shown} items by {kind}"
        if len(points.names) > embedding_map.MOST:
            title += " (too many to tell apart)"
    elif isinstance(loaded.episodes, Episodes):
        vectors = predictor.embeddings(loaded, episode_items(loaded, number))
        points = of_episode(loaded, number, vectors, predictor.classes(loaded, number))
        title = f"{loaded.task.name}, episode {number}: supports boxed, queries as letters"
        name = f"episode-{number}-{name}"
    else:
        job = predictor.job
        raise Refused(
            f"{loaded.task.name} has no episodes.",
            f"Type: {_embeddings(loaded.task.name, job.spec.typed, *job.typed)}",
        )
    return _Shown(name, embedding_map.draw(points, method, title, _told(predictor)))


def _embeddings(task: str, model: str, *settings: str) -> str:
    """The command that maps a model's embeddings of a task."""
    chosen = [word for setting in settings for word in ("--set", setting)]
    keep = (*FOLDERS, "seed", "budget", "device")
    return command("show", task, "--embeddings", "--model", model, *chosen, keep=keep)


def _told(predictor: Predictor) -> str:
    seeded = f", seed {predictor.job.seed}" if resolved(predictor.model).has_parameters else ""
    return predictor.job.spec.key + seeded
