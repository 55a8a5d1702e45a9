"""`oneshot play`: Lake's 20 runs as a page for people, from the user's own Omniglot.

Everything heavy is imported inside the command, so that `--help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import Data

CLAIMS = "results/claims"


def play(
    data: Data = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write.")] = Path(
        "play.html"
    ),
    results: Annotated[
        Path, typer.Option(help="Whose records and published numbers stand beside you.")
    ] = Path("results"),
) -> None:
    """Writes Lake's 20 one-shot runs as a page: answer them in a browser, beside the models.

    400 questions; you can stop after any of them. The page holds drawings of your Omniglot.
    """
    from benchmark.records.store import write_bytes
    from benchmark.report.play.page import render

    page = render(data, results)
    write_bytes(out, page.text.encode("utf-8"), "--out")
    beside = f"{page.models} models and {page.published} published numbers"
    typer.echo(f"wrote {out}, with {beside} from {results} beside you; open it in a browser")
    if not page.published:
        typer.echo(f"What people did before you is told in the suite's own {CLAIMS}: --results DIR")
