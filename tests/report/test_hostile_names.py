"""A model may be called anything: in no file that is written does its name do anything."""

from __future__ import annotations

import csv
import re
import shlex
from io import StringIO

import pytest
from synthetic_records import TRAINED, grid, record, save

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
            assert "onerror" not in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


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
