"""Characters of one's own are stored with bright ink, whichever way round the files are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, glyphs, prepare
from benchmark.datasets.ink import dark_ink
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from benchmark.tasks import track
from benchmark.tasks.own import looking_in
from benchmark.twin.pictures import form_of, shown

CLASSES, HANDS = 8, 3


@pytest.fixture(scope="module")
def letters():
    """uint8 [24, 105, 105] with bright ink: 8 letters by 3 hands."""
    data = glyphs.load()
    items = [np.flatnonzero(data.labels == 40 * c)[:HANDS] for c in range(CLASSES)]
    return data.stored[data.rows[np.concatenate(items)], 0]


def write(root, images):
    for number, image in enumerate(images):
        path = root / f"c{number // HANDS}" / f"{number % HANDS}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return root


def bring(path, directory, kind="folder", **options):
    chosen = Options(**{"family": "character", "side": 105} | options)
    return prepare.bring("mine", path, directory, kind, options=chosen).notes


def stored(directory):
    return catalogue.load("mine", directory).stored[:, 0]


@pytest.mark.parametrize("dark", [True, False])
def test_either_way_round_gives_the_same_data(letters, tmp_path, dark):
    root = write(tmp_path / "files", 255 - letters if dark else letters)
    notes = bring(root, tmp_path / "data")
    assert np.array_equal(stored(tmp_path / "data"), letters)
    said = "dark ink on light paper" if dark else "light ink on dark paper"
    assert any(note.startswith(f"characters are {said} (24 of 24 images") for note in notes)
    with looking_in(tmp_path / "data"):
        form = form_of(track("mine"))
    for image in (letters[5], 255 - letters[5]):  # a twin sees what is stored
        assert np.array_equal(shown(image, form).stored[0, 0], letters[5])


def test_a_table_of_paths_and_pairs_are_looked_at_too(letters, tmp_path):
    root = write(tmp_path / "files", 255 - letters)
    rows = [f"c{n // HANDS}/{n % HANDS}.png,c{n // HANDS}" for n in range(len(letters))]
    (root / "all.csv").write_text("\n".join(["path,label", *rows]))
    bring(root / "all.csv", tmp_path / "data", "csv")
    assert np.array_equal(stored(tmp_path / "data"), letters)
    pairs = [f"c{c}/0.png,c{c}/{hand}.png,1" for c in range(CLASSES) for hand in (1, 2)]
    pairs += [f"c{c}/{hand}.png,c{c ^ 1}/{hand}.png,0" for c in range(CLASSES) for hand in (0, 2)]
    (root / "pairs.csv").write_text("\n".join(["input1,input2,label", *pairs]))
    notes = bring(root / "pairs.csv", tmp_path / "data", "pairs")
    assert notes[0].startswith("characters are dark ink")
    first = {image.tobytes() for image in stored(tmp_path / "data")}
    assert first == {image.tobytes() for image in letters}


def test_one_that_fills_its_frame_is_not_inverted_alone(letters, tmp_path):
    files = 255 - letters
    files[4] = 255
    files[4, :15], files[4, -15:], files[4, :, :15], files[4, :, -15:] = 0, 0, 0, 0  # a thick frame
    assert dark_ink(files[:, None]).tolist() == [number != 4 for number in range(24)]
    notes = bring(write(tmp_path / "files", files), tmp_path / "data")
    assert np.array_equal(stored(tmp_path / "data"), 255 - files)
    assert any("23 of 24 images" in note for note in notes)
    assert not any("the other way round" in note for note in notes), "one in twenty-four is noise"


def test_a_divided_set_is_named_and_the_user_has_the_last_word(letters, tmp_path):
    files = np.where(np.arange(24)[:, None, None] < 6, letters, 255 - letters)
    root = write(tmp_path / "files", files)
    notes = bring(root, tmp_path / "data")
    assert any(
        note.startswith("6 images look the other way round: c0/0.png, c0/1.png") for note in notes
    )
    bring(root, tmp_path / "data", ink="light")
    assert np.array_equal(stored(tmp_path / "data"), files)
    bring(root, tmp_path / "data", ink="dark")
    assert np.array_equal(stored(tmp_path / "data"), 255 - files)


def test_photographs_have_no_ink(letters, tmp_path):
    root = write(tmp_path / "files", 255 - letters)
    bring(root, tmp_path / "data", family="photograph")
    assert np.array_equal(stored(tmp_path / "data"), 255 - letters)
    with pytest.raises(OneshotError, match="--ink dark is about characters"):
        bring(root, tmp_path / "data", family="photograph", ink="dark")
    with pytest.raises(OneshotError, match="choice for --ink"):
        bring(root, tmp_path / "data", ink="blue")


def test_an_empty_sheet_counts_by_its_brightness():
    sheets = np.stack([np.full((1, 9, 9), value, np.uint8) for value in (255, 0)])
    assert dark_ink(sheets).tolist() == [True, False]
