"""`oneshot verify`: is every record what it says? With --recompute, some are measured again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import Data, Device, TrustCode, Work, default_work
from benchmark.errors import DataMissing, OneshotError
from benchmark.report.escape import printable

FILE = "verified.csv"  # `benchmark.records.evidence` reads and writes it

if TYPE_CHECKING:
    from benchmark.records.schema import Record


def verify(
    results: Annotated[
        Path, typer.Option("--results", help="Results folder with the records in it.")
    ] = Path("results"),
    recompute: Annotated[
        int, typer.Option(help="Measure N records again, drawn at random.", min=0)
    ] = 0,
    draw: Annotated[
        int | None, typer.Option(help="Seed of that draw; default: another each time.", min=0)
    ] = None,
    without_training: Annotated[
        bool,
        typer.Option(
            "--without-training",
            help="Draw among fixed models and committed weights only.",
        ),
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help=f"List all sound records as they are now in {FILE}."),
    ] = False,
    data: Data = None,
    work: Work = None,
    device: Device = "auto",
    trust_code: TrustCode = False,
) -> None:
    """Checks schema, ids, digests and file names of all records, and what verified.csv lists.

    Exit code 1 if one is wrong, is not as it was listed, or was measured on other data than those
    at hand. --recompute writes its verdicts to verified.csv, which the tables show.
    """
    from benchmark.records.verify import verify as check

    count, findings = check(
        results, lambda task, episodes: _prefix(task, episodes, data), listed=not accept
    )
    wrong = [finding for finding in findings if not finding.unchecked and not finding.outdated]
    for finding in findings:
        mark = "not checked" if finding.unchecked else "outdated" if finding.outdated else "WRONG"
        where = finding.path.relative_to(results)
        typer.echo(printable(f"{mark}  {where}: {finding.says}"))
    faulty = len({finding.path for finding in wrong})
    outdated = sum(finding.outdated for finding in findings)
    also = f", {outdated} outdated: run their models again" if outdated else ""
    typer.echo(f"{count} records, {faulty} of them wrong{also}.")
    if accept:
        _accept(results, {finding.path for finding in wrong})
    different = (
        _recomputed(results, recompute, draw, data, work, device, trust_code, without_training)
        if recompute
        else 0
    )
    if faulty or outdated or different:
        raise typer.Exit(1)


def _accept(results: Path, wrong: set[Path]) -> None:
    """Lists the sound records as they are now."""
    from benchmark.records import evidence, store

    sound = [path for path in store.paths(results) if path not in wrong]
    before, lines = evidence.read(results), evidence.accepted(results, sound)
    evidence.write(results, lines)
    new = len(set(lines) - set(before))
    changed = sum(name in before and before[name] != line for name, line in lines.items())
    gone = len(set(before) - set(lines))
    typer.echo(f"{FILE}: {new} records listed, {changed} listed anew, {gone} removed.")


def _prefix(task: str, episodes: int, data: Path | None) -> str | None:
    """Digest of a task's first episodes, None where its data are not there."""
    from benchmark.tasks.loading import load_task

    try:
        return load_task(task, data).episodes.first(episodes).digest()
    except DataMissing:
        return None


def _recomputed(
    results: Path,
    count: int,
    draw: int | None,
    data: Path | None,
    work: Path | None,
    device: str,
    trust_code: bool,
    without_training: bool,
) -> int:
    """Measures `count` records again; how many came out different or could not be measured.

    The verdicts are written to `verified.csv` one by one, so that nothing is lost.
    """
    import random
    import secrets

    from benchmark.cli.progress import ProgressDisplay
    from benchmark.evaluation.api import find_device
    from benchmark.evaluation.job import RunContext
    from benchmark.evaluation.recompute import recompute
    from benchmark.records import evidence, store
    from benchmark.sweep.executor import MessageCallback

    draw = secrets.randbelow(1_000_000) if draw is None else draw
    records = store.load(results, strict=False)
    if without_training:
        records = [each for each in records if evidence.needs_no_training(results, each)]
    chosen = random.Random(draw).sample(records, min(count, len(records)))
    typer.echo(f"Measuring {len(chosen)} of them again (--draw {draw}):")
    # No record is written; weights that are committed are used.
    context = RunContext(data, None, work or default_work(), find_device(device))
    failed = 0
    for record in chosen:
        try:
            with ProgressDisplay() as display:
                job = _Recomputation(record)
                display.expect([job])
                display.began(job, 0)
                follow = MessageCallback(partial(display.heard, job))
                found = recompute(record, replace(context, callback=follow), results, trust_code)
        except OneshotError as error:
            typer.echo(printable(f"not verifiable  {_name(record)}: {error}"))
            failed += 1
            continue
        failed += _keep(results, record, found.verdict)
        detail = f"{100 * found.before:.2f} % then, {100 * found.now:.2f} % now"
        if found.verdict == "decisions differ":
            detail = f"{found.differing} of {found.of} decisions differ, {detail}"
        typer.echo(printable(f"{found.verdict}  {_name(record)}: {detail}"))
        failed += found.verdict == "different"
    return failed


def _keep(results: Path, record: Record, verdict: str) -> bool:
    """Writes the verdict to `verified.csv`; whether the record is not as it was listed there."""
    from benchmark.records import evidence, store

    path = store.record_path(results, record)
    lines, changed = evidence.confirmed(results, {path: verdict})
    for _, says in changed:
        typer.echo(printable(f"WRONG  {_name(record)}: {says}"))
    if not changed:
        try:
            evidence.write(results, lines)
        except OneshotError as error:  # a folder that can only be read
            typer.echo(printable(f"{FILE} was not written: {error}"))
    return bool(changed)


@dataclass(frozen=True, eq=False)
class _Recomputation:
    """A record that is measured again, as a display names it."""

    record: Record
    cost: float = 1.0

    @property
    def model(self) -> str:
        return self.record.model.key

    @property
    def where(self) -> str:
        return self.record.task.name

    @property
    def which(self) -> str:
        return f"seed {self.record.seed}"

    @property
    def title(self) -> str:
        return f"{self.model} on {self.where}, {self.which}"


def _name(record: Record) -> str:
    return f"{record.model.key} {record.model.recipe8} on {record.task.name}, seed {record.seed}"
