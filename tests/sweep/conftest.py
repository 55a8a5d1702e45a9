"""A model of a few lines that trains in no time, for tests of plans, searches and final fits."""

import pytest

LEARNER = '''
import torch
from dataclasses import dataclass
from benchmark.errors import ModelFailed, Refused
from benchmark.protocols import TrainingResult


@dataclass(frozen=True)
class Recipe:
    sharpness: float = 4.0
    learning_rate: float = 0.1
    items: int = 1000


class Learner:
    """Sees the better the nearer its sharpness is to one; keeps what it was given."""

    input_size, refits = 8, True
    searches = [{"sharpness": f} for f in (0.25, 1.0, 1e9)]
    fits = []

    def __init__(self, seed, sharpness: float = 4.0):
        if sharpness > 1e6:
            raise Refused("too sharp")
        self.recipe = Recipe(sharpness)
        self.weight = torch.zeros(1)

    def fit(self, data, run):
        accuracy = None if data.validate is None else data.validate(self)
        self.fits.append((len(data.train.class_names), accuracy, data.final_items, run.key))
        self.weight += 1 if data.validate is None else 0.5
        items = data.final_items or 700
        return TrainingResult(items=items, seconds=0.0, curve=[], best_items=600)

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"]

    def embed(self, images):
        # Noise of each item's own, whatever else is in the batch; near copies have nearly the same.
        rows = images.flatten(1).double()
        places = torch.arange(rows.shape[1])
        noise = (12.9898 * places * (1 + places) + 15 * rows.mean(1, keepdim=True)).sin()
        return (rows + noise * (self.recipe.sharpness - 1)).float()
'''


@pytest.fixture
def learner(tmp_path):
    """Path of the file, and the name of the model in it."""
    path = tmp_path / "learner.py"
    path.write_text(LEARNER)
    return f"{path}:Learner"
