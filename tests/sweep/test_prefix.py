"""Only the first so many of a task's pinned episodes: what is asked, recorded and still missing."""

from dataclasses import replace

from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.recompute import recompute
from benchmark.evaluation.run import run
from benchmark.records import store
from benchmark.sweep.plan import make
from benchmark.sweep.suite import RunGrid, parse

TASK = "glyphs-5w1s"
SMALL = {"width": "0.125"}
SOME = RunGrid("untrained-conv4", (TASK,), (0,), "quick", SMALL, episodes=40)
ALL = replace(SOME, episodes=None)
CHANCE = replace(ALL, model="chance", settings={})


def measured(wanted, results):
    (planned,) = make([wanted], results).planned
    return list(run(planned.job, RunContext(results=results)))


def test_a_prefix_of_the_episodes_gives_a_prefix_of_the_answers(tmp_path):
    (some,), (every,) = measured(SOME, tmp_path / "some"), measured(ALL, tmp_path / "all")
    assert some.task.episodes == 40 < every.task.episodes
    assert some.outcome.correct == every.outcome.correct[:40]
    assert some.task.episode_digest != every.task.episode_digest
    assert some.validation == every.validation  # what chooses is always asked whole
    assert some.model == every.model


def test_a_shorter_record_is_no_answer_to_who_wants_more(tmp_path):
    (some,) = measured(SOME, tmp_path)
    assert measured(SOME, tmp_path) == []  # it is there
    assert make([ALL], tmp_path).missing == 1
    (every,) = measured(ALL, tmp_path)
    (path,) = store.paths(tmp_path)
    assert store.read(path).id == every.id != some.id
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # replaced, not set aside
    assert measured(SOME, tmp_path) == []  # a longer one serves who wants less
    assert store.read(path).id == every.id


def test_blocks_that_want_less_and_more_of_one_job_get_more(tmp_path):
    longer = replace(SOME, episodes=60)
    for wanted, most in (([SOME, longer], 60), ([longer, SOME], 60), ([SOME, ALL], None)):
        (planned,) = make(wanted, tmp_path).planned
        assert planned.job.episodes == most
        assert RunSpec.parse(**planned.job.text()).episodes == most


def test_models_that_answer_fewer_episodes_anyway_are_not_missing(tmp_path):
    (record,) = measured(CHANCE, tmp_path)
    assert record.task.episodes == 1_000
    assert make([CHANCE], tmp_path).missing == 0
    assert make([replace(CHANCE, episodes=5_000)], tmp_path).missing == 0


def test_trials_are_asked_whole(tmp_path):
    trials = replace(SOME, tasks=("glyphs-verification",))
    (record,) = measured(trials, tmp_path)
    assert record.task.episodes > 40
    assert make([trials], tmp_path).missing == 0


def test_the_same_prefix_is_recomputed(tmp_path):
    (record,) = measured(SOME, tmp_path)
    again = recompute(record, RunContext())
    assert again.verdict == "identical" and again.of == 40 * record.outcome.of


def test_suites_and_commands_say_how_many(tmp_path):
    block = f'models = ["pixels-cosine"]\ntasks = ["{TASK}"]\nepisodes = 40'
    (wanted,) = parse(f'title = "x"\n[[block]]\n{block}', "x").grids
    assert wanted.episodes == 40
    (planned,) = make([wanted], tmp_path).planned
    assert "--episodes 40" in " ".join(planned.job.words())
