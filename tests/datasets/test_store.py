"""What is stored comes back; what is damaged, foreign or half-written is never believed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.errors import DataMissing, OneshotError


def toy(fill: int = 0, name: str = "toy"):
    images = (np.arange(6 * 25, dtype=np.uint8).reshape(6, 1, 5, 5) + fill).astype(np.uint8)
    drawer = Groups(np.array([0, 1, 0, 1, 0, 1], dtype=np.int32), ("01", "02"))
    return whole(name, "character", images, np.repeat([0, 1, 2], 2), "abc", {"drawer": drawer})


def test_a_data_set_comes_back_as_it_was(tmp_path):
    before = toy()
    store.save(before, tmp_path, "toy data")
    after = store.load("toy", tmp_path)
    assert after.digest == before.digest
    assert np.array_equal(after.stored, before.stored)
    assert np.array_equal(after.labels, before.labels) and after.labels.dtype == np.int64
    assert (after.name, after.family, after.class_names) == ("toy", "character", ("a", "b", "c"))
    assert after.groups["drawer"].names == ("01", "02")
    assert after.groups["drawer"].codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert not after.stored.flags.writeable
    assert store.present(tmp_path) == ["toy"]
    assert store.verify("toy", tmp_path).source == "toy data"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy"]


def test_vectors_are_stored_too(tmp_path):
    vectors = np.linspace(0, 1, 12, dtype=np.float32).reshape(4, 3)
    store.save(whole("points", "vector", vectors, [0, 0, 1, 1], "xy"), tmp_path)
    assert np.array_equal(store.load("points", tmp_path).stored, vectors)


def test_a_digest_over_files_is_kept_beside_that_of_the_pixels(tmp_path):
    from dataclasses import replace

    data = replace(toy(), digest="f" * 64)
    with pytest.raises(OneshotError, match="not that of its items"):
        store.save(data, tmp_path)
    store.save(data, tmp_path, digest_of="files")
    verified = store.verify("toy", tmp_path)
    assert verified.digest == "f" * 64
    assert verified.stored_digest == toy().digest


def test_views_texts_and_unfit_names_are_refused(tmp_path):
    with pytest.raises(OneshotError, match="view"):
        store.save(toy().of_classes(np.array([0])), tmp_path)
    with pytest.raises(OneshotError, match="view"):
        store.save(toy().with_turns((0,)), tmp_path)
    words = whole("words", "text", np.array(["a", "b"], dtype=object), [0, 1], "ab")
    with pytest.raises(OneshotError, match="texts"):
        store.save(words, tmp_path)
    for name in ("../toy", "a/b", "", ".toy", "Toy", "nul", "com1", "a\\b", "toy "):
        with pytest.raises(OneshotError, match="cannot name a data set"):
            store.load(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_absent_data_set_says_what_to_type(tmp_path):
    with pytest.raises(DataMissing, match="Type: oneshot data add toy PATH"):
        store.load("toy", tmp_path / "nowhere")
    assert store.present(tmp_path / "nowhere") == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def foreign(path: Path) -> None:
    path.write_bytes(b'{"something": "else"}' if path.suffix == ".json" else b"PK\x03\x04junk")


@pytest.mark.parametrize("file", ["items.npy", "data_set.json"])
@pytest.mark.parametrize("damage", [cut, empty, lengthen, foreign, Path.unlink])
def test_damaged_files_are_named_in_one_line(tmp_path, file, damage):
    store.save(toy(), tmp_path)
    damage(tmp_path / "toy" / file)
    with pytest.raises(OneshotError) as caught:
        store.load("toy", tmp_path)
    message = str(caught.value)
    assert "oneshot data add toy PATH" in message and "\n" not in message
    assert file in message or isinstance(caught.value, DataMissing)


def test_pickled_items_are_not_loaded(tmp_path):
    store.save(toy(), tmp_path)
    with (tmp_path / "toy" / "items.npy").open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(OneshotError, match=r"items\.npy"):
        store.load("toy", tmp_path)


def test_another_format_and_edited_labels_are_refused(tmp_path):
    path = store.save(toy(), tmp_path) / "data_set.json"
    description = json.loads(path.read_text())
    path.write_text(json.dumps(description | {"labels": [0, 0, 1, 1, 2, 0]}))
    with pytest.raises(OneshotError, match="has changed"):
        store.load("toy", tmp_path)
    path.write_text(json.dumps(description | {"format": 0}))
    with pytest.raises(OneshotError, match=r"format 0, this version reads format 1\. Type"):
        store.load("toy", tmp_path)


def test_verify_finds_one_changed_pixel_and_saving_again_mends_it(tmp_path):
    path = store.save(toy(), tmp_path) / "items.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OneshotError, match=r"items\.npy has changed"):
        store.verify("toy", tmp_path)
    store.save(toy(), tmp_path)
    assert store.verify("toy", tmp_path).items == 6


def test_a_sound_copy_stays_and_other_data_replaces_it(tmp_path):
    path = store.save(toy(), tmp_path) / "items.npy"
    written = path.stat().st_mtime_ns
    store.save(toy(), tmp_path)
    assert path.stat().st_mtime_ns == written
    store.save(toy(fill=1), tmp_path)
    assert store.load("toy", tmp_path).digest == toy(fill=1).digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["toy"]


def test_a_failing_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OneshotError, match=r"No space left on device.*--data DIR"):
        store.save(toy(), tmp_path)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys, time
from pathlib import Path
import numpy as np
from benchmark.datasets import store
from benchmark.datasets.data_set import whole
def stall(handle):
    print("writing", flush=True)
    time.sleep(60)
os.fsync = stall
store.save(whole("toy", "vector", np.zeros((2, 2), np.float32), [0, 1], "ab"), Path(sys.argv[1]))
"""


def test_a_killed_add_leaves_nothing_that_looks_like_a_data_set(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"writing"
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    (left,) = tmp_path.iterdir()
    assert store.present(tmp_path) == []
    with pytest.raises(DataMissing):
        store.load("toy", tmp_path)
    store.save(toy(), tmp_path)
    assert left.exists()  # young: it might belong to a living process
    old = time.time() - 2 * store.STALE_SECONDS
    for path in (*left.iterdir(), left):
        os.utime(path, (old, old))
    store.save(toy(), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["toy"]


SAVED_OFTEN = """
import sys
from pathlib import Path
import numpy as np
from benchmark.datasets import store
from benchmark.datasets.data_set import whole
fill = int(sys.argv[2])
data = whole("toy", "vector", np.full((2, 2), fill, np.float32), [0, 1], "ab")
print(data.digest, flush=True)
sys.stdin.readline()
for _ in range(30):
    store.save(data, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("fills", [(0, 0), (0, 1)])
def test_two_processes_adding_at_once_do_no_harm(tmp_path, fills):
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", SAVED_OFTEN, str(tmp_path), str(fill)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for fill in fills
    ]
    digests = {worker.stdout.readline().strip() for worker in workers}
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate()
    assert [worker.returncode for worker in workers] == [0, 0]
    assert store.verify("toy", tmp_path).digest in digests
    assert [entry.name for entry in tmp_path.iterdir()] == ["toy"]


def test_the_data_directory_is_the_option_the_variable_or_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "variable"))
    assert store.data_directory(tmp_path / "option") == tmp_path / "option"
    assert store.data_directory() == tmp_path / "variable"
    monkeypatch.setenv("ONESHOT_DATA", "")
    assert store.data_directory().parts[-1] == "data"
    assert "oneshot-benchmark" in store.data_directory().parts


@pytest.mark.realdata
def test_real_data_are_mapped_and_not_read(real_store):
    data = store.load("mini-imagenet", real_store)
    assert data.stored.shape == (60000, 3, 84, 84)
    assert isinstance(data.stored.base, np.memmap)
