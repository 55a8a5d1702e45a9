"""SVG and PNG in few bytes: what repeats stands once, and nothing that an eye sees is lost."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from PIL import Image

from benchmark.report.figures import theme
from benchmark.report.figures.outlines import EM, path_data, unhinted, words
from benchmark.report.figures.palette import with_palette
from benchmark.report.figures.twofold import svg_and_png

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


def drawn(fill, width=3.0, height=2.0) -> tuple[str, np.ndarray]:
    """What `fill` draws into one pair of axes, as SVG and as pixels."""
    with theme.theme():
        figure = theme.canvas(width, height)
        fill(figure, figure.subplots())
        svg, png = svg_and_png(figure)
    return svg.decode(), np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def pixels(colours: np.ndarray) -> np.ndarray:
    return np.dstack([colours, np.full(colours.shape[:2], 255)]).astype(np.uint8)


def test_a_name_in_twenty_places_is_outlined_once():
    def names(figure, ax):
        ax.set_axis_off()
        for n in range(20):
            ax.text(0.1, n / 20, f"siamese-conv4-{n}", transform=ax.transAxes)

    svg, _ = drawn(names)
    root = ElementTree.fromstring(svg)
    outlines = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("id")]
    assert len(outlines) == len(set(outlines)) <= len(set("siamese-conv4-0123456789"))
    word = next(g for g in root.iter(f"{SVG}g") if (g.get("id") or "").startswith("w"))
    assert svg.count(f'"#{word.get("id")}"') == 20 and len(svg) < 9_000
    assert {use.get(LINK)[1:] for use in root.iter(f"{SVG}use")} <= {
        each.get("id") for each in root.iter() if each.get("id")
    }


def test_gridlines_of_one_look_are_one_path_and_markers_one_shape():
    def grid(figure, ax):
        ax.set_axis_off()
        ax.hlines(np.arange(30), 0, 1, color="#d5d5d5", lw=0.5)
        ax.scatter(np.arange(30), np.arange(30), color="#0072B2", s=26)

    svg, _ = drawn(grid)
    assert len(re.findall(r'stroke="#d5d5d5"', svg)) == 1
    (shape,) = re.findall(r'<path id="(s\d+)"', svg)
    assert svg.count(f'href="#{shape}"') == 30


def test_coordinates_are_whole_numbers_inside_the_picture():
    svg, _ = drawn(lambda figure, ax: ax.plot(np.random.default_rng(0).random(500)))
    root = ElementTree.fromstring(svg)
    wide, high = map(int, root.get("viewBox").split()[2:])
    assert (wide, high) == (4800, 3200) and root.get("width") == "216pt"
    body = svg.partition("</defs>")[2]
    for d in re.findall(r' d="([^"]+)"', body):
        assert "." not in d and "e" not in d
        for x, y in re.findall(r"M(-?\d+) (-?\d+)", d):
            assert -50 <= int(x) <= wide + 50 and -50 <= int(y) <= high + 50


def test_equal_shapes_have_equal_data_wherever_they_stand():
    circle = Path.unit_circle()
    seen = {path_data(circle.vertices * 37.3 + away, circle.codes)[0][2]
            for away in np.random.default_rng(1).random((200, 2)) * 1000}  # fmt: skip
    assert len(seen) == 1


def test_relative_data_lead_back_to_the_points():
    points = np.random.default_rng(2).integers(0, 9999, (60, 2)).astype(float)
    ((x, y, d),) = path_data(points, None)
    steps = np.array(re.findall(r"-?\d+", d), dtype=int).reshape(-1, 2)
    assert (np.cumsum(steps, axis=0) == points[1:] - points[0]).all()
    assert (x, y) == tuple(points[0])


def test_a_line_without_length_is_still_a_dot():
    assert path_data(np.array([[3.0, 4.0], [3.0, 4.0]]), None) == [(3, 4, "l0 0")]


def test_any_text_can_be_drawn():
    for text in ("a b", "$x^2$", "ﬁ\u0301\u05d0\u0627", "", " ", "<&\"'>"):
        svg, _ = drawn(lambda figure, ax, text=text: ax.set_title(text))
        ElementTree.fromstring(svg)
    assert [len(word) for word in words("siamese-conv4 a", FontProperties())] == [8, 5, 1]


def test_texts_are_as_wide_in_the_svg_as_in_the_pixels():
    def label(figure, ax):
        ax.set_axis_off()
        figure.text(0.9, 0.5, "prototypical-conv4", ha="right", fontsize=8.5)

    svg, image = drawn(label)
    dark = np.flatnonzero((image < 128).any(axis=(0, 2)))
    found = re.search(r"translate\((\d+) \d+\)scale\(([\d.]+) ([\d.]+)\)", svg)
    start, across, high = map(float, found.groups())
    plain = unhinted("prototypical-conv4", FontProperties(family="DejaVu Sans", size=8.5)) * EM
    assert start + across * plain == pytest.approx(0.9 * 4800, abs=2)  # where it is to end
    assert 10 * dark[-1] == pytest.approx(0.9 * 4800, abs=25)
    assert 0.9 < across / high < 1.1 and across != high


def test_few_colours_are_kept_exactly():
    image = np.random.default_rng(3).integers(0, 6, (40, 50, 3)) * 51
    back = Image.open(io.BytesIO(with_palette(pixels(image), 160)))
    assert back.mode == "P" and (np.asarray(back.convert("RGB")) == image).all()
    assert back.info["dpi"] == pytest.approx((160, 160), abs=0.1)


def test_many_colours_change_less_than_an_eye_sees_and_the_frequent_ones_not():
    random = np.random.default_rng(4)
    share = random.random((100, 100, 1))
    image = np.rint(255 * (1 - share) + np.array([0, 114, 178]) * share).astype(int)
    image[:40] = 255
    image[40:60] = (213, 94, 0)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 200
    image = np.clip(image + random.integers(0, 2, image.shape) * (image < 250), 0, 255)
    image[40:60] = (213, 94, 0)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 256
    back = np.asarray(Image.open(io.BytesIO(with_palette(pixels(image), 160))).convert("RGB"))
    assert np.abs(back.astype(int) - image).max() <= 3
    assert (back[:60] == image[:60]).all()


def test_a_long_label_keeps_what_tells_recipes_apart():
    name = "siamese-conv4-euclidean-supervised-contrastive"
    assert theme.short("siamese-conv4") == "siamese-conv4"
    assert theme.short(name) == name[:43] + "…"
    one, two = (theme.short(f"{name} ({recipe})") for recipe in ("1234abcd", "5678cdef"))
    assert one.endswith("… (1234abcd)") and two.endswith("… (5678cdef)")
    assert max(len(one), len(two)) <= theme.LONGEST_LABEL
    assert len(theme.short("x " + "(" + "y" * 90 + ")")) == theme.LONGEST_LABEL
