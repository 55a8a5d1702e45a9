"""`oneshot search`: which images of a folder are most alike to one, for a trained twin?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli import twin as options
from benchmark.cli.options import Data, Device, TrustCode, Work


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="An image file.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of images.")],
    model: options.Model,
    top: Annotated[int, typer.Option(help="How many hits to show.", min=1)] = 10,
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Draw the query and up to 50 hits.")
    ] = None,
    on_bad: Annotated[
        str, typer.Option(help="Images that cannot be read: skip (and name them) | fail")
    ] = "skip",
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
    """Rank a folder of images by their similarity to one, with a trained twin.

    Each image is embedded once. Folders below it are searched too.
    """
    import json
    from dataclasses import asdict

    from benchmark.cli.data_common import bars
    from benchmark.errors import DataMissing, OneshotError
    from benchmark.twin.search import gallery
    from benchmark.twin.wording import calibration_line, model_line

    if draw is not None and draw.suffix.lower() != ".png":
        raise OneshotError(f"{draw} does not end in .png.", "Type: --draw hits.png")
    twin = options.load(
        model, track, seed, budget, settings, fit, data, results, work, device,
        trust_code,
    )  # fmt: skip
    twin.check(query)  # before the folder is read, which may take long
    with bars() as report:
        images = gallery(twin, folder, on_bad, report)  # type: ignore[arg-type]
    for note in images.notes:
        typer.echo(note, err=True)
    try:
        told = calibration_line(options.calibration(twin))
    except DataMissing as missing:
        told = f"Similarities alone, without probabilities: {missing}"
    hits = images.search(query, top)
    if draw is not None:
        from benchmark.records.store import write_bytes
        from benchmark.twin.hits import draw as picture

        write_bytes(draw, picture(query, images.root, hits, twin.form.scale), "--draw")
    if as_json:
        typer.echo(json.dumps([asdict(hit) for hit in hits], indent=1, ensure_ascii=False))
        return
    typer.echo(model_line(twin))
    options.table(hits)
    typer.echo(f"{len(hits)} of {len(images.names):,} images, by {twin.distance}; {told}")
    if draw is not None:
        typer.echo(f"wrote {draw}")
