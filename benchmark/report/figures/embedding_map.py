"""A two-dimensional map of embeddings, by principal components or t-SNE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.linalg import eigh

from benchmark.errors import OneshotError, UnknownName
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.points import Points
from benchmark.report.figures.tiles import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("pca", "tsne")
MARKERS = "osD^vP"
MOST = 42  # groups that seven colours and six markers tell apart
PERPLEXITY = 30.0
SEED = 0


def project(vectors: NDArray[np.float64], method: str) -> tuple[NDArray[np.float64], str]:
    """float64 [n, 2] from float64 [n, e], and what was done in words.

    Principal components have the sign that makes the coordinate farthest from 0 positive. t-SNE
    (van der Maaten and Hinton 2008) starts from them and is drawn with a fixed seed: distances
    between far groups mean nothing in it.

    Raises:
        UnknownName: for another method.
        OneshotError: for fewer than three items, or if t-SNE's package is missing.
    """
    if method not in METHODS:
        raise UnknownName("method", method, list(METHODS))
    if len(vectors) < 3:
        raise OneshotError(f"{len(vectors)} items make no map; it takes three at least.")
    centred = vectors - vectors.mean(axis=0)
    # Through the inner products of the items: there are fewer of them than coordinates.
    inner = centred @ centred.T
    last = len(inner) - 1
    values, axes = eigh(inner, subset_by_index=[last - 1, last])
    values, axes = np.maximum(values[::-1], 0.0), axes[:, ::-1]
    signs = np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    plane = axes * signs * np.sqrt(values)
    if method == "pca":
        share = float(values.sum() / max(np.trace(inner), 1e-300))
        return plane, f"two principal components, {100 * share:.0f} % of the variance"
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise OneshotError(
            "t-SNE needs scikit-learn, which is not installed.",
            "Type: pip install scikit-learn, or take --method pca",
        ) from None
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    start = plane / (plane[:, 0].std() or 1.0) * 1e-4
    with threadpool_limits(1):  # sums of several threads come out in an order of their own
        placed = TSNE(2, perplexity=perplexity, init=start, random_state=SEED).fit_transform(
            vectors
        )
    return placed, f"t-SNE, perplexity {perplexity:.3g}"


def draw(points: Points, method: str, title: str, told: str) -> bytes:
    """The map as a PNG file.

    Args:
        points: what is on it.
        method: "pca" or "tsne".
        title: what the items are.
        told: whose embeddings they are, in words.

    Raises:
        OneshotError: see `project`.
    """
    places, how = project(points.vectors, method)
    with theme.theme():
        figure = theme.canvas(9.6, 7.2)
        ax = figure.subplots()
        (_episode if points.support is not None else _split)(figure, ax, points, places)
        ax.set(xticks=[], yticks=[])
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set_title(printable(title), fontsize=11)
        ax.set_xlabel(printable(f"{told}; {how}"), loc="left", color=theme.MUTED)
        ax.margins(0.04)
        return theme.image(figure, "png")


def _episode(figure: Figure, ax: Axes, points: Points, places: NDArray[np.float64]) -> None:
    """Queries as letters of their classes, supports boxed, wrong answers ringed."""
    assert points.support is not None
    ax.plot(*places.T, ".", ms=0.1, alpha=0)  # letters alone set no limits
    for n, (x, y) in enumerate(places):
        group, boxed = int(points.groups[n]), bool(points.support[n])
        box = {"boxstyle": "round,pad=0.18", "fc": "white", "ec": theme.INK, "lw": 1.1}
        ax.text(
            x, y, letters(group), ha="center", va="center", fontsize=10 if boxed else 7,
            weight="bold", color=theme.colour(group),
            bbox=box if boxed else None, zorder=4 if boxed else 2, clip_on=True,
        )  # fmt: skip
    handles: list[Line2D] = [Line2D([], [], lw=0) for _ in points.names]
    labels = [f"{letters(n)}   {printable(name)}" for n, name in enumerate(points.names)]
    colours = [theme.colour(n) for n in range(len(labels))]
    if points.wrong is not None and points.wrong.any():
        ring = {"marker": "o", "ms": 9, "mfc": "none", "mec": theme.INK, "mew": 0.9}
        ax.plot(*places[points.wrong].T, lw=0, zorder=3, **ring)  # type: ignore[arg-type]
        handles.append(Line2D([], [], lw=0, **ring))  # type: ignore[arg-type]
        labels.append("taken for another class")
        colours.append(theme.INK)
    figure.legend(handles, labels, loc="outside right upper", fontsize=8, labelcolor=colours)


def _split(figure: Figure, ax: Axes, points: Points, places: NDArray[np.float64]) -> None:
    """A dot an item; seven colours times six markers tell up to 42 groups apart."""
    import seaborn as sns

    shown = range(len(points.names)) if len(points.names) <= MOST else range(0)
    looks: dict[str, Any] = {}
    if shown:
        looks = {
            "hue": points.groups, "hue_order": shown, "style": points.groups, "style_order": shown,
            "palette": [theme.colour(group) for group in shown],
            "markers": [MARKERS[group // 7 % 6] for group in shown],
        }  # fmt: skip
    dot = {"s": 14, "edgecolor": "white", "linewidth": 0.25, "alpha": 0.85}
    sns.scatterplot(x=places[:, 0], y=places[:, 1], ax=ax, legend=False, **looks, **dot)
    handles = [
        Line2D([], [], lw=0, marker=MARKERS[group // 7 % 6], ms=5.6, mec="white", mew=0.4,
               color=theme.colour(group), alpha=0.85)
        for group in shown
    ]  # fmt: skip
    if handles:
        labels = [printable(name) for name in points.names]
        figure.legend(handles, labels, loc="outside right upper", fontsize=8)
