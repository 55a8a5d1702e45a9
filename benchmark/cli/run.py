"""`oneshot run`: models x tasks x seeds, or a whole suite; one record each."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli import run_options
from benchmark.cli.options import Data, Device, Embeddings, Results, Shard, Work, default_work
from benchmark.cli.raw_baseline import say_beside_raw
from benchmark.cli.ray_options import Address, Cpus, DataFrom, Engine, Gpus, check_engine
from benchmark.errors import DataMissing, UnknownName
from benchmark.report.escape import printable

if TYPE_CHECKING:
    from benchmark.cli.execute import Done
    from benchmark.cli.progress import ProgressDisplay
    from benchmark.evaluation.job import RunContext
    from benchmark.evaluation.presence import Presence
    from benchmark.evaluation.profiler import Profiler
    from benchmark.sweep.cluster import Cluster
    from benchmark.sweep.executor import Executor
    from benchmark.sweep.plan import Plan
    from benchmark.sweep.suite import RunGrid


def run(
    models: run_options.Models = None,
    task: run_options.Task = None,
    suite: run_options.SuiteName = None,
    seeds: run_options.Seeds = None,
    folds: run_options.Folds = None,
    budget: run_options.Budget = None,
    settings: run_options.Settings = None,
    episodes: run_options.Episodes = None,
    existing: Annotated[
        str, typer.Option(help="What to do where a record is there: skip | redo | fail")
    ] = "skip",
    data: Data = None,
    workers: Annotated[
        str, typer.Option(metavar="N", help="Processes that work at once: a number, or auto.")
    ] = "1",
    shard: Shard = None,
    engine: Engine = "local",
    address: Address = None,
    cpus_per_job: Cpus = 1.0,
    gpus_per_job: Gpus = 0.0,
    data_from: DataFrom = None,
    results: Results = Path("results"),
    work: Work = None,
    embeddings: Embeddings = None,
    device: Device = "auto",
    dry_run: Annotated[
        bool, typer.Option(help="Show the jobs, the hours and what is refused; do nothing.")
    ] = False,
    commit_weights: Annotated[
        bool,
        typer.Option(help="Write the weights too, rounded to float16, to the folder weights/."),
    ] = False,
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write the progress for TensorBoard.")
    ] = None,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate/--no-isolate",
            help="Run a model of your own file or module in a process of its own, without labels.",
        ),
    ] = True,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time of the trainings goes.")
    ] = False,
) -> None:
    """Trains and evaluates models; writes one record per model, task and seed.

    Whatever is interrupted can be started again: finished records stay, trainings resume.
    """
    from benchmark.cli.execute import execute
    from benchmark.cli.progress import ProgressDisplay
    from benchmark.evaluation.api import find_device
    from benchmark.evaluation.job import RunContext
    from benchmark.evaluation.profiler import Profiler
    from benchmark.sweep import plan as plans
    from benchmark.sweep.remarks import defaults_of
    from benchmark.sweep.scheduling import shard_of

    _take(existing, isolate)
    context = RunContext(
        _absolute(data), results.absolute(), (work or default_work()).absolute(),
        find_device(device), commit_weights, embeddings=_absolute(embeddings),
        existing=existing,  # type: ignore[arg-type]
    )  # fmt: skip
    profiler = Profiler(context.device) if profile else None
    if profiler is not None:
        context = replace(context, mark=profiler.mark)
    grids = run_options.grids_of(
        models, task, suite, settings, seeds, budget, folds, episodes, context
    )
    part = shard_of(shard) if shard else None
    check_engine(engine, workers, address, cpus_per_job, gpus_per_job, data_from, commit_weights)
    redo = existing == "redo"
    plan = _planned(grids, results, suite is None, part, redo, context)
    if existing == "fail":
        plans.refuse_existing(plan)
    for line in defaults_of(each for each in plan.planned if each.missing or redo):
        typer.echo(line)
    typed_refused = suite is None and bool(plan.refused)  # a suite has tasks that some refuse
    if dry_run:
        show(plan, context)
        if typed_refused or any(refusal.broken for refusal in plan.refused):
            raise typer.Exit(2)
        return
    tracks = [each.job.track for each in plan.planned]
    if engine == "local":
        for track in {track.name: track for track in tracks}.values():
            context.require(track)
    there = _there(plan)

    def again() -> Plan:
        return _planned(grids, results, False, part, redo, context)

    cluster = None
    if engine == "ray":
        from benchmark.sweep.cluster import Cluster

        nodes = RunContext(data, None, work, device, existing=context.existing)
        cluster = Cluster(address, cpus_per_job, gpus_per_job, data_from, nodes)
    display = ProgressDisplay(tensorboard)
    executor = _executor(plan, context, display, workers, cluster, profiler)
    done = execute(plan, again, executor, display, context)
    _end(done.plan, context)
    close(done, results, there, typed_refused)


def _absolute(folder: Path | None) -> Path | None:
    """The same folder for a model that changes the working directory."""
    return None if folder is None else folder.absolute()


def _crashes(plan: Plan) -> bool:
    """Whether files or code of users are run in the process that does the job: a crash ends it."""
    return any(each.job.spec.foreign and each.job.spec.isolated is None for each in plan.planned)


def _executor(
    plan: Plan,
    context: RunContext,
    display: ProgressDisplay,
    workers: str,
    cluster: Cluster | None,
    profiler: Profiler | None,
) -> Executor:
    """What runs the plan: a cluster, processes, or this process."""
    from benchmark.sweep import resources
    from benchmark.sweep.executor import SerialExecutor

    if cluster is not None:
        from benchmark.sweep.ray import RayExecutor

        assert context.results is not None  # the command line always has some
        return RayExecutor(cluster, context.results, display)
    if workers != "1" or (_crashes(plan) and profiler is None):
        from benchmark.sweep.local import ProcessExecutor

        count = resources.worker_count(workers, plan.planned, context.device)
        cards = resources.cards(context.device)
        return ProcessExecutor(context, count, display, resources.cores(), cards)
    return SerialExecutor(context, display, profiler)


def _take(existing: str, isolate: bool) -> None:
    """Checks what stands after --existing, and notes --no-isolate for this process and workers."""
    if existing not in ("skip", "redo", "fail"):
        raise UnknownName("choice for --existing", existing, ["skip", "redo", "fail"])
    from benchmark.registry import ISOLATE

    os.environ[ISOLATE] = "1" if isolate else "0"


def _end(plan: Plan, context: RunContext) -> None:
    _refused(plan)
    say_beside_raw(plan.planned, context)


def _refused(plan: Plan) -> None:
    from benchmark.cli.app import DEBUG

    for refusal in plan.refused:
        typer.echo(printable(str(refusal)))
        if refusal.trace and os.environ.get(DEBUG):
            typer.echo(refusal.trace, err=True)


def _planned(
    grids: list[RunGrid],
    results: Path,
    strict: bool,
    part: tuple[int, int] | None,
    redo: bool,
    context: RunContext,
) -> Plan:
    """The plan, or the part of it that is this shard's; every shard needs all searches."""
    from benchmark.sweep.plan import make
    from benchmark.sweep.scheduling import shard

    plan = make(grids, results, strict, redo, context)
    return plan if part is None else replace(plan, planned=tuple(shard(plan.planned, *part)))


def _there(plan: Plan) -> list[Presence]:
    """The records that are there and are not measured again."""
    return [found for each in plan.planned for found in each.found.values() if found.present]


def close(
    done: Done, results: Path, there: Sequence[Presence], typed_refused: bool = False
) -> None:
    """The last lines: how many records are on disk now, and what to type next.

    Raises:
        OneshotError: jobs were given up.
        Exit: with code 2 if a model failed, now or in a record that was there, or if one that was
            typed is refused.
    """
    from benchmark.cli.execute import given_up
    from benchmark.evaluation.presence import on_disk, summary

    made = f"{done.records} new record{'' if done.records == 1 else 's'}"
    if done.failed:
        made += f", {done.failed} of them failures"
    counted = sum(on_disk(found) for each in done.plan.planned for found in each.found.values())
    are = "record of this plan is" if done.plan.records == 1 else "records of this plan are"
    where = printable(str(results))
    typer.echo(f"{made}; {counted} of {done.plan.records} {are} in {where}.")
    for line in summary(there):
        typer.echo(line)
    typer.echo(f"Tables and figures: oneshot leaderboard --results {shlex.quote(str(results))}")
    if done.lost:
        raise given_up(done.lost, len(done.plan.planned), done.records)
    broken = any(refusal.broken for refusal in done.plan.refused)
    if done.failed or broken or typed_refused or any(found.failed for found in there):
        raise typer.Exit(2)


def show(plan: Plan, context: RunContext) -> None:
    """Prints every record the jobs would write, what is refused, and the hours to come."""
    from benchmark.sweep.estimate import Estimator, hours

    for each in plan.planned:
        for name in each.job.tasks:
            found = each.found.get(name)
            line = printable(f"{each.name}  {name}  {each.job.which}")
            if found is None:
                typer.echo(f"left out  {line}: {printable(each.left_out[name])}")
            elif found.present:
                failed = ", FAILED" if found.failed else ""
                typer.echo(f"present  {line}, of {found.measured:%Y-%m-%d %H:%M}{failed}")
            else:
                typer.echo(f"{found.state}  {line}{f': {found.reason}' if found.reason else ''}")
    for search in plan.searches:
        typer.echo(f"search   {search.model} on {search.track}, budget {search.budget}")
    _refused(plan)
    typer.echo(f"{plan.missing} of {plan.records} records are missing.")
    if not plan.missing:
        return
    try:
        seconds = Estimator(context).plan(plan)
    except DataMissing as missing:
        typer.echo(f"How long they take cannot be estimated. {missing}")
    else:
        typer.echo(
            f"About {hours(seconds)} on this machine ({context.device}), one after the other."
        )
