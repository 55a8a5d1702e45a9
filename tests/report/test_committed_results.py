"""What is committed in results/ is what its records give."""

from pathlib import Path

from benchmark.records import store
from benchmark.report.write import write_leaderboard
from benchmark.tasks import RANKED
from benchmark.tasks.loading import pins

RESULTS = Path(__file__).parents[2] / "results"


def test_tables_and_figures_are_regenerated_byte_for_byte(tmp_path: Path) -> None:
    write_leaderboard(RESULTS, tmp_path)
    names = ["leaderboard.md", "leaderboard.csv"]
    # Figures are compared by what they plot: their pixels depend on the library's version.
    names += [f"figures/{path.name}" for path in sorted((RESULTS / "figures").glob("*.csv"))]
    names += [f"models/{path.name}" for path in sorted((RESULTS / "models").glob("*.md"))]
    assert len(names) > 8
    for name in names:
        assert (tmp_path / name).read_bytes() == (RESULTS / name).read_bytes(), name


def test_every_record_answers_the_pinned_questions() -> None:
    records = store.load(RESULTS)
    assert records
    for record in records:
        pin = pins()[record.task.name]
        assert record.task.name in RANKED
        assert record.task.version == pin["version"]
        assert record.task.data_digest == pin["data_digest"]
        if record.task.episodes == pin["episodes"]:
            assert record.task.episode_digest == pin["episode_digest"]
