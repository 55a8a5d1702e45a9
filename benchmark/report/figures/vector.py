"""SVG in few bytes: whole numbers, and every glyph, word and shape once however often it is seen.

A unit is a 1600th of an inch, finer than any eye. Texts are outlines, so that letters are the same
and in the same places on every screen; what repeats is defined once and referred to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import rgb2hex
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D, Transform

from benchmark.report.figures.outlines import EM, Word, glyph, path_data, unhinted, words

INCH = 1600  # units
HATCH = INCH  # units to a side of a hatch's tile
LONG = 40  # bytes from which a shape that recurs is defined once
Element = tuple[str, str, int, int, str]  # style, kind, x, y, shape or text's number


class Vector(RendererBase):
    """Takes what matplotlib draws and gives an SVG of it.

    Args:
        width: in pixels.
        height: in pixels.
        dpi: pixels an inch.
    """

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.width, self.height, self.dpi = width, height, dpi
        self._unit = INCH / dpi
        self._flip = Affine2D().scale(1, -1).translate(0, height)
        self._elements: list[Element] = []
        self._texts: list[tuple[str, tuple[Word, ...]]] = []
        self._clips: dict[tuple[int, ...], str] = {}
        self._hatches: dict[tuple[str, str, str, str], str] = {}

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,  # noqa: N803
    ) -> None:
        """A path filled with `rgbFace` and stroked as the context says."""
        line = rgbFace is None and gc.get_hatch_path() is None
        clean: Any = path.cleaned(
            transform + self._flip, remove_nans=True, curves=True, simplify=line and
            path.should_simplify, clip=(0, 0, self.width, self.height) if line else None,
        )  # fmt: skip
        style = self._style(gc, rgbFace)
        shapes = path_data(clean.vertices * self._unit, clean.codes)
        if line and 'opacity="' not in style and len(self._elements):
            # Strokes of one look are one path, unless they are long and may come again.
            last = self._elements[-1]
            if last[:2] == (style, "strokes") and all(len(d) < LONG for _, _, d in shapes):
                more = "".join(f"M{x} {y}{d}" for x, y, d in shapes)
                self._elements[-1] = (*last[:4], last[4] + more)
                return
        if line and all(len(d) < LONG for _, _, d in shapes):
            d = "".join(f"M{x} {y}{d}" for x, y, d in shapes)
            self._elements += [(style, "strokes", 0, 0, d)] if d else []
        elif len(shapes) == 1:
            self._elements.append((style, "shape", *shapes[0]))
        elif shapes:  # a fill with holes stays one path
            d = "".join(f"M{x} {y}{d}" for x, y, d in shapes)
            self._elements.append((style, "strokes", 0, 0, d))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        """A line of text whose baseline begins at (x, y), y downwards."""
        self.text(gc, x, y, s, prop, angle, self.get_text_width_height_descent(s, prop, ismath)[0])

    def text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: Any, angle: float,
        wide: float,
    ) -> None:  # fmt: skip
        """The same, stretched to the width in pixels that it has in another rendering."""
        size = prop.get_size_in_points() / 72 * INCH / EM
        place = f"translate({round(x * self._unit)} {round(y * self._unit)})"
        place += f"rotate({-angle:g})" if angle else ""
        own = self.points_to_pixels(unhinted(s, prop) * prop.get_size_in_points())
        across = round(size * wide / own, 4) if own else size
        place += f"scale({across:g} {size:.4g})"
        self._texts.append((place, words(s, prop)))
        fill = f'fill="{rgb2hex(gc.get_rgb())}"{self._opacity("fill", gc, gc.get_rgb())}'
        style = fill + self._clip(gc)
        self._elements.append((style, "text", 0, 0, str(len(self._texts) - 1)))

    def draw_image(self, *args: Any, **settings: Any) -> None:
        """Figures of numbers hold no images."""
        raise NotImplementedError("An SVG of a leaderboard holds lines, areas and text only.")

    def get_text_width_height_descent(
        self, s: str, prop: Any, ismath: Any
    ) -> tuple[float, float, float]:
        """In pixels."""
        sizes = text_to_path.get_text_width_height_descent(s, prop, ismath)
        width, height, descent = (self.points_to_pixels(size) for size in sizes)
        return width, height, descent

    def get_canvas_width_height(self) -> tuple[float, float]:
        """In pixels."""
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        """Pixels of a length in points."""
        return points * self.dpi / 72

    def svg(self) -> str:
        """The whole file."""
        body: list[str] = []
        defined, names = self._shapes()
        kept, glyphs = self._words(defined)
        for style, group in groupby(self._elements, key=lambda element: element[0]):
            body.append(f"<g {style}>")
            body += self._drawn(list(group), names, kept, glyphs)
            body.append("</g>")
        wide, high = (round(side * self._unit) for side in (self.width, self.height))
        inches = [f"{72 * side / self.dpi:g}pt" for side in (self.width, self.height)]
        head = [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{inches[0]}" height="{inches[1]}" viewBox="0 0 {wide} {high}" '
            'stroke-linejoin="round">',
            "<defs>",
        ]
        clips = [
            f'<clipPath id="{name}"><rect x="{x}" y="{y}" width="{w}" height="{h}"/></clipPath>'
            for (x, y, w, h), name in self._clips.items()
        ]
        return "\n".join([*head, *clips, *self._patterns(), *defined, "</defs>", *body, "</svg>\n"])

    def _shapes(self) -> tuple[list[str], dict[str, str]]:
        """Definitions of the shapes that recur, and their names."""
        seen = Counter(d for _, kind, _, _, d in self._elements if kind == "shape")
        names = {
            d: f"s{number}"
            for number, d in enumerate(d for d in seen if seen[d] > 1 and len(d) >= LONG)
        }
        return [f'<path id="{name}" d="M0 0{d}"/>' for d, name in names.items()], names

    def _words(self, defined: list[str]) -> tuple[dict[Word, str], dict[str, str]]:
        """Names of the words that recur and of all glyphs; adds their definitions."""
        seen = Counter(word for _, text in self._texts for _, word in _placed(text))
        glyphs: dict[str, str] = {}
        for word in seen:
            for key, _, _ in word:
                glyphs.setdefault(key, f"g{len(glyphs)}")
        defined += [f'<path id="{name}" d="{glyph(key)}"/>' for key, name in glyphs.items()]
        kept = {
            word: f"w{number}"
            for number, word in enumerate(w for w in seen if seen[w] > 1 and len(w) > 1)
        }
        defined += [
            f'<g id="{name}">{"".join(_uses(word, glyphs))}</g>' for word, name in kept.items()
        ]
        return kept, glyphs

    def _drawn(
        self, group: list[Element], names: dict[str, str], kept: dict[Word, str],
        glyphs: dict[str, str],
    ) -> Iterator[str]:  # fmt: skip
        for _, kind, x, y, told in group:
            if kind == "text":
                place, text = self._texts[int(told)]
                uses = "".join(
                    _use(kept[word], at, 0) if word in kept else "".join(_uses(word, glyphs, at))
                    for at, word in _placed(text)
                )
                yield f'<g transform="{place}">{uses}</g>'
            elif told in names:
                yield _use(names[told], x, y)
            else:
                yield f'<path d="{"" if kind == "strokes" else f"M{x} {y}"}{told}"/>'

    def _style(self, gc: GraphicsContextBase, face: Any) -> str:
        """Attributes of fill and stroke, and the clip."""
        said: list[str] = []
        if gc.get_hatch_path() is not None:
            said.append(f'fill="url(#{self._hatch(gc, face)})"')
        elif face is None or (len(face) == 4 and face[3] == 0):
            said.append('fill="none"')
        else:
            said.append(f'fill="{rgb2hex(face)}"{self._opacity("fill", gc, face)}')
        width = gc.get_linewidth()
        if width:
            line = gc.get_rgb()
            said.append(f'stroke="{rgb2hex(line)}" stroke-width="{self._points(width)}"')
            said[-1] += self._opacity("stroke", gc, line)
            pattern: Any = gc.get_dashes()
            offset, dashes = pattern
            if dashes is not None:
                lengths = " ".join(self._points(length) for length in dashes)
                said.append(f'stroke-dasharray="{lengths}"')
                said += [f'stroke-dashoffset="{self._points(offset)}"'] if offset else []
            cap, join = gc.get_capstyle(), gc.get_joinstyle()
            said += [] if cap == "butt" else [f'stroke-linecap="{CAPS[cap]}"']
            said += [] if join == "round" else [f'stroke-linejoin="{join}"']
        return " ".join(said) + self._clip(gc)

    def _opacity(self, of: str, gc: GraphicsContextBase, colour: Any) -> str:
        alpha = gc.get_alpha() if gc.get_forced_alpha() else (*colour, 1.0)[3]
        return "" if alpha == 1 else f' {of}-opacity="{alpha:.3g}"'

    def _points(self, length: float) -> str:
        return f"{round(length / 72 * INCH, 1):g}"

    def _clip(self, gc: GraphicsContextBase) -> str:
        box = gc.get_clip_rectangle()
        if gc.get_clip_path()[0] is not None:
            raise NotImplementedError("An SVG of a leaderboard is clipped by rectangles only.")
        if box is None:
            return ""
        corner = box.x0, self.height - box.y1, box.width, box.height
        key = tuple(round(float(value) * self._unit) for value in corner)
        return f' clip-path="url(#{self._clips.setdefault(key, f"c{len(self._clips)}")})"'

    def _hatch(self, gc: GraphicsContextBase, face: Any) -> str:
        """Name of the pattern of a hatched face."""
        tile = Affine2D().scale(HATCH, -HATCH).translate(0, HATCH)
        clean: Any = gc.get_hatch_path().cleaned(tile, curves=True)
        lines = "".join(f"M{x} {y}{d}" for x, y, d in path_data(clean.vertices, clean.codes))
        key = (
            "none" if face is None else rgb2hex(face),
            rgb2hex(gc.get_hatch_color()),
            self._points(gc.get_hatch_linewidth()),
            lines,
        )
        return self._hatches.setdefault(key, f"h{len(self._hatches)}")

    def _patterns(self) -> list[str]:
        return [
            f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{HATCH}" height="{HATCH}">'
            f'<path fill="{face}" d="M0 0h{HATCH}v{HATCH}H0z"/>'
            f'<path fill="{ink}" stroke="{ink}" stroke-width="{width}" d="{lines}"/></pattern>'
            for (face, ink, width, lines), name in self._hatches.items()
        ]


CAPS = {"butt": "butt", "round": "round", "projecting": "square"}


def _placed(text: tuple[Word, ...]) -> Iterator[tuple[int, Word]]:
    """(place of its first glyph, the word with places from there) for each word."""
    for word in text:
        first = word[0][1]
        yield first, tuple((key, x - first, y) for key, x, y in word)


def _uses(word: Word, glyphs: dict[str, str], at: int = 0) -> Iterator[str]:
    return (_use(glyphs[key], at + x, y) for key, x, y in word)


def _use(name: str, x: int, y: int) -> str:
    return f'<use xlink:href="#{name}"' + (f' x="{x}"' * (x != 0)) + (f' y="{y}"' * (y != 0)) + "/>"
