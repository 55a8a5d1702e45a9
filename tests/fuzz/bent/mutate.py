"""Bent inputs from sound ones, the same for the same seed."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TEXTS = (
    "", "\0", "../../../../tmp/oneshot-fuzz", "/tmp/oneshot-fuzz", "C:\\x", "a\nb", "\ud800",
    "<script>alert(1)</script>", "\\input{/etc/passwd}", "=cmd|'/c calc'!A0", "$(id)", "`id`",
    "';--", "%s%n{}{0}{a.__class__}", "nan", "1e999", "-0", "9" * 5000, "x" * 100_000, "|",
    "é\u202e", "[" * 3000, "{distance:>999999999}",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308, float("nan"),
    float("inf"), [], {}, [[]], [None], {"a": None}, [0] * 100, *TEXTS,
)  # fmt: skip


def flipped(random: random.Random, content: bytes, most: int = 8) -> bytes:
    """The bytes with a few changes: bits, numbers, cuts, repeats, blocks moved."""
    bent = bytearray(content)
    for _ in range(random.randint(1, most)):
        size = len(bent)
        at = random.randrange(size + 1)
        kind = random.randrange(9)
        if kind <= 2 and at < size:
            bent[at] ^= 1 << random.randrange(8)
        elif kind == 3 and at < size:
            bent[at] = random.randrange(256)
        elif kind == 4:
            number, width = random.choice(NUMBERS), random.choice((1, 2, 4, 8))
            order = random.choice(("little", "big"))
            bent[at : at + width] = (number % 256**width).to_bytes(width, order)  # type: ignore[arg-type]
        elif kind == 5:
            del bent[at : at + random.randint(1, 16)]
        elif kind == 6:
            bent[at:at] = random.randbytes(random.randint(1, 16))
        elif kind == 7:
            start = random.randrange(size + 1)
            bent[at:at] = bent[start : start + random.randint(1, 64)]
        elif random.random() < 0.3:
            del bent[at:]
    return bytes(bent)


def retyped(random: random.Random, text: bytes, words: tuple[bytes, ...], most: int = 3) -> bytes:
    """A text with some of its words and signs replaced by others, or by hostile ones."""
    bent = text
    for _ in range(random.randint(1, most)):
        at, length = random.randrange(len(bent) + 1), random.choice((0, 0, 1, 1, 2, 8, 40))
        hostile = random.choice(TEXTS).encode("utf-8", "surrogatepass")
        word = random.choice((*words, *words, hostile))
        if word in bent and random.random() < 0.5:
            bent = bent.replace(word, random.choice((*words, hostile)), 1)
        else:
            bent = bent[:at] + word + bent[at + length :]
    return bent if random.random() < 0.8 else flipped(random, bent, 3)


def replaced(random: random.Random, value: Any, most: int = 3) -> Any:
    """Plain data with some of its parts replaced, removed, repeated or renamed."""
    bent = json.loads(json.dumps(value))
    for _ in range(random.randint(1, most)):
        places = list(_places(bent))
        if not places:
            return deepcopy(random.choice(VALUES))
        inside, key = random.choice(places)
        kind = random.randrange(8)
        if kind <= 3:
            inside[key] = deepcopy(random.choice(VALUES))
        elif kind == 4 and isinstance(inside[key], int):
            inside[key] += random.choice((-1, 1, 10**6, -(10**6)))
        elif kind == 5:
            del inside[key]
        elif kind == 6 and isinstance(inside, dict):
            inside[random.choice(TEXTS)] = inside.pop(key)
        elif kind == 7:
            for _ in range(random.choice((1, 1, 5, 40, 400))):
                inside[key] = random.choice(([inside[key]], {"a": inside[key]}))
    return bent


def _places(value: Any, depth: int = 0) -> Any:
    """(container, key) of everything inside; a few of the items of long lists."""
    if depth > 12 or not isinstance(value, dict | list):
        return
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))[:3]
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key], depth + 1)
