"""`oneshot export`: a trained twin as one file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli import twin as options
from benchmark.cli.options import Data, Device, TrustCode, Work, command


def export(
    model: options.Model,
    format: Annotated[
        str, typer.Option("--format", help="onnx (needs the extra 'onnx') | torchscript")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: KEY--RECIPE8.onnx or .pt, here.")
    ] = None,
    track: options.Track = None,
    seed: options.Seed = 0,
    budget: options.Budget = None,
    settings: options.Settings = None,
    fit: options.Fit = None,
    data: Data = None,
    results: options.Results = Path("results"),
    work: Work = None,
    device: Device = "cpu",
    trust_code: TrustCode = False,
) -> None:
    """Write a trained twin as ONNX or TorchScript, if the file answers as the model does.

    Form of images, distance and calibration stand in the file; --model onnx:FILE follows them.
    """
    from benchmark.twin.export import TOLERANCE
    from benchmark.twin.export import export as write
    from benchmark.twin.wording import model_line

    twin = options.load(
        model, track, seed, budget, settings, fit, data, results, work, device,
        trust_code,
    )  # fmt: skip
    options.calibration(twin)
    written = write(twin, format, out)
    size = written.path.stat().st_size / 2**20
    typer.echo(model_line(twin))
    typer.echo(
        f"wrote {written.path} ({size:.2f} MiB): outputs differ from the model's by "
        f"{written.difference:.1e} of the largest, {TOLERANCE:.0e} is allowed"
    )
    words = "compare-images", "A.png", "B.png", "--model", f"{format}:{written.path}"
    typer.echo(f"Use it: {command(*words, keep=())}")
