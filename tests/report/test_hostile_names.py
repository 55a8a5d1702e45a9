"""A model may be called anything: in no file that is written does its name do anything."""

from __future__ import annotations

import csv
import json
import re
import shlex
from io import StringIO

import pytest
from synthetic_pairs import pair_record
from synthetic_records import TRAINED, grid, record, save

from benchmark.records.schema import Record
from benchmark.report import cite
from benchmark.report.escape import cell
from benchmark.report.write import write_leaderboard

NAMES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\\input{/etc/passwd}",
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "a|b|c\n| --- |", "$(reboot)`id`;'\"",
    "]](javascript:alert(1))", "&lt;b&gt;", "x\x1b]0;t\x07", "\u202egnp.exe", "}, note = {x}",
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What is written from records of such models, figures included."""
    results = tmp_path_factory.mktemp("results")
    few = {"prototypical-conv4": (0.9, TRAINED | {"loss": "prototypical"})}
    named = [
        record(name, "glyphs-5w1s", skill=0.3, recipe=TRAINED | {"distance": name, "loss": name},
               settings=(f"note={name}",))
        for name in NAMES
    ]  # fmt: skip
    save(results, [*grid(few), *named])
    return write_leaderboard(results, groups_of=lambda name, count: None), results


def test_every_file_is_there(written):
    made, results = written
    assert len(made.figures) > 3 and made.page.is_file()
    assert not (set(results.parent.glob("passwd*")) or set(results.rglob("passwd*")))


def test_markdown_and_pages_hold_no_markup_of_a_name(written):
    made, _ = written
    for path in (made.page, *made.models, *made.tasks):
        text = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", path.read_text("utf-8"))
        assert "<script" not in text and "<img" not in text
        assert not re.search(r"(?<!\\)\]\(javascript", text)
        assert "\x1b" not in text and "\u202e" not in text


def test_the_page_holds_no_element_of_a_name(written):
    text = written[0].html.read_text("utf-8")
    assert text.count("<script") == 2 and "<img src=x" not in text
    assert "\x1b" not in text and "\u202e" not in text


def test_drawings_hold_no_element_of_a_name(written):
    for path in written[0].figures:
        if path.suffix == ".svg":
            text = path.read_text("utf-8")
            assert not re.search(r"<(script|img|a|foreignObject|image\s[^>]*http)\b", text), path
            assert not re.search(r"<[^<>]*\bon\w+\s*=", text), "an attribute that runs a script"


def test_no_cell_of_any_sheet_is_a_formula(written):
    made, results = written
    for path in results.rglob("*.csv"):
        if "readings" in path.parts:
            continue
        for row in csv.reader(StringIO(path.read_text("utf-8"), newline="")):
            for value in row:
                if value.startswith(("=", "+", "-", "@", "\t", "\r")):
                    float(value)  # a number, and nothing else
    models = {row["model"] for row in csv.DictReader(made.sheet.open(encoding="utf-8", newline=""))}
    assert {"'=cmd|' /C calc'!A0", "'+1+1", "'-2+3", "'@SUM(A1)", "'\t=1"} <= models


@pytest.mark.parametrize("number", ["-1", "+0.5", "-1e-3", "-inf", "", "0", "a-b", "±1"])
def test_numbers_and_plain_texts_stay_what_they_are(number):
    assert cell(number) == number


def test_tables_for_papers_hold_no_command_of_a_name(written):
    _, results = written
    texts = [path.read_text("utf-8") for path in results.glob("tables/*.tex")]
    assert texts and all("\\input" not in text and "\\write" not in text for text in texts)
    assert any(r"\textbackslash{}input\{/etc/passwd\}" in text for text in texts)
    assert all("<" not in text and "|" not in text.replace("| ", "") for text in texts)


def test_references_hold_no_name(written):
    text = (written[1] / "references.bib").read_text("utf-8")
    assert "note = {x}" not in text and "script" not in text
    assert cite.references(NAMES, NAMES, written[1]) == cite.references([], [], written[1])


def test_commands_are_one_word_for_each_word(written):
    made, _ = written
    assert made.commands
    for name in NAMES:
        told = [shlex.split(line) for line in made.commands if shlex.quote(name) in line]
        assert told, name
        assert all(words[:3] == ["oneshot", "run", name] for words in told)
        assert all(f"note={name}" in words for words in told)


MARK = "]](javascript:x)|<script>zz</script>\n# Heading zz\n\x1b[31m\u202e`zz`"
TEXTS = {
    "key": ("model", "key"), "recipe key": ("model", "recipe", MARK),
    "recipe backbone": ("model", "recipe", "backbone"), "budget": ("model", "recipe", "budget"),
    "loss": ("model", "recipe", "loss"), "distance": ("model", "recipe", "distance"),
    "views": ("model", "recipe", "views"), "nested": ("model", "recipe", "deep", MARK),
    "augmentation": ("model", "recipe", "augmentation"), "seen": ("model", "seen"),
    "reason": ("reason",), "task": ("task", "name"), "validation": ("validation", "task"),
    "settings": ("provenance", "settings"), "training device": ("cost", "training_device"),
    "exempt": ("integrity", "exempt"), "files": ("provenance", "files"),
    **{name: ("provenance", name)
       for name in ("suite", "git", "code", "weights", "python", "torch", "device", "platform",
                    "processor", "task")},
}  # fmt: skip


def spoiled(places, seed):
    """A valid record of a model of the catalogue with the text at some places."""
    plain = record("siamese-conv4-cosine-triplet", seed=seed, skill=0.5, recipe=TRAINED)
    value = plain.model_dump(mode="json", by_alias=True)
    value |= {"id": "", "integrity": {"items": 1, "questions": 1, "exempt": []}}
    text = f"{MARK}{seed}"
    for place in places:
        *outer, name = TEXTS[place]
        inside = value
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[name] = {"files": {text: "gone"}}.get(place, text)
        if place in ("seen", "settings", "exempt"):
            inside[name] = [text, f"{text}={text}"]
        if place == "reason":
            value |= {"status": "failed", "outcome": None}
        if place == "task":
            value["validation"] = None
    return Record.model_validate_json(json.dumps(value))


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory):
    """What is written from records of which each text in turn, and all of them, are hostile."""
    results = tmp_path_factory.mktemp("everywhere")
    several = [spoiled([place], seed) for seed, place in enumerate(TEXTS)]
    all_but = [place for place in TEXTS if place not in ("key", "reason", "task", "validation")]
    for more in ([], ["key"], ["key", "task"], ["key", "reason"]):
        several.append(spoiled([*all_but, *more], 100 + len(several)))
    pairs = pair_record("pairs", "glyphs-verification", 2.0, recipe={"budget": MARK, "loss": MARK})
    save(results, [*several, pairs, *grid({"chance": (0.0, {"budget": "none"})})])
    (results / "claims").mkdir()
    claim = {"task": "glyphs-5w1s", "accuracy": 90.0, "reliability": "seen", "protocol": "same"}
    lines = (claim | dict.fromkeys(("method", "detail", "source", "model"), MARK)).items()
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines)
    (results / "claims" / "x.toml").write_text(f"[[claim]]\n{text}\n")
    return write_leaderboard(results, figures=False, groups_of=lambda *_: None), results


def test_no_text_of_a_record_is_written_raw(everywhere):
    made, results = everywhere
    inputs = {results / "records", results / "claims"}
    paths = [p for p in results.rglob("*") if p.is_file() and not inputs & set(p.parents)]
    assert {".md", ".html", ".tex", ".csv", ".bib"} <= {path.suffix for path in paths}
    for path in paths:
        text = path.read_text("utf-8")
        if path.suffix != ".csv":  # whose cells are data, quoted
            assert MARK not in text and "\n# Heading zz" not in text, path
            assert "\x1b" not in text and "\u202e" not in text, path
            assert path.suffix == ".md" or "<script>zz" not in text, path
        if path.suffix == ".md":
            outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)
            assert "<script" not in outside, path
            assert not re.search(r"(?<!\\)\]\(javascript", outside), path
            assert not re.search(r"(?<!\\)\|(<|&lt;)script", outside), path
            assert not re.search(r"(?<!\\)`zz", outside), path
    assert all("zz" in path.read_text("utf-8") for path in (made.page, made.html))


def test_csv_cells_hold_the_texts_of_records_and_no_row_of_their_own(everywhere):
    _, results = everywhere
    for path in results.glob("*.csv"):
        rows = list(csv.reader(StringIO(path.read_text("utf-8"), newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}, path
