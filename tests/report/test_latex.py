"""Tables for papers: safe text, honest marks and means; and they compile."""

import shutil
import subprocess

import pytest
from synthetic_pairs import pair_record
from synthetic_records import grid, record, save

from benchmark.report.latex import render_all
from benchmark.report.leaderboard import build
from benchmark.report.write import write_leaderboard

TRAINED = {"budget": "quick", "backbone": "conv4"}


def table(records):
    (text,) = render_all(build(records), "0.1.0, record set swh:1:dir:" + "0" * 40).values()
    return text


def test_text_is_made_harmless_and_models_are_cited():
    text = table([record("relation-conv4", recipe=TRAINED), record("50%_of_{my}.py:Net")])
    assert r"Relation, Conv4 \citep{sung2018learning} & " in text
    assert r"\texttt{50\%\_of\_\{my\}.py:Net} & " in text
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_marks_are_explained_in_the_caption_only_where_they_occur():
    one = table([record("relation-conv4", recipe=TRAINED)])
    assert r"\textsuperscript{\dag} One training seed only" in one
    two = table([record("relation-conv4", seed=seed, recipe=TRAINED) for seed in (0, 1)])
    assert r"\dag" not in two
    assert r"0.1.0, record set \texttt{swh:1:dir:\allowbreak 000" in two and "From 2 records" in two


def test_a_mean_stands_only_beside_all_of_its_tasks():
    tasks = ("glyphs-5w1s", "glyphs-5w5s")
    records = [record("relation-conv4", task, recipe=TRAINED) for task in tasks]
    text = table([*records, record("chance")])
    told = {line.split(" ")[0]: line.rstrip("\\ ").split("&")[-1].strip()
            for line in text.splitlines() if "pm" in line and line.endswith(r"\\")}  # fmt: skip
    assert float(told["Relation,"]) > 20 and told["Chance"] == ""


def test_random_and_skilled_forgeries_have_columns_of_their_own():
    models = [(key, skill) for key, skill in (("pixels-cosine", 0.6), ("hog", 1.5))]
    made = [pair_record(key, "nfi-signatures-verification", skill) for key, skill in models]
    text = table(made)
    assert r"& nfi-signatures-verification & EER random & EER skilled \\" in text
    rows = [line for line in text.splitlines() if line.startswith(("Pixels", "HOG", "Histogram"))]
    assert rows and all(row.count("&") == 3 and row.count("pm") == 3 for row in rows)
    other = table([pair_record("pixels-cosine", "glyphs-verification", 0.6)])
    assert "Pixels, cosine" in other and "& EER" not in other


HOSTILE = "\\input{/etc/passwd}\n\n\\end{document}%$^~#&|<script>\\write18{id}"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_it_compiles(tmp_path):
    save(tmp_path, [*grid(), record("50%_of_{my}.py:Net", recipe=TRAINED)])
    save(tmp_path, [record(HOSTILE, recipe=TRAINED)])
    write_leaderboard(tmp_path, figures=False)
    names = sorted(path.name for path in (tmp_path / "tables").glob("*.tex"))
    assert names
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[round]{natbib}"
        r"\usepackage[margin=1cm,landscape]{geometry}\begin{document}"
        + "".join(rf"\input{{tables/{name}}}" for name in names)
        + r"\bibliographystyle{plainnat}\bibliography{references}\end{document}"
    )
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for command in (latex, ["bibtex", "paper"], latex, latex):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "paper.log").read_text(errors="replace")
    assert "Citation" not in log and "undefined references" not in log
