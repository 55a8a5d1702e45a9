"""Omniglot is read from every layout it is found in; whatever is missing or wrong is named."""

from __future__ import annotations

import io
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, omniglot, store
from benchmark.datasets.omniglot_alphabets import ALPHABETS
from benchmark.errors import OneshotError
from benchmark.tasks.lake_runs import LAKE_RUNS

NAMES = ("Alpha/character01", "Alpha/character02", "Beta_(old)/character01",
         "Aleph/character01", "Aleph/character02")  # fmt: skip


def zipped(files, folder):
    for part in ("background", "evaluation"):
        files.to_zip(folder / f"images_{part}.zip", f"images_{part}/")
    return folder


def as_zips(files, path):
    return zipped(files, path)


def as_folders(files, path):
    return files.to_folder(path)


def as_torchvision(files, path):
    files.to_folder(path / "omniglot-py")
    zipped(files, path / "omniglot-py")
    return path


def as_clone(files, path):
    zipped(files, path / "omniglot" / "python")
    return path


def as_one_zip(files, path):
    return files.to_zip(path / "all-of-it.zip")


def as_oddly_named_zip(files, path):
    return files.to_zip(path / "images_background and images_evaluation.zip")


def as_one_tar(files, path):
    return files.to_tar(path / "all.tar.gz", "w:gz")


def as_zip_and_folder(files, path):
    files.to_zip(path / "images_background.zip", "images_background/")
    files.to_folder(path / "unpacked")
    shutil.rmtree(path / "unpacked" / "images_background")
    return path


@pytest.mark.parametrize(
    "layout",
    [
        as_zips,
        as_folders,
        as_torchvision,
        as_clone,
        as_one_zip,
        as_oddly_named_zip,
        as_one_tar,
        as_zip_and_folder,
    ],
)
def test_every_layout_gives_the_same_data(tmp_path, fake_omniglot, layout):
    data = omniglot.read(layout(fake_omniglot, tmp_path))
    assert data.digest == omniglot.OMNIGLOT.digest
    assert data.class_names == NAMES
    assert data.stored.shape == (100, 1, 105, 105) and data.stored.dtype == np.uint8
    assert data.labels.tolist() == sorted(list(range(5)) * 20)
    assert data.groups["drawer"].names == tuple(f"{d:02d}" for d in range(1, 21))
    assert data.groups["drawer"].codes.tolist() == list(range(20)) * 5
    assert data.groups["alphabet"].names == ("Alpha", "Beta_(old)", "Aleph")
    assert data.class_groups("alphabet").tolist() == [0, 0, 1, 2, 2]
    assert data.groups["part"].names == ("background", "evaluation")
    assert data.class_groups("part").tolist() == [0, 0, 0, 1, 1]


def test_ink_is_255(tmp_path, fake_omniglot):
    data = omniglot.read(as_zips(fake_omniglot, tmp_path))
    image = Image.open(io.BytesIO(fake_omniglot["images_evaluation/Aleph/character02/0005_20.png"]))
    assert np.array_equal(data.stored[99, 0] == 255, np.asarray(image) == 0)
    assert set(np.unique(data.stored)) == {0, 255}


def test_litter_of_other_systems_is_passed_over(tmp_path, fake_omniglot):
    fake_omniglot["__MACOSX/images_background/Alpha/character01/._0001_01.png"] = b"shadow"
    fake_omniglot["images_background/.DS_Store"] = b"litter"
    fake_omniglot["images_background/Alpha/Thumbs.db"] = b"litter"
    assert omniglot.read(fake_omniglot.to_zip(tmp_path / "x.zip")).class_names == NAMES


def drop_drawing(files):
    del files["images_evaluation/Aleph/character02/0005_07.png"]
    return r"39 of the 40 .*Aleph/character02 by drawer 07"


def drop_character(files):
    for drawer in range(1, 21):
        del files[f"images_background/Alpha/character02/0002_{drawer:02d}.png"]
    return "all of Alpha/character02"


def drop_alphabet(files):
    for name in [name for name in files if "Beta" in name]:
        del files[name]
    return r"the alphabet Beta_\(old\)"


def drop_part(files):
    for name in [name for name in files if "evaluation" in name]:
        del files[name]
    return r"images_evaluation|alphabet Aleph"


def add_alphabet(files):
    files["images_background/Gamma/character01/0009_01.png"] = b""
    return "images_background has no Gamma/character01"


def add_character(files):
    files["images_background/Alpha/character03/0009_01.png"] = b""
    return "images_background has no Alpha/character03"


def add_drawer(files):
    files["images_background/Alpha/character01/0001_21.png"] = b""
    return "drawers are 01 to 20"


def add_twice(files):
    files["images_background/Alpha/character01/0099_01.png"] = b""
    return "Alpha/character01 by drawer 01 twice"


def replace_image(**change):
    def damage(files):
        name = "images_background/Alpha/character01/0001_05.png"
        image = Image.open(io.BytesIO(files[name]))
        if "size" in change:
            image = image.resize(change["size"])
        stream = io.BytesIO()
        image.convert(change.get("mode", "1")).save(stream, change.get("kind", "PNG"))
        files[name] = stream.getvalue()
        return change["expected"]

    return damage


def cut_image(files):
    name = "images_background/Alpha/character01/0001_05.png"
    files[name] = files[name][:100]
    return r"Alpha/character01/0001_05.png' is a damaged PNG"


def swap_drawings(files):
    one, two = (f"images_background/Alpha/character01/0001_{drawer}.png" for drawer in ("01", "02"))
    files[one], files[two] = files[two], files[one]
    return "drawings of Alpha in images_background are not those"


@pytest.mark.parametrize(
    "damage",
    [
        drop_drawing,
        drop_character,
        drop_alphabet,
        drop_part,
        add_alphabet,
        add_character,
        add_drawer,
        add_twice,
        cut_image,
        swap_drawings,
        replace_image(size=(28, 28), expected="0001_05.png' is 28x28 of mode 1, expected 105x105"),
        replace_image(size=(210, 210), expected="0001_05.png' declares 210x210"),
        replace_image(mode="L", expected="105x105 of mode L, expected 105x105 of one bit"),
        replace_image(mode="RGB", kind="JPEG", expected="0001_05.png' is no PNG"),
    ],
)
@pytest.mark.parametrize("layout", [as_zips, as_folders, as_one_zip])
def test_what_is_wrong_is_named(tmp_path, fake_omniglot, damage, layout):
    expected = damage(fake_omniglot)
    with pytest.raises(OneshotError, match=expected) as caught:
        omniglot.read(layout(fake_omniglot, tmp_path))
    assert "\n" not in str(caught.value) and caught.value.hint


def test_nothing_there_says_what_is_sought(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(OneshotError, match="holds images_background and images_evaluation"):
            omniglot.read(path)


def test_the_progress_ends_at_all(tmp_path, fake_omniglot):
    seen = []
    omniglot.read(as_zips(fake_omniglot, tmp_path), lambda *step: seen.append(step))
    assert seen[-1] == ("reading Omniglot", 100, 100)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_the_literals_have_the_published_counts():
    counts = {part: [n for n, _ in letters.values()] for part, letters in ALPHABETS.items()}
    assert {part: (len(n), sum(n)) for part, n in counts.items()} == {
        "background": (30, 964),
        "evaluation": (20, 659),
    }
    for letters in ALPHABETS.values():
        assert list(letters) == sorted(letters)
    assert (catalogue.OMNIGLOT.items, catalogue.OMNIGLOT.classes) == (20 * 1623, 1623)


def test_the_official_runs_are_well_formed():
    assert [run.number for run in LAKE_RUNS] == list(range(1, 21))
    assert len({run.alphabet for run in LAKE_RUNS}) == 10
    for run in LAKE_RUNS:
        letters, _ = ALPHABETS["evaluation"][run.alphabet]
        assert len(set(run.characters)) == 20
        assert set(run.characters) <= set(range(1, letters + 1))
        assert sorted(run.answers) == list(range(20))
        assert run.training_drawer != run.test_drawer
        assert {run.training_drawer, run.test_drawer} <= set(range(1, 21))


@pytest.mark.realdata
def test_the_official_runs_are_upstreams_pixel_by_pixel(real_data, real_store):
    data = store.load("omniglot", real_store)
    first = {name: 20 * number for number, name in enumerate(data.class_names)}
    with zipfile.ZipFile(real_data / "omniglot" / "all_runs.zip") as archive:

        def ink(name):
            return np.asarray(Image.open(io.BytesIO(archive.read(name)))) == 0

        for run in LAKE_RUNS:
            rows = [first[f"{run.alphabet}/character{n:02d}"] for n in run.characters]
            folder = f"run{run.number:02d}"
            text = archive.read(f"{folder}/class_labels.txt").decode()
            classes = dict(line.split() for line in text.splitlines() if line)
            assert len(classes) == 20
            for place in range(20):
                training = f"{folder}/training/class{place + 1:02d}.png"
                stored = data.stored[rows[place] + run.training_drawer - 1, 0]
                assert np.array_equal(ink(training), stored == 255), training
                item = f"{folder}/test/item{place + 1:02d}.png"
                answer = run.answers[place]
                assert classes[item] == f"{folder}/training/class{answer + 1:02d}.png"
                stored = data.stored[rows[answer] + run.test_drawer - 1, 0]
                assert np.array_equal(ink(item), stored == 255), item


@pytest.mark.realdata
def test_real_omniglot_is_the_pinned_one(real_store):
    verified = catalogue.verify("omniglot", real_store)
    assert verified.digest == verified.stored_digest == catalogue.OMNIGLOT.digest
    assert (verified.items, verified.classes) == (32460, 1623)


@pytest.mark.realdata
def test_the_minimal_sets_are_part_of_the_background(real_data, real_store):
    data = store.load("omniglot", real_store)
    first = {name: 20 * number for number, name in enumerate(data.class_names)}
    for name in ("images_background_small1.zip", "images_background_small2.zip"):
        with zipfile.ZipFile(real_data / "omniglot" / name) as archive:
            members = [omniglot.MEMBER.match(member) for member in archive.namelist()]
            for match in filter(None, members):
                row = first[f"{match[1]}/character{match[2]}"] + int(match[4]) - 1
                image = np.asarray(Image.open(io.BytesIO(archive.read(match[0]))))
                assert np.array_equal(image == 0, data.stored[row, 0] == 255), match[0]
