"""Options that several commands take, and the folders that they stand for by default."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import OneshotError

_COMMAND: ContextVar[typer.Context | None] = ContextVar("command", default=None)


def noted(context: typer.Context, directory: Path | None) -> Path | None:
    """Notes the present command for `command`."""
    token = _COMMAND.set(context)
    context.call_on_close(lambda: _COMMAND.reset(token))
    return directory


def _look_in(context: typer.Context, directory: Path | None) -> Path | None:
    """Lets names mean the data sets of this directory for as long as the command runs."""
    from benchmark.tasks.own import DIRECTORY

    token = DIRECTORY.set(directory)
    context.call_on_close(lambda: DIRECTORY.reset(token))
    return noted(context, directory)


Data = Annotated[
    Path | None,
    typer.Option(help="Data directory.", envvar="ONESHOT_DATA", callback=_look_in),
]
Work = Annotated[
    Path | None,
    typer.Option(
        help="Checkpoints and trained weights; default: the user's cache.", envvar="ONESHOT_WORK"
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep embeddings there and find them again; default: none are kept.",
        envvar="ONESHOT_EMBEDDINGS",
    ),
]
Results = Annotated[Path, typer.Option(help="Where records are written.")]
TrustCode = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help="Also build models of records that are not in the catalogue; their files and packages "
        "are code, which runs with your rights.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(metavar="I/N", help="Only one of N parts, 1/N to N/N: disjoint, of like cost."),
]
Device = Annotated[str, typer.Option(help="auto | cpu | cuda | mps")]


def command(*words: str, keep: tuple[str, ...] = ("data",)) -> str:
    """A command to type next, quoted for a shell.

    Args:
        words: of the command.
        keep: options of the present command that it takes too, where they were typed.
    """
    kept: list[str] = []
    context = _COMMAND.get()
    for name in keep if context is not None else ():
        assert context is not None
        source, value = context.get_parameter_source(name), context.params.get(name)
        if value is not None and source is not None and source.name == "COMMANDLINE":
            kept += [f"--{name}", str(value)]
    return shlex.join(["oneshot", *words, *kept])


@contextmanager
def commands_for(results: Path) -> Iterator[None]:
    """Adds the results folder to the `oneshot run` commands in the hint of an error."""
    try:
        yield
    except OneshotError as error:
        also = "" if results == Path("results") else f" --results {shlex.quote(str(results))}"
        parts = error.hint.split("; ")
        error.hint = "; ".join(
            f"{each}{also}" if "oneshot run " in each else each for each in parts
        )
        raise


def default_work() -> Path:
    """The user's cache directory for checkpoints and trained weights."""
    from benchmark.evaluation import job

    return job.default_work()
