"""miniImageNet from files and from pickles: order, identity, and what is wrong by name."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, mini_imagenet, mini_imagenet_pickles, store
from benchmark.errors import OneshotError


def as_tar(files, path):
    return files.to_tar(path / "mini-imagenet.tar")


def as_zip(files, path):
    return files.to_zip(path / "mini.zip")


def as_folder(files, path):
    return files.to_folder(path / "mini")


def as_folder_of_a_tar(files, path):
    as_tar(files, path)
    return path


def nested(files, path):
    inner = type(files)({f"some/where/{name}": content for name, content in files.items()})
    return inner.to_tar(path / "x.tar.gz", "w:gz")


@pytest.mark.parametrize("layout", [as_tar, as_zip, as_folder, as_folder_of_a_tar, nested])
def test_every_layout_gives_the_same_data(tmp_path, fake_mini, layout):
    data = mini_imagenet.read(layout(fake_mini, tmp_path))
    assert data.digest == mini_imagenet.MINI_IMAGENET.digest
    assert data.stored.shape == (200, 3, 84, 84) and data.stored.dtype == np.uint8
    assert data.groups["split"].names == ("train", "validation", "test")
    assert data.class_groups("split").tolist() == [0] * 64 + [1] * 16 + [2] * 20
    parts = data.class_names[:64], data.class_names[64:80], data.class_names[80:]
    for names in parts:
        assert list(names) == sorted(names)
    assert parts[0] > parts[1] > parts[2]  # the splits come first, not the names


def test_pixels_are_those_of_a_plain_decoder(tmp_path, fake_mini):
    data = mini_imagenet.read(as_tar(fake_mini, tmp_path))
    for row in (0, 1, 130, 199):
        name = f"images/{data.class_names[data.labels[row]]}{row % 2:08d}.jpg"
        image = Image.open(io.BytesIO(fake_mini[name])).convert("RGB")
        assert np.array_equal(data.stored[row].transpose(1, 2, 0), np.asarray(image))


def first_image(files):
    return next(name for name in files if name.endswith(".jpg"))


def recode(**change):
    def damage(files):
        name = first_image(files)
        image = Image.open(io.BytesIO(files[name]))
        stream = io.BytesIO()
        size = change.get("size", (84, 84))
        image.resize(size).convert(change.get("mode", "RGB")).save(stream, "JPEG", quality=50)
        files[name] = stream.getvalue()
        return change["expected"]

    return damage


def drop_image(files):
    name = first_image(files)
    del files[name]
    return f"1 of the 200 listed images are not .* first {name.removeprefix('images/')}"


def drop_list(files):
    del files["val.csv"]
    return r"no val\.csv under"


def drop_line(files):
    files["test.csv"] = files["test.csv"].rsplit(b"\n", 1)[0]
    return r"test\.csv has 1 images of n\d+, expected 2"


def drop_class(files):
    files["test.csv"] = files["test.csv"].rsplit(b"\n", 2)[0]
    return r"test\.csv has 19 classes, expected 20"


def repeat_class(files):
    name, label = files["train.csv"].decode().split("\n")[1].split(",")
    lines = files["test.csv"].decode().split("\n")[:-2]
    lines += [f"{name},{label}", f"{name[:-5]}1.jpg,{label}"]
    files["test.csv"] = "\n".join(lines).encode()
    return "class is in two of the lists"


def other_columns(files):
    files["train.csv"] = files["train.csv"].replace(b"filename,label", b"file,class")
    return r"train\.csv is no list with the columns filename,label"


def binary_list(files):
    files["train.csv"] = b"\xff\xfe\x00"
    return r"train\.csv is no list"


def same_name_twice(files):
    name = first_image(files)
    files[f"more/{name}"] = files[name]
    return "two files named"


def cut_image(files):
    name = first_image(files)
    files[name] = files[name][: len(files[name]) // 2]
    return "damaged JPEG"


def no_image(files):
    files[first_image(files)] = b"not an image"
    return "no JPEG image"


@pytest.mark.parametrize(
    "damage",
    [
        drop_image,
        drop_list,
        drop_line,
        drop_class,
        repeat_class,
        other_columns,
        binary_list,
        same_name_twice,
        cut_image,
        no_image,
        recode(expected="another encoding of miniImageNet"),
        recode(size=(500, 375), expected="is 500x375 of mode RGB, expected 84x84 RGB"),
        recode(mode="L", expected="is 84x84 of mode L, expected 84x84 RGB"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, fake_mini, damage):
    expected = damage(fake_mini)
    with pytest.raises(OneshotError, match=expected) as caught:
        mini_imagenet.read(as_tar(fake_mini, tmp_path))
    assert "\n" not in str(caught.value)


def test_nothing_there_says_what_is_sought(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(OneshotError, match=r"train\.csv, val\.csv and test\.csv"):
            mini_imagenet.read(path)


def dump(contents, folder, **options):
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content, **options))
    return folder


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_pickles_of_every_protocol_are_read(tmp_path, fake_pickles, protocol):
    data = mini_imagenet_pickles.read(dump(fake_pickles, tmp_path, protocol=protocol))
    assert data.stored.shape == (200, 3, 84, 84)
    assert data.class_groups("split").tolist() == [0] * 64 + [1] * 16 + [2] * 20
    images = fake_pickles["mini-imagenet-cache-val.pkl"]["image_data"]
    assert np.array_equal(data.stored[129].transpose(1, 2, 0), images[16])  # class 64, second row


def test_keys_as_bytes_arrays_of_rows_and_the_other_file_name_are_read(tmp_path, fake_pickles):
    plain = mini_imagenet_pickles.read(dump(fake_pickles, tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    changed = {
        name.replace("-val", "-validation"): {
            b"image_data": content["image_data"],
            b"class_dict": {
                key.encode(): np.array(rows[::-1]) for key, rows in content["class_dict"].items()
            },
        }
        for name, content in fake_pickles.items()
    }
    assert mini_imagenet_pickles.read(dump(changed, other)).digest == plain.digest


def bad_pickles():
    val = "mini-imagenet-cache-val.pkl"

    def few(contents):
        contents[val]["image_data"] = contents[val]["image_data"][:-1]
        return r"shape \[31, 84, 84, 3\], expected \[32, 84, 84, 3\]"

    def floats(contents):
        contents[val]["image_data"] = contents[val]["image_data"].astype(np.float16)
        return "no 'image_data' of type uint8"

    def listed(contents):
        contents[val] = [1, 2]
        return "no 'image_data'"

    def fewer_classes(contents):
        contents[val]["class_dict"].popitem()
        return "15 classes, expected 16"

    def shared_row(contents):
        contents[val]["class_dict"]["n00000064"] = [0, 1]
        return "do not share out"

    def short_class(contents):
        contents[val]["class_dict"]["n00000064"] = [0]
        return "1 images of n00000064, expected 2"

    def outside(contents):
        contents[val]["class_dict"]["n00000064"] = [0, -1]
        return "do not share out"

    def same_class(contents):
        contents[val]["class_dict"]["n00000000"] = contents[val]["class_dict"].pop("n00000064")
        return "n00000000 is in two"

    def absent(contents):
        del contents[val]
        return r"no mini-imagenet-cache-val\.pkl or mini-imagenet-cache-validation\.pkl"

    return [
        few,
        floats,
        listed,
        fewer_classes,
        shared_row,
        short_class,
        outside,
        same_class,
        absent,
    ]


@pytest.mark.parametrize("damage", bad_pickles())
def test_what_is_wrong_with_pickles_is_named(tmp_path, fake_pickles, damage):
    expected = damage(fake_pickles)
    with pytest.raises(OneshotError, match=expected):
        mini_imagenet_pickles.read(dump(fake_pickles, tmp_path))


def test_the_counts_are_those_of_ravi_and_larochelle():
    per_split = {s: n * mini_imagenet.PER_CLASS for s, n in mini_imagenet.SPLITS.items()}
    assert per_split == {"train": 38_400, "validation": 9_600, "test": 12_000}
    for known in (catalogue.MINI_IMAGENET, catalogue.MINI_IMAGENET_PICKLES):
        assert (known.items, known.classes) == (sum(per_split.values()), 100)


@pytest.mark.realdata
def test_real_mini_imagenet_is_the_pinned_one(real_store):
    verified = catalogue.verify("mini-imagenet", real_store)
    assert verified.digest == catalogue.MINI_IMAGENET.digest
    assert (verified.items, verified.classes) == (60_000, 100)
    data = store.load("mini-imagenet", real_store)
    assert np.bincount(data.labels).tolist() == [600] * 100
    assert data.class_groups("split").tolist() == [0] * 64 + [1] * 16 + [2] * 20
