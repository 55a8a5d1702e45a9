"""Names of countries in many languages, from the Unicode CLDR data in the package `babel`.

A class is a language, an item a country's name in it that no other language shares. Nothing is
downloaded, but another version of babel holds other names: the digest pins one version.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from benchmark.datasets.catalogue import LANGUAGES
from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.datasets.split import by_hash, split_groups
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

BABEL = "2.18.0"
LEAST_NAMES = 40
FRACTIONS = (0.46, 0.2, 0.34)  # of the languages in Latin script: 54, 23 and 40
NO_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """The languages that have 40 or more names of countries of their own.

    Two names are the same if they agree after Unicode normalisation (NFC) and case folding. The
    script of a language is the one of most of its letters. Which language it is can often be told
    from the script alone, and only Latin has many languages: validation and test hold languages in
    Latin script only, split by the hash of their codes; all others are in the training split.

    Args:
        path: not looked at.
        progress: told of each step.

    Returns:
        A text data set; classes are language codes in order, items by class and then text; groups
        "script" and "split".

    Raises:
        OneshotError: if babel is missing, or of a version with other names.
    """
    spoken = _names(progress)
    speakers: dict[str, int] = defaultdict(int)
    for names in spoken.values():
        for folded in {name.casefold() for name in names}:
            speakers[folded] += 1
    own = {
        code: sorted(name for name in names if speakers[name.casefold()] == 1)
        for code, names in sorted(spoken.items())
    }
    own = {code: names for code, names in own.items() if len(names) >= LEAST_NAMES}
    codes = list(own)
    scripts = {code: script_of(own[code]) for code in codes}
    labels = np.repeat(np.arange(len(codes)), [len(own[code]) for code in codes])
    latin = [code for code in codes if scripts[code] == "Latin"]
    split = dict.fromkeys(codes, "train") | by_hash("languages", latin, FRACTIONS)
    known = sorted(set(scripts.values()))
    script = np.array([known.index(scripts[code]) for code in codes], dtype=np.int32)
    groups = {
        "script": Groups(script[labels], tuple(known)),
        "split": split_groups(split, codes, labels),
    }
    texts = np.array([name for code in codes for name in own[code]], dtype=np.str_)
    data_set = whole("languages", "text", texts, labels, codes, groups)
    if data_set.digest != LANGUAGES.digest:
        from importlib.metadata import version

        raise OneshotError(
            f"babel {version('babel')} holds other names of countries than babel {BABEL}, on which "
            f"all results are (digest {data_set.digest[:12]}, expected "
            f"{str(LANGUAGES.digest)[:12]}).",
            f"Type: pip install babel=={BABEL}",
        )
    return data_set


def script_of(texts: list[str]) -> str:
    """The script of most letters, by the first word of their Unicode names: "Latin", "Cyrillic"."""
    counts = Counter(
        unicodedata.name(letter, "unknown").split()[0].capitalize()
        for text in texts
        for letter in text
        if letter.isalpha()
    )
    return max(sorted(counts), key=lambda script: counts[script], default="unknown")


def _names(progress: Progress | None) -> dict[str, set[str]]:
    """Names of countries by language code; languages with regions or scripts are left out."""
    try:
        from babel import Locale, localedata
    except ImportError:
        raise OneshotError(
            "The names of countries come from the package babel, which is not installed.",
            "Type: pip install 'oneshot-benchmark[text]'",
        ) from None
    codes = [c for c in sorted(localedata.locale_identifiers()) if "_" not in c and c != "root"]
    spoken = {}
    for done, code in enumerate(codes, 1):
        territories = Locale.parse(code).territories
        spoken[code] = {
            unicodedata.normalize("NFC", str(name)).strip()
            for territory, name in territories.items()
            if len(territory) == 2 and territory.isalpha() and territory not in NO_COUNTRIES
        }
        if progress:
            progress("reading the names of countries", done, len(codes))
    return spoken
