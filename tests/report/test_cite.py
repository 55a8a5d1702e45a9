"""References: complete, sorted, each once; the record set's identifier is Git's."""

import re
import subprocess
from pathlib import Path

import pytest
from synthetic_records import record, save
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.records.swhid import swhid
from benchmark.registry import bibtex_of, catalogue_keys
from benchmark.report.cite import DATA, DIRICHLET, TRACKS, bibliography, entry, references, suite
from benchmark.report.suite import RELEASED
from benchmark.tasks import RANKED

ROOT = Path(__file__).parents[2]


def keys_of(text):
    return re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE)


def test_everything_that_is_cited_has_an_entry():
    cited = {key for model in catalogue_keys() for key in bibtex_of(model)}
    cited |= {key for keys in (*DATA.values(), *TRACKS.values()) for key in keys} | {DIRICHLET}
    assert cited - {"oneshotbenchmark"} <= set(bibliography())


@pytest.mark.parametrize("key", sorted(bibliography()))
def test_an_entry_is_whole(key):
    text = entry(key)
    assert text.count("{") == text.count("}")
    for field in ("author", "title", "year"):
        assert re.search(rf"^  {field} = \{{.+\}},?$", text, re.MULTILINE), field
    assert re.search(r"year = \{(\d{4})", text)[1] in key
    first = re.search(r"author = \{(.+?),", text)[1]
    assert re.sub(r"[^a-z]", "", first.lower().split()[-1])[:4] in key
    assert re.search("booktitle|journal|note", text)


def test_references_are_sorted_and_each_once(tmp_path):
    models = ["maml-conv4", "siamese-koch-weighted-l1-bce", "maml-resnet12", "mine.py:Mine"]
    text = references(models, ["omniglot-vinyals-5w1s", "mine-5w1s"], tmp_path)
    keys = keys_of(text)
    assert keys == sorted(set(keys))
    for key in (
        "finn2017model", "arnold2020learn2learn", "koch2015siamese", "bromley1993signature",
        "lake2015human", "vinyals2016matching", "oneshotbenchmark",
    ):  # fmt: skip
        assert key in keys
    assert DIRICHLET in keys_of(references([], ["glyphs-5w1s-dirichlet"], tmp_path))
    assert all(references([], [task], tmp_path) for task in RANKED)
    with pytest.raises(OneshotError, match="no 'nobody2030'"):
        entry("nobody2030")


def test_the_suite_is_cited_with_its_record_set(tmp_path):
    assert "swhid" not in suite(tmp_path)
    save(tmp_path, [record("chance"), record("chance", seed=1)])
    assert "note = {2 records}" in suite(tmp_path)
    assert swhid(tmp_path / "records") in suite(tmp_path)
    assert f"date-released: {RELEASED}" in (ROOT / "CITATION.cff").read_text()


def test_the_identifier_is_that_of_git(tmp_path):
    tree = tmp_path / "tree"
    for name in ("b/two", "b.txt", "a/deep/er/one", "b-c", ".hidden", "naïve"):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tree / "runs").write_text("x")
    (tree / "runs").chmod(0o755)
    (tree / "empty").mkdir()

    def git(*words):
        command = ["git", "-c", "core.autocrlf=false", *words]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout

    git("init", "--quiet")
    git("add", "--all", "--", ":!.hidden")
    assert swhid(tree) == f"swh:1:dir:{git('write-tree').strip()}"


def test_the_command_cites_what_the_folder_holds(tmp_path):
    save(tmp_path, [record("relation-conv4"), record("pixels-cosine", "omniglot-lake-20w1s")])

    def cited(*words):
        done = CliRunner().invoke(app, ["cite", *words, "--results", str(tmp_path)])
        assert done.exit_code == 0
        return keys_of(done.stdout)

    assert cited() == ["lake2015human", "oneshotbenchmark", "sung2018learning"]
    assert cited("--task", "glyphs-5w*") == ["oneshotbenchmark", "sung2018learning", DIRICHLET]
    assert cited("feat-conv4") == ["lake2015human", "oneshotbenchmark", "ye2020few"]
    wrong = CliRunner().invoke(app, ["cite", "feat-conv44", "--results", str(tmp_path)])
    assert isinstance(wrong.exception, OneshotError)


def test_citing_checks_no_record_and_names_a_file_that_is_none(tmp_path, monkeypatch):
    records = [record("pixels-cosine", "glyphs-5w1s", seed) for seed in (0, 1, 2)]
    records.append(record("pixels-cosine", "omniglot-within-5w1s", 0))
    save(tmp_path, records)
    checked = []
    monkeypatch.setattr(store, "read", checked.append)
    found = list(store.measured(tmp_path))
    assert found == [("pixels-cosine", r.task.name) for r in (records[0], records[-1])]
    assert not checked
    monkeypatch.undo()
    for content in (b"", b"[]", b'{"model": 1}', b"\xff", b"[" * 100_000):
        path = store.record_path(tmp_path, records[0])
        path.write_bytes(content)
        with pytest.raises(OneshotError, match="is not a valid record"):
            list(store.measured(tmp_path))
