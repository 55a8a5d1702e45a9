"""What the verbs that use a trained twin share: the options that name it, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from benchmark.datasets.store import Progress
    from benchmark.twin.calibrate import Calibration
    from benchmark.twin.search import Hit
    from benchmark.twin.twin import Twin

Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="RUN",
        help="Catalogue key, KEY--RECIPE8 of the results, path/to/file.py:Name, or "
        "onnx:, torchscript:, checkpoint:PATH.",
    ),
]  # fmt: skip
Track = Annotated[
    str | None,
    typer.Option(
        help="Whose training is meant; default: the one there are weights of, else glyphs."
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of the training.", min=0)]
Budget = Annotated[str | None, typer.Option(help="Budget of the training, if several are kept.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Settings, as the training was given them."),
]
Fit = Annotated[
    str | None,
    typer.Option(help="Images to squares: pad | crop | stretch | ink; default: as the track's."),
]
Results = Annotated[Path, typer.Option(help="Results folder, for KEY--RECIPE8.")]


def load(
    model: str,
    track: str | None,
    seed: int,
    budget: str | None,
    settings: list[str] | None,
    fit: str | None,
    data: Path | None,
    results: Path,
    work: Path | None,
    device: str,
    trust_code: bool,
) -> Twin:
    """The twin that the options name; what its user should know goes to standard error."""
    from benchmark.settings import parse
    from benchmark.twin.twin import load_twin

    twin = load_twin(
        model, track=track, seed=seed, budget=budget, settings=parse(settings or ()), fit=fit,
        data=data, results=results, work=work, device=device,
        trust_code=trust_code,
    )  # fmt: skip
    for note in twin.found.notes:
        typer.echo(note, err=True)
    return twin


def calibration(twin: Twin) -> Calibration:
    """The twin's calibration, made under a progress bar where it is not kept yet."""
    from contextlib import ExitStack

    from benchmark.cli.data_common import bars

    with ExitStack() as stack:
        shown: list[Progress] = []

        def report(what: str, done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(bars()))
            shown[0](what, done, total)

        return twin.calibrated(report)


def table(hits: list[Hit]) -> None:
    """Prints the hits; without probabilities where there are none. Names are never broken."""
    from benchmark.datasets.own.bad import printable
    from benchmark.twin.wording import likely

    sure = hits[0].probability is not None
    middle = "  Probability  Decision " if sure else ""
    typer.echo(f"Rank  Similarity{middle}  File")
    for hit in hits:
        if hit.probability is not None:
            decision = "same" if hit.same else "different"
            middle = f"  {likely(hit.probability):>11}  {decision:<9}"
        typer.echo(f"{hit.rank:>4}  {hit.similarity:>10.4f}{middle}  {printable(hit.name)}")
