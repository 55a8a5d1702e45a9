"""The 20 hands of a script and how a hand draws a letter. Every number comes from Philox keyed by
(generator version, script, hand) or (version, code point, hand): each drawing stands alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from bending import corners, drift, lengthen, warp
from graph import Points, length
from numpy.typing import NDArray
from pen import SIDE, ink
from skeletons import STEP, Skeleton, Stroke, smooth

VERSION = 1
N_HANDS = 20
VARIATION = 0.8
BORDER = 4.0
SIZE = 58.0
USUAL_PATH = 2.7


def _generator(*key: int) -> np.random.Generator:
    """Returns a generator that depends on the key's four numbers alone."""
    numbers = np.array([VERSION, *key], dtype=np.uint64)
    low = numbers[0] << np.uint64(32) | numbers[1]
    high = numbers[2] << np.uint64(32) | numbers[3]
    return np.random.Generator(np.random.Philox(key=np.array([low, high], dtype=np.uint64)))


@dataclass(frozen=True)
class Hand:
    """One person's habits; lengths are fractions of the letter's longer side, angles radians."""

    pen: float
    size: float
    even_size: float
    aspect: float
    slant: float
    rotation: float
    place: Points
    top_heavy: float
    bulge: float
    roundness: float
    tremor: float
    overshoot: float
    looseness: float
    lifts: float


def hand(script: str, number: int) -> Hand:
    """Draws the habits of hand `number` (0-19) of a script."""
    rng = _generator(zlib.crc32(script.encode()), number, 0)
    gain = VARIATION
    return Hand(
        pen=float(np.clip(rng.normal(5.05, 0.15), 4.7, 5.4)),
        size=float(np.exp(rng.normal(0.0, 0.16 * gain))),
        even_size=float(rng.uniform(0.2, 0.6)),
        aspect=float(rng.normal(0.0, 0.10 * gain)),
        slant=float(rng.normal(0.0, 0.10 * gain)),
        rotation=float(rng.normal(0.0, 0.05 * gain)),
        place=rng.normal(0.0, 4.0, 2),
        top_heavy=float(rng.normal(0.0, 0.16 * gain)),
        bulge=float(rng.normal(0.0, 0.03 * gain)),
        roundness=float(rng.uniform(0.0, 2.0)),
        tremor=float(np.exp(rng.normal(np.log(0.005), 0.35))),
        overshoot=float(rng.normal(0.0, 0.02 * gain)),
        looseness=float(np.exp(rng.normal(0.0, 0.3))),
        lifts=float(rng.uniform(0.0, 0.9)),
    )


def _redraw(stroke: Stroke, hand: Hand, rng: np.random.Generator) -> Points:
    """Moves, turns, bends and roughens one stroke."""
    gain = VARIATION * hand.looseness
    points = smooth(stroke.points, stroke.closed, hand.roundness * rng.uniform(0.5, 2.0))
    middle = points.mean(axis=0)
    count = len(points)
    extent = float(np.ptp(points, axis=0).max())
    angle = rng.normal(0.0, 0.06) * gain
    scale = np.exp(rng.normal(0.0, 0.07, 2) * gain)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (points - middle) * scale @ turn.T + middle + rng.normal(0.0, 0.022, 2) * gain
    along = np.linspace(0.0, 1.0, count)
    if not stroke.closed and count > 4:
        chord = moved[-1] - moved[0]
        normal = np.array([-chord[1], chord[0]])
        bow = rng.normal(0.0, 0.045) * gain
        moved = moved + np.sin(np.pi * along)[:, None] * normal * bow
        ends = hand.overshoot + rng.normal(0.0, 0.02, 2) * gain
        ends = np.clip(ends, -0.15 * extent, 0.3 * extent + 0.02)
        moved = lengthen(moved, float(ends[0]), float(ends[1]))
    elif stroke.closed:
        # A ring is rarely closed exactly: its two ends part a little.
        moved = moved + (along - 0.5)[:, None] * rng.normal(0.0, 0.03, 2) * gain
    wave = 0.06 / STEP
    moved = moved + hand.tremor * rng.uniform(0.6, 1.4) * drift(rng, len(moved), wave / 3)
    return moved + 0.012 * gain * drift(rng, len(moved), 3 * wave) * min(1.0, 2 * extent)


def draw(skeleton: Skeleton, script: str, code_point: int, number: int) -> NDArray[np.bool_]:
    """Draws a letter by a script's hand `number`.

    Args:
        skeleton: The letter; its size is relative to the script's usual letter (1).

    Returns:
        Image [105, 105], ink True, at least a few paper pixels to every border.
    """
    person = hand(script, number)
    rng = _generator(code_point, number, 1)
    gain = VARIATION
    strokes: list[Stroke] = []
    for stroke in skeleton.strokes:
        strokes.extend(corners(stroke) if rng.uniform() < person.lifts else [stroke])
    paths = [_redraw(stroke, person, rng) for stroke in strokes]
    shape = np.exp(0.5 * (person.aspect + rng.normal(0.0, 0.07) * gain))
    slant = person.slant + rng.normal(0.0, 0.05) * gain
    angle = person.rotation + rng.normal(0.0, 0.04) * gain
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[shape, -slant * shape], [0.0, 1 / shape]])
    waves = np.concatenate(
        [
            rng.normal(0.0, 3.2, (4, 2)),
            rng.uniform(0.0, 2 * np.pi, (4, 1)),
            rng.normal(0.0, 0.026, (4, 2)) * gain,
        ],
        axis=1,
    )
    size = SIZE * person.size * skeleton.size**person.even_size
    # Letters of many strokes are written larger.
    path = sum(length(stroke.points) for stroke in skeleton.strokes)
    size *= float(np.clip((path / USUAL_PATH) ** 0.2, 0.85, 1.25))
    size *= np.exp(rng.normal(0.0, 0.07) * gain)
    place = SIDE / 2 + person.place + rng.normal(0.0, 3.5, 2)
    placed = []
    for path in paths:
        # Heavier tops and wider middles are a person's proportions, the same for all letters.
        x, y = path[:, 0], path[:, 1]
        bent = np.stack([x * (1 - person.top_heavy * y), y + person.bulge * (4 * x**2 - 1)], 1)
        placed.append(warp(bent, waves) @ matrix.T * size)
    low = np.vstack(placed).min(axis=0)
    high = np.vstack(placed).max(axis=0)
    room = SIDE - 2 * BORDER
    shrink = min(1.0, float(room / (high - low).max()))
    corner = np.clip(
        place - (high - low) * shrink / 2, BORDER, SIDE - BORDER - (high - low) * shrink
    )
    return ink([(path - low) * shrink + corner for path in placed], person.pen)


def plain(skeleton: Skeleton, width: float = 5.0) -> NDArray[np.bool_]:
    """Draws a letter at the usual size without any variation (to judge its shape)."""
    return ink([stroke.points * SIZE + SIDE / 2 for stroke in skeleton.strokes], width)
