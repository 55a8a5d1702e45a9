"""The live table of many jobs: who works, what failed, what waits, how long it takes."""

import io
import time
from dataclasses import dataclass

import pytest
from rich.console import Console

from benchmark.cli import progress as tables
from benchmark.cli.progress import ProgressDisplay, result_of
from benchmark.protocols import Progress
from benchmark.records.schema import LogOdds, ModelRef, Record, TaskRef, TrialLabels

LONG = "siamese-conv4-euclidean-contrastive"


@dataclass(frozen=True, eq=False)
class Job:
    model: str
    where: str
    which: str
    title: str
    cost: float


def unit(model, number, where="glyphs", cost=1.0):
    which = f"seed {number}"
    title = f"{model} on {where}, {which}"
    return Job(model, where, which, title, cost)


def show(table, width=100, height=30, terminal=True):
    table.console = Console(file=io.StringIO(), force_terminal=terminal, width=width, height=height,
                            color_system=None)  # fmt: skip
    table.console.print(table._picture())
    return table.console.file.getvalue().splitlines()


@pytest.fixture
def table():
    made = ProgressDisplay()
    made.console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    units = [unit(LONG, number, cost=4.0) for number in range(4)]
    units += [unit("prototypical-conv4", number) for number in range(4)]
    made.expect(units)
    return made, units


def test_a_board_is_made_for_every_slot_that_comes(tmp_path, monkeypatch):
    started = []

    class Recorder:
        def __init__(self, folder):
            assert folder == tmp_path

        def start(self, name):
            started.append((self, name))

        def close(self):
            pass

    monkeypatch.setattr("benchmark.cli.progress.Board", Recorder)
    made = ProgressDisplay(tmp_path)
    units = [unit("prototypical-conv4", number) for number in range(4)]
    made.expect(units)
    for slot, each in enumerate(units):  # a cluster has grown meanwhile
        made.began(each, slot)
    assert len({board for board, _ in started}) == len({name for _, name in started}) == 4


@pytest.mark.parametrize("width", [80, 100, 160])
def test_it_tells_all_and_fits_the_window(table, width):
    made, units = table
    made.began(units[0], 0)
    made.done(units[0])
    made.began(units[1], 0)
    made.began(units[4], 1)
    made.heard(units[1], ("training", Progress(50, 100, 0.25, 0.5, 10.0)))
    made.began(units[5], 2)
    made.lost(units[5], "the worker ended with exit code 3")
    lines = show(made, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert text.count("waits") == 3 and "and 1 more that wait" in text
    (failed,) = [line for line in lines if "failed" in line]
    assert failed.startswith("prototypical-conv4") and "seed 1" in failed
    (at_work,) = [line for line in lines if "loss 0.250" in line]
    assert "seed 1" in at_work
    assert "1 of 8 jobs, 1 given up" in lines[-1]
    assert "glyphs" not in text, "one track needs no column"


def test_tracks_have_a_column_where_there_are_several(table):
    made, units = table
    made.expect([*units, unit("chance", 0, where="orl-faces")])
    made.began(units[0], 0)
    assert "glyphs" in "\n".join(show(made))


def test_a_low_window_is_enough_for_many_failures(table):
    made, _ = table
    many = [unit("m", number) for number in range(60)]
    made.expect(many)
    for each in many[:50]:
        made.began(each, 0)
        made.lost(each, "why")
    assert len(show(made, height=24)) <= 24


def test_time_left_follows_the_cost_that_is_done(table, monkeypatch):
    made, units = table
    now = time.monotonic()
    monkeypatch.setattr(tables.time, "monotonic", lambda: now + 100)
    made.began(units[0], 0)
    made.done(units[0])  # 4 of 20 in 100 seconds
    assert "about 7 minutes left" in show(made)[-1]  # 400 seconds
    made.began(units[1], 0)
    made.heard(units[1], ("training", Progress(20, 100, 0.25, None, 10.0)))
    monkeypatch.setattr(tables.time, "monotonic", lambda: now + 160)
    made.heard(units[1], ("training", Progress(60, 100, 0.25, None, 10.0)))
    (line,) = [line for line in show(made) if "loss" in line]
    assert line.rstrip().endswith("1:17"), "0.36 in 60 seconds, 0.46 to go"


@pytest.mark.parametrize("jobs", [8, 1])
def test_off_a_terminal_there_are_plain_lines_on_stderr_now_and_then(
    table, monkeypatch, capsys, jobs
):
    made, units = table
    made.console = Console(file=io.StringIO(), force_terminal=False, width=100)
    made.expect(units[:jobs])
    made.began(units[0], 0)
    made.tick()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(tables, "PLAIN_SECONDS", -1.0)
    made.heard(units[0], ("answering", "glyphs-5w1s", 5, 10))
    made.tick()
    assert made.console.file.getvalue() == ""
    first, *more = capsys.readouterr().err.splitlines()
    assert first == f"{LONG} on glyphs, seed 0: 45 %  answering glyphs-5w1s"
    assert [line[:11] for line in more] == (["0 of 8 jobs"] if jobs == 8 else [])


def test_what_is_said_and_put_back_stands_above_the_table(table):
    made, units = table
    made.began(units[0], 0)
    made.heard(units[0], ("said", "x cannot be trusted"))
    made.heard(units[0], ("refused", "glyphs-5w1s", "its head is trained for 20-way only"))
    for _ in range(3):
        made.put_back(units[0], "Another process is at it.")
        made.began(units[0], 0)
    made.put_back(units[0], "Another process is at it.")
    told = made.console.file.getvalue()
    assert "seed 0: x cannot be trusted" in told and "glyphs-5w1s left out" in told
    assert "tried again later, another process is at it\n" in told
    assert told.count("tried again") == 1, "once is enough"
    assert made._waiting[-1] is units[0] and not made._at_work


def verification(kinds, of_kind, odds):
    """A record of a verification that brings its trials' labels along."""
    subjects = [0] * len(odds)
    labels = TrialLabels(kinds=kinds, of_kind=of_kind, left=subjects, right=subjects)
    return Record.model_construct(
        task=TaskRef.model_construct(name="mine-verification"),
        model=ModelRef.model_construct(key="some-model"),
        seed=0, fold=None, status="done",
        outcome=LogOdds(thousandths=odds, calibrated=True, labels=labels),
    )  # fmt: skip


def test_random_and_skilled_forgeries_are_both_shown():
    # Genuine 4 and 2; random forgeries below both, half of the skilled ones above.
    record = verification(
        ["genuine", "random", "skilled"], [2, 2, 2], [4000, 2000, -3000, -2000, 5000, -1000]
    )
    line = result_of(record)
    assert "random 0.00 %, skilled 50.00 %" in line
    assert "EER" in line and "over all impostors" in line  # the mixture is named as one


def test_every_kind_of_impostor_is_shown():
    record = verification(
        ["genuine", "within", "across", "skilled"], [1, 1, 1, 1], [1000, 2000, -1000, 0]
    )
    assert result_of(record).count("%") == 4
    assert "within 100.00 %, across 0.00 %, skilled 0.00 %" in result_of(record)


def test_one_kind_of_impostor_needs_no_second_number():
    record = verification(["genuine", "labelled"], [2, 2], [4000, 2000, -3000, -2000])
    assert result_of(record).endswith("EER   0.00 %")
