"""Figures as files: text stays text, bytes depend on the data, and any name can be drawn."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.patches import Circle
from PIL import Image

from benchmark.report.figures import theme

SVG = "{http://www.w3.org/2000/svg}"


def drawn(fill, caption="A caption"):
    with theme.theme():
        figure = theme.canvas(3.0, 2.0)
        fill(figure.subplots())
    return theme.picture(figure, "section", "stem", caption, ("a", "b"), [["x", 0.5], [None, 2]])


def svg_of(fill, caption="A caption"):
    return ElementTree.fromstring(drawn(fill, caption).files["stem.svg"])


def test_texts_can_be_searched_and_the_caption_is_the_title():
    root = svg_of(lambda ax: ax.set_title("siamese-conv4-cosine"), "Accuracy of <all> & more")
    assert "siamese-conv4-cosine" in {text.text for text in root.iter(f"{SVG}text")}
    assert root.find(f"{SVG}title").text == "Accuracy of <all> & more"


def test_the_bytes_depend_on_the_data_alone():
    def heat(seed):
        def fill(ax):
            mesh = ax.pcolormesh(np.random.default_rng(seed).random((3, 4)))
            ax.figure.colorbar(mesh)
            ax.bar([0], [1], hatch="////")

        return drawn(fill).files

    assert heat(0) == heat(0) != heat(1)
    assert b"<dc:date>" not in heat(0)["stem.svg"]


@pytest.mark.parametrize("text", ["a b", "$x^2$", "ﬁ\u0301\u05d0\u0627", "", " ", "<&\"'>", "$a"])
def test_any_text_can_be_drawn(text):
    shown = {each.text for each in svg_of(lambda ax: ax.set_title(text), text).iter(f"{SVG}text")}
    assert not text.strip() or text in shown


def test_images_colour_bars_and_clip_paths_are_drawn():
    def fill(ax):
        image = ax.imshow(np.eye(3))
        image.set_clip_path(Circle((1, 1), 1, transform=ax.transData))
        ax.figure.colorbar(image)

    root = svg_of(fill)
    assert len(list(root.iter(f"{SVG}image"))) == 2
    (clip,) = root.iter(f"{SVG}clipPath")
    assert "C" in clip.find(f"{SVG}path").get("d")  # the circle


def test_the_data_lie_beside_the_figure():
    rows = list(csv.reader(io.StringIO(drawn(lambda ax: None).files["stem.csv"].decode())))
    assert rows == [["a", "b"], ["x", "0.500000"], ["", "2"]]


def test_a_png_has_the_resolution_of_the_figure():
    with theme.theme():
        data = theme.image(theme.canvas(2.0, 1.0), "png")
    assert Image.open(io.BytesIO(data)).size == (320, 160)
    assert b"matplotlib" not in data


def test_a_long_label_keeps_what_tells_recipes_apart():
    name = "siamese-conv4-euclidean-supervised-contrastive"
    assert theme.short("siamese-conv4") == "siamese-conv4"
    assert theme.short(name) == name[:43] + "…"
    one, two = (theme.short(f"{name} ({recipe})") for recipe in ("1234abcd", "5678cdef"))
    assert one.endswith("… (1234abcd)") and two.endswith("… (5678cdef)")
    assert max(len(one), len(two)) <= theme.LONGEST_LABEL
    assert len(theme.short("x " + "(" + "y" * 90 + ")")) == theme.LONGEST_LABEL
    heading = "inductive, budget custom 960000 with final fit, 10 views"
    assert theme.short(heading, theme.LONGEST_HEADING) == heading


def test_no_two_of_many_groups_look_the_same():
    looks = [(theme.colour(n), theme.marker(n)) for n in range(49)]
    assert len(set(looks)) == 49
