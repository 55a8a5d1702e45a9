"""`oneshot compare-images`: how alike are two images to a trained twin, and are they the same?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli import twin as options
from benchmark.cli.options import Data, Device, TrustCode, Work


def compare_images(
    a: Annotated[str, typer.Argument(metavar="A", help="An image file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The image to hold it against.")],
    model: options.Model,
    track: options.Track = None,
    seed: options.Seed = 0,
    budget: options.Budget = None,
    settings: options.Settings = None,
    fit: options.Fit = None,
    data: Data = None,
    results: options.Results = Path("results"),
    work: Work = None,
    device: Device = "auto",
    trust_code: TrustCode = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two images with a trained twin: similarity, probability, same or different.

    Images of any mode and size will do; docs/use-a-twin.md tells what is done to them.
    """
    import json

    from benchmark.twin.wording import calibration_line, likely, model_line

    twin = options.load(
        model, track, seed, budget, settings, fit, data, results, work, device,
        trust_code,
    )  # fmt: skip
    similarity = twin.similarity(a, b)
    fitted = options.calibration(twin)
    chance = same = None
    if fitted.fitted:
        chance = float(fitted.probability(similarity)[0])
        same = bool(fitted.same(similarity)[0])
    if as_json:
        told = {
            "model": twin.key, "recipe": twin.recipe8, "seed": twin.found.job.seed,
            "track": twin.form.track, "similarity": float(similarity[0]),
            "probability": chance, "same": same, "threshold": fitted.threshold,
            "calibrated_on": fitted.task,
        }  # fmt: skip
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    typer.echo(model_line(twin))
    typer.echo(f"similarity   {similarity[0]:.4f}  ({twin.distance}; higher is more alike)")
    if chance is not None:
        word = "same" if same else "different"
        typer.echo(f"probability  {likely(chance)} that both are of one class")
        typer.echo(f"decision     {word}  (threshold {fitted.threshold:.4f})")
    typer.echo(calibration_line(fitted))
