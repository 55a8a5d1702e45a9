"""The command line is tested with the model of a few lines that the plans are tested with."""

from tests.sweep.conftest import learner

__all__ = ["learner"]
