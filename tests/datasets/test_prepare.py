"""Adding by name and loading by name: what is asked for, what is there, and what to type next."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmark.datasets import catalogue, mini_imagenet, prepare, store
from benchmark.datasets.data_set import whole
from benchmark.errors import DataMissing, OneshotError, Refused, UnknownName


def points(path, progress=None):
    return whole("read", "vector", np.eye(4, dtype=np.float32), [0, 0, 1, 1], "xy")


@pytest.fixture
def point_kind(monkeypatch):
    monkeypatch.setattr(mini_imagenet, "points", points, raising=False)
    monkeypatch.setitem(prepare.READERS, "points", "benchmark.datasets.mini_imagenet:points")


def test_a_known_data_set_is_added_verified_and_loaded(tmp_path, fake_omniglot):
    files = fake_omniglot.to_folder(tmp_path / "secret-project" / "files")
    seen = []
    verified = prepare.add("omniglot", files, tmp_path, progress=lambda *step: seen.append(step))
    assert (verified.items, verified.classes) == (100, 5)
    assert catalogue.load("omniglot", tmp_path).digest == verified.digest
    assert seen[-1][1] == seen[-1][2]
    assert "secret-project" not in (tmp_path / "omniglot" / "data_set.json").read_text()


def test_mini_imagenet_keeps_both_digests(tmp_path, fake_mini):
    verified = prepare.add("mini-imagenet", fake_mini.to_tar(tmp_path / "x.tar"), tmp_path)
    assert verified.digest == catalogue.KNOWN["mini-imagenet"].digest
    assert verified.stored_digest != verified.digest
    assert catalogue.verify("mini-imagenet", tmp_path) == verified


def test_the_environment_names_the_directory(tmp_path, fake_omniglot, monkeypatch):
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path))
    prepare.add("omniglot", fake_omniglot.to_zip(tmp_path / "x.zip"), tmp_path)
    assert len(catalogue.load("omniglot")) == 100


def test_your_own_data_are_added_by_kind(tmp_path, point_kind):
    prepare.add("mine", tmp_path, tmp_path, kind="points")
    assert catalogue.load("mine", tmp_path).name == "mine"
    assert store.present(tmp_path) == ["mine"]


def test_names_and_kinds_that_do_not_go_together_are_refused(tmp_path, point_kind):
    with pytest.raises(UnknownName, match="Did you mean omniglot"):
        prepare.add("omniglat", tmp_path, tmp_path)
    with pytest.raises(UnknownName, match=r"kind of data named 'pints'.*points"):
        prepare.add("mine", tmp_path, tmp_path, kind="pints")
    with pytest.raises(Refused, match="Leave --kind out"):
        prepare.add("omniglot", tmp_path, tmp_path, kind="points")
    with pytest.raises(Refused, match="oneshot data add omniglot PATH"):
        prepare.add("mine", tmp_path, tmp_path, kind="omniglot")
    with pytest.raises(Refused, match="nothing to add"):
        prepare.add("glyphs", tmp_path, tmp_path)


def test_every_known_data_set_has_a_reader_or_is_shipped():
    for known in catalogue.DATA_SETS:
        assert known.shipped or callable(prepare._reader(known.name, None))


def test_absent_data_say_the_command_to_type(tmp_path):
    with pytest.raises(DataMissing, match=r"oneshot data add omniglot PATH.*data fetch omniglot"):
        catalogue.load("omniglot", tmp_path)
    with pytest.raises(DataMissing, match=r"oneshot data add mini-imagenet PATH$"):
        catalogue.load("mini-imagenet", tmp_path)
    with pytest.raises(UnknownName, match="Did you mean omniglot"):
        catalogue.load("omnigolt", tmp_path)


def test_other_data_under_a_known_name_are_refused(tmp_path):
    store.save(replace(points(None), name="omniglot"), tmp_path)
    for call in (catalogue.load, catalogue.verify):
        with pytest.raises(OneshotError, match=r"is other data.*oneshot data add omniglot"):
            call("omniglot", tmp_path)


def test_the_catalogue_costs_nothing_to_import():
    code = (
        "import sys; import benchmark.datasets.catalogue; "
        "print(sorted({'torch', 'numpy', 'pandas', 'PIL'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_loading_needs_no_torch(tmp_path, fake_omniglot):
    code = (
        "import sys; from benchmark.datasets import catalogue, prepare, fetch, store, omniglot, "
        "mini_imagenet, mini_imagenet_pickles; print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
