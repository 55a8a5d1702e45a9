"""The scripts of the data set, their fonts and their splits. The order matters: of two letters
that look alike, the one whose script stands later here is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["test", "validation", "train"]

# At most this many letters of a script, so that 80 scripts fit the size limit.
CAP = 21
# A script with fewer usable letters than this is refused.
LEAST = 10
# Of a huge script only so many of the first code points are looked at.
FIRST = 160


@dataclass(frozen=True)
class Script:
    """A script by its Unicode name, ISO 15924 code, font file, split and last code point.

    `reserved` scripts occur in Omniglot's evaluation set: all of their usable letters, chosen or
    not, keep look-alikes out of every other script.
    """

    name: str
    code: str
    font: str
    split: Split
    reserved: bool = False
    last: int = 0x10FFFF


# Omniglot's evaluation alphabets that have fonts; Old Church Slavonic is Cyrillic there, Manipuri
# is Meetei Mayek, Sylheti is Syloti Nagri, Ge'ez is Ethiopic, Avesta is Avestan.
_RESERVED = """
Avestan Avst Sans | Ethiopic Ethi Sans | Glagolitic Glag Sans | Gurmukhi Guru Sans
Kannada Knda Sans | Malayalam Mlym Sans | Meetei Mayek Mtei Sans | Mongolian Mong Sans
Cyrillic Cyrl Sans | Oriya Orya Sans | Syloti Nagri Sylo Sans | Syriac Syrc Sans
Tibetan Tibt Serif
"""
# Their near kin, whose letters would show a model nearly the same shapes.
_KIN = """
Telugu Telu Sans | Grantha Gran Sans | Phags Pa Phag Sans | Marchen Marc Sans
Manichaean Mani Sans | Sogdian Sogd Sans | Old Sogdian Sogo Sans
"""
_VALIDATION = """
Armenian Armn Sans | Bengali Beng Sans | Devanagari Deva Sans
Javanese Java Sans | Osage Osge Sans | Runic Runr Sans | Shavian Shaw Sans
Sundanese Sund Sans | Tai Viet Tavt Sans | Thai Thai Sans | Tifinagh Tfng Sans | Vai Vaii Sans
"""
_TRAIN = """
Adlam Adlm Sans | Ahom Ahom Serif | Arabic Arab Sans | Bamum Bamu Sans | Bassa Vah Bass Sans
Batak Batk Sans | Brahmi Brah Sans | Buginese Bugi Sans | Buhid Buhd Sans
Canadian Aboriginal Cans Sans | Caucasian Albanian Aghb Sans | Cham Cham Sans | Coptic Copt Sans
Cypriot Cprt Sans | Elbasan Elba Sans | Georgian Geor Sans | Greek Grek Sans | Gujarati Gujr Sans
Gunjala Gondi Gong Sans | Hanifi Rohingya Rohg Sans | Hebrew Hebr Sans | Kayah Li Kali Sans
Kharoshthi Khar Sans | Khmer Khmr Sans | Latin Latn Sans | Lepcha Lepc Sans | Limbu Limb Sans
Linear B Linb Sans | Medefaidrin Medf Sans | Mende Kikakui Mend Sans
Meroitic Cursive Merc Sans | Miao Plrd Sans | Myanmar Mymr Sans | Nko Nkoo Sans
Nushu Nshu Sans | Nyiakeng Puachue Hmong Hmnp Serif | Ol Chiki Olck Sans
Old Hungarian Hung Sans | Old Turkic Orkh Sans | Osmanya Osma Sans | Pahawh Hmong Hmng Sans
Pau Cin Hau Pauc Sans | Saurashtra Saur Sans | Sinhala Sinh Sans | Thaana Thaa Sans
Wancho Wcho Sans | Warang Citi Wara Sans | Yezidi Yezi Serif | Yi Yiii Sans
"""
# Scripts that live in a general font, or in one whose file name is spelt otherwise.
_FONTS = {
    "Cyrillic": "NotoSans",
    "Greek": "NotoSans",
    "Latin": "NotoSans",
    "Meroitic Cursive": "NotoSansMeroitic",
    "Nko": "NotoSansNKo",
}
# Basic and extended Latin up to B; Cyrillic up to the letters of living Slavonic languages.
_LAST = {"Latin": 0x024F, "Cyrillic": 0x045F}


def _read(table: str, split: Split, reserved: bool = False) -> list[Script]:
    found = []
    for row in table.replace("\n", "|").split("|"):
        if not row.strip():
            continue
        *words, code, style = row.split()
        name = " ".join(words)
        font = _FONTS.get(name, f"Noto{style}{''.join(words)}") + "-Regular.ttf"
        found.append(Script(name, code, font, split, reserved, _LAST.get(name, 0x10FFFF)))
    return found


SCRIPTS: tuple[Script, ...] = (
    *_read(_RESERVED, "test", reserved=True),
    *_read(_KIN, "test"),
    *_read(_VALIDATION, "validation"),
    *_read(_TRAIN, "train"),
)
