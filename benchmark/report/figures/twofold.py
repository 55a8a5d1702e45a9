"""A figure drawn once into both of its files: pixels by Agg, and the SVG beside them.

Drawing twice would do all the work of laying out ticks and texts twice. Both files share the places
of everything, texts too: in the SVG they are as wide as the pixels have them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

from benchmark.report.figures.palette import with_palette
from benchmark.report.figures.vector import Vector


class Twofold(RendererBase):
    """Gives all that is drawn to both renderers; measures with the one of pixels."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self.dpi = dpi
        agg: Any = RendererAgg  # Any: it has no types
        self.raster = agg(width, height, dpi)
        self.vector = Vector(width, height, dpi)
        self._sizes: dict[tuple[str, Any], tuple[float, float, float]] = {}

    def draw_path(self, *args: Any, **settings: Any) -> None:
        """See matplotlib's RendererBase, as for all that follow."""
        self.raster.draw_path(*args, **settings)
        self.vector.draw_path(*args, **settings)

    def draw_markers(self, *args: Any, **settings: Any) -> None:
        """Equal markers at many places."""
        self.raster.draw_markers(*args, **settings)
        self.vector.draw_markers(*args, **settings)

    def draw_path_collection(self, *args: Any, **settings: Any) -> None:
        """Many paths whose looks may differ."""
        self.raster.draw_path_collection(*args, **settings)
        self.vector.draw_path_collection(*args, **settings)

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float,
        ismath: Any = False, mtext: Any = None,
    ) -> None:  # fmt: skip
        """A line of text."""
        self.raster.draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        width = self.get_text_width_height_descent(s, prop, ismath)[0]
        self.vector.text(gc, x, y, s, prop, angle, width)

    def draw_image(self, *args: Any, **settings: Any) -> None:
        """Figures of numbers hold no images."""
        self.vector.draw_image(*args, **settings)

    def get_text_width_height_descent(
        self, s: str, prop: Any, ismath: Any
    ) -> tuple[float, float, float]:
        """In pixels."""
        key = s, hash(prop)
        if key not in self._sizes:
            self._sizes[key] = self.raster.get_text_width_height_descent(s, prop, ismath)
        return self._sizes[key]

    def get_canvas_width_height(self) -> tuple[float, float]:
        """In pixels."""
        return self.vector.get_canvas_width_height()

    def points_to_pixels(self, points: Any) -> Any:
        """Pixels of a length in points."""
        return self.vector.points_to_pixels(points)


def svg_and_png(figure: Figure) -> tuple[bytes, bytes]:
    """Lays the figure out and draws it; the bytes of an SVG and of a PNG file."""
    renderer = Twofold(*figure.bbox.size, figure.dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.get_renderer = lambda: renderer  # whoever measures, measures with the same
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    figure.draw(renderer)
    return renderer.vector.svg().encode("utf-8"), with_palette(
        np.asarray(renderer.raster.buffer_rgba()), figure.dpi
    )
