"""Writes docs/checks.md from the list of checks.

python tools/update_checks.py
"""

from __future__ import annotations

from pathlib import Path

from benchmark.evaluation.conformance.checks import CHECKS

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
HEAD = """\
# Checks on models

    oneshot check MODEL [--set KEY=VALUE] [--train] [--track TRACK] [--json]

MODEL is a catalogue key, `package.module:Name`, `path/to/file.py:Name` or an adapter such as
`torchscript:PATH`. The checks take seconds on a CPU and need no download: the model is shown a few
classes of the validation split of the embedded `glyphs` (a made-up set of texts, photographs or
vectors where it takes no such images). From Python: `benchmark.check(model)` takes a class or an
object as well, and `report.passed` says whether no check failed. The exit code is 1 when a check
fails and 2 when the model cannot be built.

The tests run the list on every method, distance, loss and backbone of the catalogue. A model is
checked as it is built, with fresh weights unless it loads its own; `--train` trains it shortly
first. Large batches (83 and 512 items) and episodes (up to 300 queries, 20 ways, 64 at once) are
asked as in every run: what a model does only when it is given much at once shows there. The
invariances must hold either way; whether an embedding has collapsed is judged only where there was
something to learn.

Two answers are the same where they differ by at most 1 % of their spread and 0.001 % of their
size: rounding does less, a hidden dependence does far more.

| check | what holds of a sound model | the published mistake it catches | how to mend it |
| --- | --- | --- | --- |
"""
FOOT = """
## Exceptions that a model declares

A model that is meant to break a rule says so by an attribute of its class; the check then says that
it does not apply, and why.

| attribute | meaning | checks it lifts |
| --- | --- | --- |
| `transductive = True` | queries may see each other; ranked in a pool of its own | `query-alone` |
| `ordered_support = True` | supports are read one after another | `support-order` |
| `ordered_classes = True` | each class position has weights of its own | `class-names` |
| `ordered_pairs = True` | `compare` reads the support and the query differently | \
`pair-symmetry` |
| `stochastic = True` | answers are drawn from the given generator, query after query | \
`query-alone`, `class-names`, `query-order`, `support-order` |
| `trained_for = (n_way, n_shot)` | the head answers one shape; other tasks are refused | \
`other-shapes` |
"""


def markdown() -> str:
    """The whole page."""
    rows = (
        f"| `{each.name}` | {each.claim} | {each.resembles} | {each.mend} |\n" for each in CHECKS
    )
    return HEAD + "".join(rows) + FOOT


if __name__ == "__main__":
    PAGE.write_text(markdown(), "utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[1])}")
