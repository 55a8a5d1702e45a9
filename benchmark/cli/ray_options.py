"""Options of `oneshot run` that say who does the jobs: this machine, or a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import OneshotError, UnknownName

ENGINES = ("local", "ray")
RAY = "With --engine ray"

Engine = Annotated[
    str, typer.Option(help="Who does the jobs: local | ray (pip install 'oneshot-benchmark[ray]').")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="auto|HOST:PORT", help=f"{RAY}: the cluster; default: one on this machine."
    ),
]
Cpus = Annotated[float, typer.Option("--cpus-per-job", help=f"{RAY}: processors for each job.")]
Gpus = Annotated[
    float,
    typer.Option("--gpus-per-job", help=f"{RAY}: cards for each job, such as 0.25."),
]
DataFrom = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help=f"{RAY}: where nodes that lack a data set NAME add it from: DIR/NAME."
    ),
]


def check_engine(
    engine: str,
    workers: str,
    address: str | None,
    cpus: float,
    gpus: float,
    source: Path | None,
    weights: bool,
) -> None:
    """Refuses options that do not go together.

    Raises:
        OneshotError: with those that would.
    """
    if engine not in ENGINES:
        raise UnknownName("engine", engine, list(ENGINES), f"There are: {', '.join(ENGINES)}.")
    if engine == "ray" and workers != "1":
        raise OneshotError(
            "A Ray cluster does as many jobs at once as it has processors for.",
            "Leave --workers out; see --cpus-per-job and --gpus-per-job.",
        )
    if engine == "ray" and weights:
        raise OneshotError(
            "A Ray cluster sends records back, not weights.",
            "Leave --commit-weights out, or run on this machine with --workers.",
        )
    if engine == "local" and (address is not None or source is not None or (cpus, gpus) != (1, 0)):
        raise OneshotError(
            "--address, --cpus-per-job, --gpus-per-job and --data-from belong to a Ray cluster.",
            "Add --engine ray.",
        )
