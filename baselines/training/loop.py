"""The training loop: every model that trains is trained here.

Each step is a pure function of (recipe, data, seed, step) and the weights before it, so that a
training killed at any moment and resumed ends with the same bits as one that ran through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from baselines.randomness import keyed
from baselines.recipe import TrainingRecipe
from baselines.siamese.batches import Batch
from baselines.training import checkpoint, curve
from baselines.training.augment import augment
from baselines.training.losses_seen import LossesSeen
from baselines.training.schedule import rate
from baselines.training.sizes import Sizes
from benchmark.protocols import Progress, TrainingData, TrainingResult, TrainingRun

REPORT_SECONDS = 1.0
CHECKPOINT_SECONDS = 10.0

Draw = Callable[[int], Batch]
"""The batch of a step."""
BatchLoss = Callable[[Tensor, Batch], Tensor]
"""Images float32 [b, c, h, w] of a batch (or code points [b, l]) -> scalar to minimise."""


def train(
    model: nn.Module,
    recipe: TrainingRecipe,
    draw: Draw,
    loss_of: BatchLoss,
    *,
    data: TrainingData,
    run: TrainingRun,
) -> TrainingResult:
    """Trains `model` in place and leaves it in eval mode with the weights that validated best.

    In a final fit (`data.validate` is None) nothing is chosen: the training stops after
    `data.final_items` items of the same schedule, and the last weights are kept.

    Args:
        model: its parameters are trained; on return it is on `run.device`.
        recipe: how.
        draw: the batch of each step; all batches have one size.
        loss_of: the loss of a batch.
        data: what may be learned from.
        run: where, and the seed.

    Raises:
        ModelFailed: the loss is no longer a finite number.
    """
    with use_threads(recipe.threads):
        return _Training(model, recipe, draw, loss_of, data=data, run=run).run_through()


class _Training:
    """The state of one training between steps: `state()` is all of it."""

    def __init__(
        self,
        model: nn.Module,
        recipe: TrainingRecipe,
        draw: Draw,
        loss_of: BatchLoss,
        *,
        data: TrainingData,
        run: TrainingRun,
    ) -> None:
        self.model = model.to(run.device)
        self.recipe, self.draw, self.loss_of = recipe, draw, loss_of
        self.data, self.run = data, run
        self.batch_items = len(draw(0).items)
        self.steps = max(1, recipe.items // self.batch_items)
        self.last = self.steps  # step after which this training ends
        self.validation_steps: set[int] = set()
        if data.validate is None:
            self.last = max(1, (data.final_items or recipe.items) // self.batch_items)
        else:
            count = min(recipe.validations, self.steps)
            self.validation_steps = {round(self.steps * (i + 1) / count) for i in range(count)}
        self.sizes = Sizes(recipe, self.steps)
        self.side = 0  # of the images below: those of the step's size
        self.images = torch.empty(0)
        self.optimiser = _optimiser(model, recipe)

        self.step = 0
        self.seconds = 0.0
        self.curve: list[tuple[int, int, int]] = []
        self.best = -1.0
        self.best_step = 0
        self.best_weights = _copy(model.state_dict())
        self.losses = LossesSeen(run.device, recipe.learning_rate, self.steps)
        self.loss_steps = 0  # since the last validation

    def run_through(self) -> TrainingResult:
        self._resume()
        began = reported = saved = time.monotonic()
        before = self.seconds
        loss_reported, step_reported = self.losses.sum(), self.step
        if self.step == 0:
            self.run.report(self._progress(0.0, 0.0))
        self.model.train()
        while self.step < self.last:
            self._one_step()
            now = time.monotonic()
            self.seconds = before + now - began
            validated = self.step in self.validation_steps
            if validated or now - reported >= REPORT_SECONDS:
                steps = self.step - step_reported
                loss = (self.losses.sum() - loss_reported) / max(1, steps)
                speed = steps * self.batch_items / max(1e-9, now - reported)
                if validated:
                    self._validate()
                    self.run.mark("validation")
                self.run.report(self._progress(loss, speed))
                reported, step_reported = time.monotonic(), self.step
                loss_reported = self.losses.sum()
            if validated or now - saved >= CHECKPOINT_SECONDS:
                self.seconds = before + time.monotonic() - began
                self._save()
                self.run.mark("checkpoint")
                saved = time.monotonic()
        self.losses.sum()  # the last ones may still be owed, and not finite
        self.seconds = before + time.monotonic() - began
        if self.data.validate is None:
            self.best_step = self.last
        else:
            self.model.load_state_dict(self.best_weights)
        self.model.eval()
        return TrainingResult(
            items=self.last * self.batch_items,
            seconds=self.seconds,
            curve=self.curve,
            best_items=self.best_step * self.batch_items,
        )

    def _one_step(self) -> None:
        recipe, seed, step = self.recipe, self.run.seed, self.step
        batch = self.draw(step)
        self._resize(self.sizes.at(step))
        items = torch.from_numpy(batch.items).to(self.images.device)
        images = self.images.index_select(0, items)  # several times as quick as self.images[items]
        self.run.mark("data")
        if self.data.train.kind == "image":
            images = augment(images.float().div_(255), batch.turns, recipe, seed, step)
            images = images.contiguous(memory_format=torch.channels_last)
            self.run.mark("augmentation")
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * rate(
                step, self.steps, recipe.warm_up, recipe.schedule
            )
        low = recipe.precision == "bfloat16"
        with (
            _keyed_torch(self.run.device, keyed(seed, step, "dropout")),
            torch.autocast(torch.device(self.run.device).type, torch.bfloat16, enabled=low),
        ):
            loss = self.loss_of(images, batch)
        self.run.mark("forward")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.run.mark("backward")
        if recipe.largest_gradient:
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.largest_gradient)
        self.optimiser.step()
        self.losses.add(loss, step)
        self.run.mark("optimiser")
        self.step += 1
        self.loss_steps += 1

    def _resize(self, side: int) -> None:
        """Makes sure that the training items are there at this size."""
        if side != self.side:
            stored = torch.from_numpy(self.data.train.inputs(side))
            self.images, self.side = stored.to(self.run.device), side
            self.run.mark("preparation")

    def _validate(self) -> None:
        self.model.eval()
        assert self.data.validate is not None  # there is no validation step in a final fit
        with torch.no_grad():
            accuracy = float(self.data.validate(self.model))
        self.model.train()
        loss = self.losses.sum() / self.loss_steps
        self.losses.restart()
        self.loss_steps = 0
        items = self.step * self.batch_items
        self.curve.append((items, round(1e6 * loss), round(1e4 * accuracy)))
        if self.run.folder is not None:
            curve.write(self.run.folder, self.curve)
        if accuracy > self.best:  # an equal one later does not displace it
            self.best, self.best_step = accuracy, self.step
            self.best_weights = _copy(self.model.state_dict())

    def _progress(self, loss: float, speed: float) -> Progress:
        return Progress(
            items=self.step * self.batch_items,
            items_total=self.last * self.batch_items,
            loss=loss,
            validation=self.curve[-1][2] / 1e4 if self.curve else None,
            items_per_second=speed,
        )

    def state(self) -> dict[str, Any]:
        return {
            "key": self.run.key,
            "step": self.step,
            "seconds": self.seconds,
            "model": _copy(self.model.state_dict()),
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
            "best_step": self.best_step,
            "best_weights": self.best_weights,
            "curve": [list(point) for point in self.curve],
            "loss_sum": self.losses.sum(),
            "loss_steps": self.loss_steps,
        }

    def _save(self) -> None:
        # The step after a last finite loss may ruin the weights: the good checkpoint stays.
        if not all(bool(torch.isfinite(tensor).all()) for tensor in self.model.parameters()):
            raise self.losses.diverged("Weights are no longer finite numbers", self.step)
        if self.run.folder is not None:
            checkpoint.save(self.run.folder, self.state())

    def _resume(self) -> None:
        if self.run.folder is None:
            return
        state = checkpoint.load(self.run.folder, self.state())
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.best, self.best_step = state["best"], state["best_step"]
        self.best_weights = state["best_weights"]
        self.curve = [(int(a), int(b), int(c)) for a, b, c in state["curve"]]
        self.losses.restart(state["loss_sum"])
        self.loss_steps = state["loss_steps"]


def _optimiser(model: nn.Module, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    # One kernel for all parameters, where a step costs more in starting kernels than in running.
    fused = next(model.parameters()).device.type == "cuda" or None
    if recipe.optimiser == "adamw":  # Loshchilov & Hutter 2019; gains and biases do not decay
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=fused)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            model.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.momentum > 0,
            fused=fused,
        )
    return torch.optim.Adam(  # Kingma & Ba 2015, with its own defaults for beta and epsilon
        model.parameters(),
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=fused,
    )


def _copy(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}


@contextmanager
def use_threads(count: int) -> Iterator[None]:
    """Computes with `count` threads, because weights depend on it, and restores what was set."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _keyed_torch(device: str, seed: int) -> Iterator[None]:
    """Seeds torch's global generators (dropout has no other) and restores them afterwards."""
    place = torch.device(device)
    backend = None if place.type == "cpu" else torch.get_device_module(place)
    with torch.random.fork_rng(
        devices=[] if backend is None else [place.index or 0],
        device_type="cuda" if backend is None else place.type,
    ):
        torch.default_generator.manual_seed(seed)
        if backend is not None:
            backend.manual_seed(seed)
        yield
