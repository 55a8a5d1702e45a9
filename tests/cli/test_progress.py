"""What one record looks like in a line: kinds of impostors are shown beside what pools them."""

from benchmark.cli.progress import result_of
from benchmark.records.schema import LogOdds, ModelRef, Record, TaskRef, TrialLabels


def verification(kinds, of_kind, odds):
    """A record of a verification that brings its trials' labels along."""
    subjects = [0] * len(odds)
    labels = TrialLabels(kinds=kinds, of_kind=of_kind, left=subjects, right=subjects)
    return Record.model_construct(
        task=TaskRef.model_construct(name="mine-verification"),
        model=ModelRef.model_construct(key="some-model"),
        seed=0, fold=None, status="done",
        outcome=LogOdds(thousandths=odds, calibrated=True, labels=labels),
    )  # fmt: skip


def test_random_and_skilled_forgeries_are_both_shown():
    # Genuine 4 and 2; random forgeries below both, half of the skilled ones above.
    record = verification(
        ["genuine", "random", "skilled"], [2, 2, 2], [4000, 2000, -3000, -2000, 5000, -1000]
    )
    line = result_of(record)
    assert "random 0.00 %, skilled 50.00 %" in line
    assert "EER" in line and "over all impostors" in line  # the mixture is named as one


def test_every_kind_of_impostor_is_shown():
    record = verification(
        ["genuine", "within", "across", "skilled"], [1, 1, 1, 1], [1000, 2000, -1000, 0]
    )
    assert result_of(record).count("%") == 4
    assert "within 100.00 %, across 0.00 %, skilled 0.00 %" in result_of(record)


def test_one_kind_of_impostor_needs_no_second_number():
    record = verification(["genuine", "labelled"], [2, 2], [4000, 2000, -3000, -2000])
    assert result_of(record).endswith("EER   0.00 %")
