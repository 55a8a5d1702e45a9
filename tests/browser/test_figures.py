"""A figure's SVG in a browser beside its PNG: the same picture, whoever draws it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image, ImageFilter

from benchmark.report.figures import theme

pytestmark = pytest.mark.browser


def everything() -> tuple[bytes, bytes]:
    """A figure with all that figures draw: lines, dashes, areas, marks, hatches, turned text."""
    with theme.theme():
        figure = theme.canvas(4.0, 3.0)
        ax = figure.subplots()
        ax.grid()
        ax.plot([0, 1, 2, 3], [3, 1, 2, 0.5], color=theme.COLOURS[1], marker="s", mec="white")
        ax.plot([0, 3], [0, 3], color=theme.INK, ls=(0, (4, 3)), lw=0.9)
        ax.hlines([0.5, 1.5], 0.2, 2.8, color=theme.COLOURS[4], lw=5, alpha=0.55)
        ax.scatter([0.5, 1.5, 2.5], [2.5] * 3, s=60, facecolor="none", edgecolor=theme.COLOURS[2])
        ax.add_patch(Rectangle((1.6, 1.6), 0.9, 0.6, facecolor="white", edgecolor="#777777",
                               hatch="////"))  # fmt: skip
        ax.fill_between([0, 1, 5], [0.2, 0.4, 0.1], color="#dcdcdc")
        ax.set_xlim(0, 3)  # the area is cut
        ax.set_ylabel("prototypical-conv4, %")
        ax.set_title("siamese-conv4-cosine-triplet")
        figure.legend(handles=[Rectangle((0, 0), 1, 1, color="#0072B2", label="95 %")],
                      loc="outside lower right")  # fmt: skip
    return theme.image(figure, "svg"), theme.image(figure, "png")


def soft(image: Image.Image) -> np.ndarray:
    """Without the edges, which no two programs smooth alike."""
    return np.asarray(image.convert("RGB").filter(ImageFilter.GaussianBlur(3)), dtype=float)


def test_svg_and_png_show_the_same(visit, tmp_path):
    svg, png = everything()
    pixels = Image.open(io.BytesIO(png))
    wide, high = pixels.size
    (tmp_path / "figure.svg").write_bytes(svg)
    shown = f'<body style="margin:0"><img src="figure.svg" width="{wide}" height="{high}">'
    (tmp_path / "page.html").write_text(shown)
    page = visit(tmp_path / "page.html", viewport={"width": wide, "height": high})
    page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth > 0")
    seen = Image.open(io.BytesIO(page.screenshot()))
    apart = np.abs(soft(seen) - soft(pixels))
    assert apart.mean() < 1.0 and np.quantile(apart, 0.999) < 40
    # Any part that were missing or elsewhere would be seen by that:
    moved = np.abs(soft(seen) - np.roll(soft(pixels), 6, axis=1))
    assert moved.mean() > 4 * apart.mean()
