"""What a search tries: factors on the numbers of a recipe, the default first.

On the suite's own tracks every model gets the settings that it declares, so that comparisons stay
fair and published searches what they are. On data of the user's own, for models that declare none,
and beyond the declared ones, the search starts at the default and changes one number at a time,
then two at once: one shot in place of several, the size of the input where images are stored at
another, how much a crop leaves, the learning rate, the sharpness of the loss. A model of the user's
without any of these is searched in every number that it can be set.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from benchmark.evaluation.inference_config import NAMES as ASKED
from benchmark.tasks.spec import Track

COUNT = 8
SIDES = (28, 48, 64, 84, 96, 128)  # pixels
NEAR = 1.2  # sizes nearer than this tell no more
CROPS = (0.35, 0.6, 0.85)  # the smallest part of an image's area that is shown
RATES = (0.25, 4.0, 0.5, 2.0)
SHARPNESS = (0.5, 2.0, 0.25, 4.0)
ANY = (0.5, 2.0, 0.25, 4.0)
RATE_NAMES = ("learning_rate", "lr")
LETTERS = (0.5, 2.0)

Factors = dict[str, float]


def trials(
    model: Any,
    recipe: Mapping[str, Any],
    factory: Callable[..., Any],
    track: Track,
    given: Mapping[str, Any],
    count: int | None,
) -> list[Factors]:
    """The settings to try, as factors on the recipe's numbers; the same ones every time.

    Args:
        model: built with the defaults and what is given.
        recipe: its whole recipe.
        factory: its class.
        track: whose validation split decides.
        given: settings that are fixed, hence not searched.
        count: how many settings; None for as many as the model declares, else eight.
    """
    declared = [
        {name: factor for name, factor in factors.items() if name not in given}
        for factors in getattr(model, "searches", None) or []
    ]
    declared = [factors for factors in declared if factors]
    suites = hasattr(model, "sharpness")  # a network of the suite, whose recipe is known
    first = [] if suites and track.size is not None else declared
    wanted = count or (len(first) or COUNT)
    every = first + list(_around(_axes(model, recipe, factory, track, given)))
    found: list[Factors] = []
    for factors in every:
        if not any(_same(factors, other) for other in found):
            found.append(factors)
    if count is not None and count < len(first):  # the default is among few settings too
        found.sort(key=lambda factors: set(factors.values()) != {1.0})
    return found[:wanted]


def _around(axes: Mapping[str, Sequence[float]]) -> Iterator[Factors]:
    """The default, then one number at a time, the axes in turn, then pairs and so on."""
    default = dict.fromkeys(axes, 1.0)
    if not axes:
        return
    yield default
    longest = max(map(len, axes.values()))
    for place in range(longest):
        for name, values in axes.items():
            if place < len(values):
                yield {**default, name: values[place]}
    for changed in range(2, len(axes) + 1):
        for names in combinations(axes, changed):
            for values in product(*(axes[name] for name in names)):
                yield {**default, **dict(zip(names, values, strict=True))}


def _axes(
    model: Any,
    recipe: Mapping[str, Any],
    factory: Callable[..., Any],
    track: Track,
    given: Mapping[str, Any],
) -> dict[str, tuple[float, ...]]:
    """Factors by the name of the number; nothing that is given, absent or zero."""
    sharpness = getattr(model, "sharpness", None)
    axes: dict[str, tuple[float, ...]] = {}
    if "support" in getattr(model, "follows", {}) and recipe.get("support", 1) > 1:
        axes["support"] = (1 / recipe["support"],)  # one shot may teach more, with more steps
    size = recipe.get("input_size")
    if isinstance(size, int) and size > 1 and _settable(factory, "input_size"):
        axes["input_size"] = _sizes(size, track)
    if sharpness is not None:
        axes["learning_rate"] = RATES
        if sharpness:
            axes[sharpness] = SHARPNESS
        crop = recipe.get("smallest_crop")
        if recipe.get("augmentation") == "photograph" and crop:
            axes["smallest_crop"] = tuple(other / crop for other in CROPS if other != crop)
    else:
        rates = [name for name in RATE_NAMES if name in recipe]
        names = [*rates, *(name for name in recipe if name not in rates)]
        for name in names:
            if name not in axes and _settable(factory, name):
                axes[name] = RATES if name in rates else _any(recipe[name])
    return {
        name: factors
        for name, factors in axes.items()
        if name not in given and factors and _is_number(recipe.get(name)) and recipe[name]
    }


def _sizes(size: int, track: Track) -> tuple[float, ...]:
    """Other sizes up to the stored one: the stored one, the next smaller, then further ones."""
    if track.family == "text":
        other = [round(size * factor) for factor in LETTERS]
        return tuple(each / size for each in other if 4 <= each <= max(track.side, size))
    if track.family == "vector":
        return ()
    stored = min(track.side, SIDES[-1])
    known = [side for side in SIDES if side < stored and not size / NEAR < side < size * NEAR]
    larger = [side for side in (stored, *reversed(known)) if side >= size * NEAR]
    smaller = [side for side in reversed(known) if side < size]
    order: list[int] = []
    for place in range(2):
        order += larger[place : place + 1] + smaller[place : place + 1]
    return tuple(side / size for side in order)


def _any(value: Any) -> tuple[float, ...]:
    """Factors on a number of which nothing is known; whole numbers stay whole."""
    if not isinstance(value, int) or isinstance(value, bool):
        return ANY
    others = [max(1, round(value * factor)) for factor in ANY]
    return tuple(dict.fromkeys(other / value for other in others if value and other != value))


def _settable(factory: Callable[..., Any], name: str) -> bool:
    """Whether the constructor takes the setting by name, or takes all that its recipe has."""
    parameters = inspect.signature(factory).parameters
    if name in ("seed", "budget", "track", *ASKED):
        return False
    return name in parameters or any(
        each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Factors, other: Factors) -> bool:
    """Whether two settings differ in no number; what is not named is not changed."""
    return all(one.get(name, 1.0) == other.get(name, 1.0) for name in {*one, *other})
