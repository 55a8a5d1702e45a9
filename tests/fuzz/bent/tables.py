"""Bent TOML files and tables."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from random import Random

from benchmark.datasets.own import config, texts, vectors
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from benchmark.records import claims, readings
from benchmark.sweep import suite
from bent.mutate import retyped

OPTIONS = Options(on_bad="skip")
SUITES = tuple(
    resources.files("benchmark.suites").joinpath(f"{name}.toml").read_bytes()
    for name in suite.shipped()
)
SMALL = b"""title = "T"
[[block]]
models = ["siamese-conv4-{distance}-{loss}"]
distance = ["euclidean", "cosine"]
loss = "all"
tasks = ["glyphs-5w1s", "glyphs-*"]
seeds = "0-2"
budget = "quick"
settings = { margin = 0.5 }
tune = "siamese-conv4-cosine-{loss}"
"""
CONFIG = b"""[splits]
train = ["a*", "b*"]
validation = ["c1", "c2"]
test = ["d*"]

[tasks.inside]
within = "parent"
apart = "drawer"
queries = 5
episodes = 1000
"""
CLAIMS = b"""[[claim]]
task = "glyphs-5w1s"
method = "People"
accuracy = 95.5
half_width = 0.5
source = "Lake et al. 2015"
reliability = "seen"
protocol = "same"
"""
VECTORS = b"label,f1,f2\n" + b"".join(b"c%d,%d.5,-1e3\n" % (n // 2, n) for n in range(12))
TEXTS = b"text,label\n" + b"".join(b'"word %d, x",c%d\n' % (n, n // 2) for n in range(12))
SPLITS = b"class,split\na,train\nb,train\nc,val\nd,validation\ne,test\nf,test\n"
READINGS = b"model,task,version,recipe8,seed\npixels,glyphs-5w1s,1,abcd0123,0\n"
TOML_WORDS = (b"[", b"]", b"[[block]]", b"{", b"}", b"=", b'"', b'"""', b"'", b"\n", b"#", b".",
              b",",
              b"true", b"1", b"-1", b"0-99999999999", b"nan", b"inf", b"1979-05-27", b"[] ", b"{}",
              b"a.b.c = 1\n", b"all", b"\xff", b"* ", b"[!", b"\\u0000", b"99999w1s", b"{loss}",
              b"{distance:9999999}", b"x = " + b"[" * 2000, b"{a=" * 50)  # fmt: skip
CSV_WORDS = (b",", b'"', b"\n", b"\r", b"\r\n", b"\0", b"label", b"text", b"nan", b"inf", b"1e999",
             b";",
             b"\xff\xfe", b"\xef\xbb\xbf", b",,,,", b'""', b"c1", b"-", b"=1+1", b"a,a\n",
             b"PK\3\4", b"\x1f\x8b\x08")  # fmt: skip


def _bender(sound: tuple[bytes, ...], words: tuple[bytes, ...]) -> Callable[[Random], bytes]:
    return lambda random: retyped(random, random.choice(sound), words)


bend_suite = _bender((*SUITES, SMALL, SMALL, SMALL), TOML_WORDS)
bend_config = _bender((CONFIG,), TOML_WORDS)
bend_claims = _bender((CLAIMS, CLAIMS * 2), TOML_WORDS)
bend_vectors = _bender((VECTORS,), CSV_WORDS)
bend_texts = _bender((TEXTS,), CSV_WORDS)
bend_splits = _bender((SPLITS,), CSV_WORDS)
bend_readings = _bender((READINGS, READINGS * 2), CSV_WORDS)


def read_suite(path: Path) -> object:
    """As `oneshot run --suite FILE.toml`, up to what it wants."""
    wanted = suite.load(str(path)).grids
    assert sum(len(each.seeds) for each in wanted) < 10_000_000
    return wanted


def read_config(path: Path) -> object:
    """As `oneshot data add --config`."""
    lists, tasks = config.read_config(path)
    if lists is not None:
        config.by_lists(lists, ["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"], "x")
    return tasks


def read_claims(path: Path) -> object:
    """As the published numbers of a results folder."""
    folder = path.parent / "results" / claims.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path.replace(folder / "x.toml")
    return claims.load(folder.parent)


def read_vectors(path: Path) -> object:
    """As `oneshot data add --kind vectors`."""
    return vectors.read(path, OPTIONS, path.parent, None)


def read_texts(path: Path) -> object:
    """As `oneshot data add --kind text`."""
    return texts.read(path, OPTIONS, path.parent, None)


def read_splits(path: Path) -> object:
    """As `oneshot data add --split`."""
    return config.by_lists(config.read_lists(path), list("abcdef"), "x")


def read_readings(path: Path) -> object:
    """As the counted readings of a results folder."""
    folder = path.parent / "results" / readings.FOLDER / "glyphs"
    folder.mkdir(parents=True, exist_ok=True)
    path.replace(folder / "x.csv")
    found = readings.load(folder.parents[1])
    if not found:  # damaged lines are left out, never refused
        raise OneshotError("Every line was left out.")
    return found
