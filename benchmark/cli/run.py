"""`oneshot run`: models x tasks x seeds, or a whole suite; one record each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli import wanted as asked
from benchmark.cli.beside import say_beside_raw
from benchmark.cli.engine import Address, Cpus, DataFrom, Engine, Gpus, check_engine
from benchmark.cli.options import Data, Device, Embeddings, Results, Shard, Work, default_work
from benchmark.errors import Busy, DataMissing, OneshotError, Refused, UnknownName

if TYPE_CHECKING:
    from benchmark.cli.watch import Watch
    from benchmark.evaluation.clock import Clock
    from benchmark.evaluation.job import Surroundings
    from benchmark.evaluation.presence import Presence
    from benchmark.sweep.plan import Plan
    from benchmark.sweep.suite import Wanted


def run(
    models: asked.Models = None,
    task: asked.Task = None,
    suite: asked.SuiteName = None,
    seeds: asked.Seeds = None,
    folds: asked.Folds = None,
    budget: asked.Budget = None,
    settings: asked.Settings = None,
    episodes: asked.Episodes = None,
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
    profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time of the trainings goes.")
    ] = False,
) -> None:
    """Trains and evaluates models; writes one record per model, task and seed.

    Whatever is interrupted can be started again: finished records stay, trainings resume.
    """
    from benchmark.cli.watch import Watch
    from benchmark.evaluation.api import find_device
    from benchmark.evaluation.clock import Clock
    from benchmark.evaluation.job import Surroundings
    from benchmark.sweep import plan as plans
    from benchmark.sweep.order import shard_of
    from benchmark.sweep.remarks import defaults_of

    if existing not in ("skip", "redo", "fail"):
        raise UnknownName("choice for --existing", existing, ["skip", "redo", "fail"])
    wanted = asked.wanted_of(models, task, suite, settings, seeds, budget, folds, episodes)
    place = Surroundings(
        data, results, work or default_work(), find_device(device), commit_weights,
        embeddings=embeddings,
    )  # fmt: skip
    clock = Clock(place.device) if profile else None
    part = shard_of(shard) if shard else None
    check_engine(engine, workers, address, cpus_per_job, gpus_per_job, data_from, commit_weights)
    redo = existing == "redo"
    plan = _planned(wanted, results, suite is None, part, redo)
    if existing == "fail":
        plans.refuse_existing(plan)
    for line in defaults_of(each for each in plan.planned if each.missing or redo):
        typer.echo(line)
    if dry_run:
        show(plan, place)
        return
    tracks = [each.job.track for each in plan.planned]
    if engine == "local":
        for track in {track.name: track for track in tracks}.values():
            place.require(track)
    if workers != "1" or engine == "ray":
        from benchmark.cli.many import run_many, run_on_ray

        def again() -> Plan:
            return _planned(wanted, results, False, part, redo)

        if engine == "ray":
            from benchmark.sweep.cluster import Cluster

            cluster = Cluster(
                address, cpus_per_job, gpus_per_job, data, work, data_from, device,
                existing,  # type: ignore[arg-type]
            )  # fmt: skip
            records, failed, plan = run_on_ray(plan, again, cluster, place, tensorboard)
        else:
            records, failed, plan = run_many(
                plan, again, workers, place, existing, tensorboard  # type: ignore[arg-type]
            )  # fmt: skip
        _end(plan, place, existing)
        close(records, failed, place, _there(plan))
        return
    if plan.searches:
        from benchmark.cli.tune import make_searches

        make_searches(list(plan.searches), place)
        plan = _planned(wanted, results, False, part, redo)
    there = _there(plan)
    with Watch(len(plan.planned), tensorboard) as watch:
        try:
            _one_by_one(plan, place, existing, watch, clock)
        except KeyboardInterrupt:
            raise OneshotError(
                f"Interrupted; {watch.records} new records are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    _end(plan, place, existing)
    if watch.left_out and len(watch.left_out) == sum(len(e.job.tasks) for e in plan.planned):
        raise Refused("Nothing could be asked; the reasons stand above.")
    close(watch.records, watch.failed, place, there)


def _one_by_one(
    plan: Plan, place: Surroundings, existing: str, watch: Watch, clock: Clock | None
) -> None:
    """Does the jobs in their order; those that another process is at come last."""
    from collections import deque

    from benchmark.evaluation.run import run as run_job

    waiting = deque(plan.planned)
    busy = 0  # jobs in a row that another process was at
    while waiting:
        each = waiting.popleft()
        place.wait = busy > len(waiting)  # for all that is left others are at work: wait for them
        watch.start(each.job.spec.key, each.job.track.name, each.job.which)
        if clock is not None:
            clock.start()
            place.mark = clock.mark
        try:
            for _ in run_job(each.job, place, existing, watch):  # type: ignore[arg-type]
                pass
            if clock is not None:
                watch.profile(clock.lines())
        except Busy as other:
            watch.later(str(other.message))
            waiting.append(each)
            busy += 1
        else:
            busy = 0


def _end(plan: Plan, place: Surroundings, existing: str) -> None:
    _refused(plan)
    say_beside_raw(plan.planned, place, existing)


def _refused(plan: Plan) -> None:
    for refusal in plan.refused:
        typer.echo(f"refused  {refusal.model} on {refusal.track}: {refusal.reason}")


def _planned(
    wanted: list[Wanted],
    results: Path,
    strict: bool,
    part: tuple[int, int] | None,
    redo: bool,
) -> Plan:
    """The plan, or the part of it that is this shard's; every shard needs all searches."""
    from dataclasses import replace

    from benchmark.sweep.order import shard
    from benchmark.sweep.plan import make

    plan = make(wanted, results, strict, redo)
    return plan if part is None else replace(plan, planned=tuple(shard(plan.planned, *part)))


def _there(plan: Plan) -> list[Presence]:
    """The records that are there and are not measured again."""
    return [found for each in plan.planned for found in each.found.values() if found.present]


def close(records: int, failed: int, place: Surroundings, there: Sequence[Presence] = ()) -> None:
    """The last lines: how many records there are now, and what to type next.

    Raises:
        Exit: with code 2 if a model failed, now or in a record that was there.
    """
    from benchmark.evaluation.presence import summary

    made = f"{records} new record{'' if records == 1 else 's'} in {place.results}"
    typer.echo(f"{made}{f', {failed} of them failures' if failed else ''}.")
    for line in summary(there):
        typer.echo(line)
    typer.echo(
        f"Tables and figures: oneshot leaderboard --results {shlex.quote(str(place.results))}"
    )
    if failed or any(found.failed for found in there):
        raise typer.Exit(2)


def show(plan: Plan, place: Surroundings) -> None:
    """Prints every record the jobs would write, what is refused, and the hours to come."""
    from benchmark.sweep.estimate import Estimator, hours

    for each in plan.planned:
        for name in each.job.tasks:
            found = each.found.get(name)
            line = f"{each.name}  {name}  {each.job.which}"
            if found is None:
                typer.echo(f"left out  {line}: {each.left_out[name]}")
            elif found.present:
                typer.echo(f"present  {line}, of {found.measured:%Y-%m-%d %H:%M}")
            else:
                typer.echo(f"{found.state}  {line}{f': {found.reason}' if found.reason else ''}")
    for search in plan.searches:
        typer.echo(f"search   {search.model} on {search.track}, budget {search.budget}")
    _refused(plan)
    typer.echo(f"{plan.missing} of {plan.records} records are missing.")
    if not plan.missing:
        return
    try:
        seconds = Estimator(place).plan(plan)
    except DataMissing as missing:
        typer.echo(f"How long they take cannot be estimated. {missing}")
    else:
        typer.echo(f"About {hours(seconds)} on this machine ({place.device}), one after the other.")
