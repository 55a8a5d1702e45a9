"""Records: what is hashed, what is refused, and that a file is whole or not there."""

import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.records.canonical import canonical, recipe_hash
from benchmark.records.schema import Cost, Counts, ModelRef, Provenance, Record, TaskRef

PROVENANCE = Provenance(suite="0", python="3", torch="2", device="cpu", platform="Linux-x86_64")


def make(correct=(3, 4), **changes):
    facts = {
        "schema": 1,
        "task": TaskRef(
            name="glyphs-5w1s", version=1, data_digest="0" * 64, episode_digest="1" * 64,
            episodes=len(correct),
        ),
        "model": ModelRef(key="siamese-conv4", recipe={"margin": 0.5, "budget": "quick"}),
        "seed": 3,
        "outcome": Counts(of=5, correct=list(correct)),
        "provenance": PROVENANCE,
    }  # fmt: skip
    return Record(**(facts | changes))


def test_the_id_covers_question_and_answer_only():
    record = make()
    assert record.id == make(cost=Cost(training_milliseconds=9)).id
    assert record.id == make(provenance=PROVENANCE.model_copy(update={"torch": "9"})).id
    different = [make(correct=(4, 3)), make(seed=4), make(model=ModelRef(key="x", recipe={}))]
    assert len({record.id, *(other.id for other in different)}) == 4


def test_a_file_reads_back_equal_and_under_its_name(tmp_path):
    record = make()
    path = store.write(tmp_path, record)
    assert path.relative_to(tmp_path).as_posix() == (
        f"records/glyphs-5w1s.v1/siamese-conv4--{recipe_hash(record.model.recipe)}/seed-3.json"
    )
    assert store.read(path) == record
    assert store.load(tmp_path) == [record]
    assert '"correct": [3,4]' in path.read_text(), "numbers stand on one line"


def test_an_equal_record_leaves_the_old_file(tmp_path):
    path = store.write(tmp_path, make())
    before = path.read_bytes()
    store.write(tmp_path, make(cost=Cost(training_milliseconds=77)))
    assert path.read_bytes() == before
    store.write(tmp_path, make(correct=(0, 0)))
    assert store.read(path).outcome.correct == [0, 0]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda d: d["outcome"]["correct"].__setitem__(0, 5), "id .* does not match"),
        (lambda d: d["outcome"]["correct"].__setitem__(0, 6), "between 0 and 5"),
        (lambda d: d["outcome"]["correct"].append(1), "3 answers to 2 episodes"),
        (lambda d: d.__setitem__("surprise", 1), "[Ee]xtra"),
        (lambda d: d.__setitem__("seed", "3"), "seed"),
        (lambda d: d.__setitem__("schema", 2), "schema 2"),
        (lambda d: d.__setitem__("outcome", None), "needs an outcome"),
    ],
)
def test_a_changed_file_is_refused_and_named(tmp_path, edit, says):
    path = store.write(tmp_path, make())
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    with pytest.raises(OneshotError, match=says) as caught:
        store.read(path)
    assert str(path) in str(caught.value)


def test_a_failure_needs_a_reason():
    with pytest.raises(ValueError, match="needs a reason"):
        make(status="failed", outcome=None)
    assert make(status="failed", outcome=None, reason="NaN").reason == "NaN"


def test_a_truncated_file_is_set_aside_not_lost(tmp_path):
    path = store.write(tmp_path, make())
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(OneshotError, match="not a valid record"):
        store.load(tmp_path)
    store.write(tmp_path, make())
    assert store.load(tmp_path) == [make()]
    assert path.with_name("seed-3.json.broken").stat().st_size == 50


def test_a_file_under_another_s_name_is_refused(tmp_path):
    path = store.write(tmp_path, make())
    path.rename(path.with_name("seed-4.json"))
    with pytest.raises(OneshotError, match=r"belongs at .*seed-3\.json"):
        store.load(tmp_path)


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    path = store.write(tmp_path, make())
    before = path.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OneshotError, match="No space left.*--results DIR"):
        store.write(tmp_path, make(correct=(1, 1)))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["seed-3.json"], "no temporary file stays"


@given(st.text(max_size=300))
def test_slugs_are_portable(name):
    slug = store.slug(name)
    assert slug and len(slug) <= 121
    assert not set(slug) & set('<>:"/\\|?* \n') and not slug.startswith(".") and slug[-1] != "."
    assert slug.upper().split(".")[0] not in {"CON", "NUL", "AUX", "PRN", "COM1", "LPT1"}


def test_canonical_json_has_one_text():
    assert canonical({"b": 1, "a": [1.5, "é"]}) == '{"a":[1.5,"é"],"b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"x": float("nan")})
