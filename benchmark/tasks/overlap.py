"""Which classes of a test a model has met before: the same class, or its script in print.

Splits cut across each other: Vinyals' trains on 78 of the 200 classes in Lake's runs. A model from
elsewhere must not be asked about what it has seen, whatever the name of its track.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from benchmark.protocols import Seen
from benchmark.tasks.tracks import TRACKS

TURN = re.compile(r"/rot\d{3}$")  # a turned character is the character
IMAGENET = "imagenet-1k"
OF_IMAGENET = ("mini-imagenet", "mini-imagenet-pickles")
# Scripts of glyphs and the alphabets of Omniglot that are written in them.
SAME_SCRIPT: dict[str, tuple[str, ...]] = {
    "Arabic": ("Malay_(Jawi_-_Arabic)",),
    "Armenian": ("Armenian",),
    "Avestan": ("Avesta",),
    "Bengali": ("Bengali",),
    "Canadian Aboriginal": (
        "Blackfoot_(Canadian_Aboriginal_Syllabics)",
        "Inuktitut_(Canadian_Aboriginal_Syllabics)",
        "Ojibwe_(Canadian_Aboriginal_Syllabics)",
    ),
    "Cyrillic": ("Cyrillic", "Old_Church_Slavonic_(Cyrillic)"),
    "Devanagari": ("Sanskrit",),
    "Ethiopic": ("Ge_ez",),
    "Georgian": ("Asomtavruli_(Georgian)", "Mkhedruli_(Georgian)"),
    "Glagolitic": ("Glagolitic",),
    "Grantha": ("Grantha",),
    "Greek": ("Greek",),
    "Gujarati": ("Gujarati",),
    "Gurmukhi": ("Gurmukhi",),
    "Hebrew": ("Hebrew",),
    "Kannada": ("Kannada",),
    "Latin": ("Latin",),
    "Malayalam": ("Malayalam",),
    "Meetei Mayek": ("Manipuri",),
    "Mongolian": ("Mongolian",),
    "Myanmar": ("Burmese_(Myanmar)",),
    "Nko": ("N_Ko",),
    "Oriya": ("Oriya",),
    "Runic": ("Anglo-Saxon_Futhorc",),
    "Syloti Nagri": ("Sylheti",),
    "Syriac": ("Syriac_(Estrangelo)", "Syriac_(Serto)"),
    "Tibetan": ("Tibetan",),
    "Tifinagh": ("Tifinagh",),
}


def overlap(seen: Iterable[Seen], data: str, classes: Iterable[str]) -> tuple[str, ...]:
    """The tested classes that were seen before, in the order of the test.

    Args:
        seen: what the model learned from or was chosen by.
        data: name of the data set that the test's classes belong to.
        classes: names of the test's classes.
    """
    classes = tuple(classes)
    met: set[str] = set()
    for each in seen:
        if each.data == IMAGENET and data in OF_IMAGENET:
            return classes
        if _family(each.data) == _family(data):
            met |= {_plain(name) for name in each.classes}
        else:
            met |= _in_the_same_script(each, data, classes)
    return tuple(name for name in classes if _plain(name) in met)


def _in_the_same_script(seen: Seen, data: str, classes: tuple[str, ...]) -> set[str]:
    """Classes of one of glyphs and Omniglot whose script was seen in the other."""
    scripts = {_script(name) for name in seen.classes}
    if (seen.data, data) == ("glyphs", "omniglot"):
        kin = {alphabet for script in scripts for alphabet in SAME_SCRIPT.get(script, ())}
    elif (seen.data, data) == ("omniglot", "glyphs"):
        kin = {script for script, alphabets in SAME_SCRIPT.items() if scripts & set(alphabets)}
    else:
        return set()
    return {_plain(name) for name in classes if _script(name) in kin}


def _family(data: str) -> str:
    """Both forms of miniImageNet hold the same classes."""
    return OF_IMAGENET[0] if data in OF_IMAGENET else data


def _plain(name: str) -> str:
    return TURN.sub("", name)


def _script(name: str) -> str:
    return name.partition("/")[0]


def may_have_met(seen: str, data: str) -> bool:
    """Whether a name in a record's `seen` leaves it open that classes of `data` were met.

    A split of a track does not: a run that it overlaps with was refused.
    """
    if seen == IMAGENET:
        return data in OF_IMAGENET
    return seen.partition("/")[0] not in {track.name for track in TRACKS}
