"""What a model has met before: the same class, a turned copy, its script in print."""

import pytest

from benchmark.protocols import Seen
from benchmark.tasks import TRACKS
from benchmark.tasks.overlap import SAME_SCRIPT, may_have_met, overlap
from benchmark.tasks.tracks import BACKGROUND, EVALUATION


def seen(data, *classes):
    return Seen("elsewhere", data, "", classes)


@pytest.mark.parametrize(
    ("known", "data", "tested", "met"),
    [
        (seen("omniglot", "Greek/character01"), "omniglot", ("Greek/character01", "ULOG/c"), 1),
        (seen("omniglot", "ULOG/c/rot090"), "omniglot", ("ULOG/c/rot000", "ULOG/d/rot000"), 1),
        (seen("omniglot", "ULOG/c"), "omniglot", ("ULOG/d",), 0),
        (seen("glyphs", "Gurmukhi/U+0A15"), "omniglot", ("Gurmukhi/a", "Tibetan/b"), 1),
        (seen("glyphs", "Latin/U+0041"), "omniglot", ("Gurmukhi/a",), 0),
        (seen("omniglot", "Cyrillic/a"), "glyphs", ("Cyrillic/U+0411", "Lepcha/U+1C00"), 1),
        (seen("omniglot", "n01532829"), "mini-imagenet", ("n01532829",), 0),
        (seen("mini-imagenet", "n01532829"), "mini-imagenet-pickles", ("n01532829",), 1),
        (seen("imagenet-1k"), "mini-imagenet", ("n01532829", "n01558993"), 2),
        (seen("imagenet-1k"), "omniglot", ("Greek/character01",), 0),
    ],
)  # fmt: skip
def test_what_counts_as_met(known, data, tested, met):
    assert overlap([known], data, tested) == tested[:met]


def test_the_table_of_scripts_names_both_sides_as_they_are():
    from benchmark.datasets.glyphs import SPLIT

    scripts = {script for names in SPLIT.values() for script in names}
    assert set(SAME_SCRIPT) <= scripts
    assert {a for names in SAME_SCRIPT.values() for a in names} <= set(BACKGROUND + EVALUATION)
    # No script that the transfer track is tested on may be among those that it learns from.
    tested = {s for s, names in SAME_SCRIPT.items() if set(names) & set(EVALUATION)}
    assert not tested & {*SPLIT["train"], *SPLIT["validation"]}


def test_names_in_records_tell_whether_the_test_may_have_been_met():
    assert may_have_met("imagenet-1k", "mini-imagenet")
    assert not may_have_met("imagenet-1k", "omniglot")
    assert may_have_met("photographs of mine", "omniglot")
    assert not any(may_have_met(f"{track.name}/train", "omniglot") for track in TRACKS)
