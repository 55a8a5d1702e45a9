"""`oneshot data add`: a known data set, or data of your own, into the data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.data_common import Data, Name, bars, report, show_reading
from benchmark.cli.options import command

if TYPE_CHECKING:
    from benchmark.datasets.prepare import Brought
    from benchmark.datasets.summary import Summary
    from benchmark.tasks.spec import Track


def add(
    name: Name,
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder, archive or file with the data; generated sets need none."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Data of your own: folder | csv | vectors | text | pairs, or that of a package."
        ),
    ] = None,
    side: Annotated[int, typer.Option(help="Images: side in pixels at which to store them.")] = 84,
    fit: Annotated[
        str, typer.Option(help="Images: how they become square: pad | crop | stretch | ink")
    ] = "pad",
    colour: Annotated[str, typer.Option(help="Images: auto | rgb | grey")] = "auto",
    family: Annotated[
        str, typer.Option(help="Images: what they show, photograph | character")
    ] = "photograph",
    group: Annotated[
        str | None,
        typer.Option(help="'parent' (folder), a regular expression on the path, or a column."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Tables: the column of the classes (else label, class)."
        ),
    ] = None,
    path_column: Annotated[
        str | None,
        typer.Option(
            "--path", metavar="COLUMN", help="Tables: the column of the paths or texts (else path)."
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C", help="Vectors: the columns of numbers, also f* (else all but ids)."
        ),
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="LOW,HIGH",
            help="Images of floats or more than 8 bits: values of black and white (else what they "
            "use).",
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Tables: folder of the paths (else the table's own)."),
    ] = None,
    least: Annotated[int, typer.Option(help="Classes with fewer items count as bad.")] = 2,
    on_bad: Annotated[
        str, typer.Option(help="Bad items: fail (and name them) | skip (leave them out)")
    ] = "fail",
    fractions: Annotated[
        str,
        typer.Option(
            help="Of the classes, for training, validation and test; 0.8,0,0.2 validates nothing."
        ),
    ] = "0.6,0.2,0.2",
    test_only: Annotated[
        bool, typer.Option("--test-only", help="Test all classes; nothing is trained on them.")
    ] = False,
    split_by: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="No value of it is in two splits: parent, a folder level (1, 2, ...), a regular "
            "expression on the path, or the column of --group.",
        ),
    ] = None,
    parts: Annotated[
        str,
        typer.Option(
            help="Folders named train, val, test and so on: auto (they are the split) | none "
            "(they belong to class names)"
        ),
    ] = "auto",
    merge_parts: Annotated[
        bool,
        typer.Option(
            "--merge-parts", help="A class in several parts is one class; split classes anew."
        ),
    ] = False,
    imitations: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Paths or classes that imitate another class (skilled forgeries), such as "
            "_forged for w001_forged/ beside w001/.",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            help="Verification trials of each kind at most (else 10,000); a TAR at FAR 0.01 needs "
            "3,000, at FAR 0.001 30,000."
        ),
    ] = None,
    split: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="The split of each class: columns class,split with train, validation or test.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="[splits] with lists of classes, [tasks.SUFFIX] with within, apart, queries, "
            "episodes; see docs/your-own-data.md.",
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Threads that decode images.")] = None,
    ink: Annotated[
        str, typer.Option(help="Characters: dark | light | auto (looks at the images' edges)")
    ] = "auto",
    of: Annotated[
        str, typer.Option(help="Pairs: what the cells are: images | texts | vectors | auto")
    ] = "auto",
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pairs: the vectors that the cells name by their ids."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    data: Data = None,
) -> None:
    """Read a data set you have, check it, store it and say what was understood of it."""
    from benchmark.datasets import prepare, store
    from benchmark.datasets.own.options import Options

    options = Options(
        side=side, fit=fit, colour=colour, family=family, group=group,  # type: ignore[arg-type]
        label=label, least=least, on_bad=on_bad,  # type: ignore[arg-type]
        fractions=_fractions(fractions), test_only=test_only, split_by=split_by,
        parts=parts, merge_parts=merge_parts, imitations=imitations,  # type: ignore[arg-type]
        trials=trials, split=split, config=config, workers=workers,
        ink=ink, of=of, items=items, path=path_column, features=features,  # type: ignore[arg-type]
        root=root, value_range=None if value_range is None else _range(value_range),
    )  # fmt: skip
    is_own = kind is not None and prepare.is_own(kind)
    if not is_own and options != Options():
        from benchmark.errors import Refused

        kinds = ", ".join(prepare.OWN_READERS)
        raise Refused(
            f"'{name}' is read in one way only; these options are for data of your own.",
            f"Leave them out, or say which kind: --kind with one of {kinds}.",
        )
    directory = store.data_directory(data)
    with bars() as progress:
        brought = prepare.bring(name, path, directory, kind, progress, options)
    if as_json:
        typer.echo(json.dumps(_as_json(brought, directory), indent=2, ensure_ascii=False))
        return
    for note in brought.notes:
        typer.echo(note)
    report(brought.verified)
    if is_own:
        show_reading(brought.reading, _counts(name, directory))
        _say_next(name, directory)


def _counts(name: str, directory: Path) -> Summary:
    """What is stored now: classes, splits and copies."""
    from benchmark.datasets import catalogue
    from benchmark.datasets.summary import summarise

    return summarise(catalogue.load(name, directory))


def _as_json(brought: Brought, directory: Path) -> dict[str, Any]:
    from dataclasses import asdict

    verified = brought.verified
    return {
        **asdict(verified),
        **brought.reading.as_json(),
        "notes": list(brought.notes),
        "summary": asdict(_counts(verified.name, directory)),
    }


def _range(text: str) -> tuple[float, float]:
    from benchmark.errors import OneshotError

    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        hint = "Type for example --range 0,4095"
        raise OneshotError(f"--range {text}: expected two numbers.", hint) from None
    return low, high


def _fractions(text: str) -> tuple[float, float, float]:
    from benchmark.errors import OneshotError

    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError:
        hint = "Type for example --fractions 0.6,0.2,0.2"
        raise OneshotError(f"--fractions {text} are no three numbers.", hint) from None
    return train, validation, test


def _say_next(name: str, directory: Path) -> None:
    """What can be typed now that the data set is there."""
    from benchmark.datasets.description import read_description
    from benchmark.errors import Refused
    from benchmark.tasks import own

    model = {"text": "siamese-char-cnn", "vector": "siamese-mlp"}.get(
        read_description(name, directory)["family"], "siamese-conv4"
    )
    with own.looking_in(directory):
        try:
            found = own.track(name)
        except Refused:
            return  # a note has said so
        tasks = own.described(name)
    if found is not None:
        for number, line in enumerate(tasks):
            typer.echo(f"{'      ' if number else 'Tasks:'} {line}")
        typer.echo(f"Look at it: {command('data', 'describe', name)}")
        if not found.train.names or not found.validation.names:
            fixed = "ngrams-cosine" if found.family == "text" else "pixels-cosine"
            typer.echo(f"Try it: {command('run', fixed, '--task', found.chooses)}")
            return
        twin = f"{model}-euclidean-contrastive" if found.labelled else f"{model}-cosine-nt-xent"
        typer.echo(f"Train on it: {command('run', twin, '--task', found.chooses)}")
        for line in _defaults(twin, found):
            typer.echo(line)


def _defaults(model: str, track: Track) -> list[str]:
    """What the recommended training makes of the data, and how to look for something better."""
    try:
        from benchmark.evaluation.job import RunSpec, build
        from benchmark.registry import resolve
        from benchmark.sweep.remarks import training_line
    except ModuleNotFoundError:  # an installation that reads tables alone trains nothing
        return []
    _, recipe = build(RunSpec(resolve(model), track, 0, "quick", ()))
    line = training_line(model, track, recipe)
    if line is None:
        return []
    return [
        f"Its defaults follow the data: {line}.",
        f"Try others on validation: {command('tune', model, '--track', track.name)}",
    ]
