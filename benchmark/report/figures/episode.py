"""An episode as a sheet: a row for each class, its supports first and then its queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.report.figures import theme
from benchmark.report.figures.tiles import WRONG, Items, Sheet, letters, sheet, short
from benchmark.report.hardest import Hardest
from benchmark.tasks.episodes import UNKNOWN, Episodes
from benchmark.tasks.loading import LoadedTask

MARGIN, GAP, LABEL, BAND = 28, 6, 190, 26  # pixels; BAND lies between supports and queries
HEAD = 124
UNDER = 22  # below a query, for the class that it was taken for


def draw(
    loaded: LoadedTask,
    number: int,
    model: str | None = None,
    classes: NDArray[np.int64] | None = None,
) -> bytes:
    """One episode as a PNG file.

    Args:
        loaded: the task.
        number: of the episode, from 0.
        model: whose answers are marked, in words.
        classes: int64 [q], the position of the class that each query was taken for; None marks
            nothing.
    """
    episodes = loaded.episodes
    assert isinstance(episodes, Episodes)
    support, queries = episodes.support[number], episodes.queries[number]
    truth = episodes.labels[number].astype(np.int64)
    n_way, n_shot = support.shape
    rows = [*range(n_way), *([UNKNOWN] if UNKNOWN in truth else [])]
    of_class = [np.flatnonzero(truth == position) for position in rows]
    items = Items(loaded.data, np.concatenate([support.ravel(), queries]))
    wide, high = items.size
    step = high + GAP + (UNDER if classes is not None else 0)
    left = MARGIN + LABEL
    first_query = left + n_shot * (wide + GAP) + BAND
    most = max(1, *map(len, of_class))
    width = max(first_query + most * (wide + GAP) - GAP + MARGIN, 700)
    with theme.theme():
        page = sheet(width, HEAD + len(rows) * step + MARGIN)
        known = truth != UNKNOWN
        right = None if classes is None else (classes == truth)[known]
        _heading(page, loaded, number, model, right)
        page.text(left, HEAD - 30, "support", 17, color=theme.MUTED)
        page.text(first_query, HEAD - 30, "queries", 17, color=theme.MUTED)
        for row, position in enumerate(rows):
            y = HEAD + row * step
            shown = () if position == UNKNOWN else support[position]
            letter, name = "-", "none of these"
            if position != UNKNOWN:
                letter = letters(position)
                name = loaded.data.class_names[int(loaded.data.labels[support[position, 0]])]
            page.text(MARGIN, y + high / 2, letter, 24, weight="bold", va="center")
            page.text(MARGIN + 46, y + high / 2, short(name, 14), 16, va="center",
                      color=theme.MUTED)  # fmt: skip
            for column, item in enumerate(shown):
                _tile(page, items, item, left + column * (wide + GAP), y)
            for column, query in enumerate(of_class[row]):
                x = first_query + column * (wide + GAP)
                wrong = classes is not None and position not in (UNKNOWN, classes[query])
                _tile(page, items, queries[query], x, y, wrong)
                if classes is not None and wrong:
                    page.text(x + wide / 2, y + high + 1, letters(int(classes[query])), 16,
                              color=WRONG, weight="bold", ha="center")  # fmt: skip
        return page.png()


def draw_hardest(loaded: LoadedTask, found: Hardest) -> bytes:
    """The hardest episodes as a PNG file: of each its supports, a class a column."""
    episodes = loaded.episodes
    assert isinstance(episodes, Episodes)
    chosen = episodes.support[found.questions, :, 0]  # (k, n_way)
    items = Items(loaded.data, chosen.ravel())
    wide, high = items.size
    left, n_way = MARGIN + LABEL + 90, chosen.shape[1]
    with theme.theme():
        width = max(left + n_way * (wide + GAP) - GAP + MARGIN, 900)
        page = sheet(width, HEAD + len(chosen) * (high + GAP + 4) + MARGIN)
        page.text(MARGIN, 24, f"{loaded.task.name}: the hardest episodes", 26, weight="bold")
        page.text(MARGIN, 62, _told(found), 17, color=theme.MUTED)
        for row, (number, right) in enumerate(zip(found.questions, found.right, strict=True)):
            y = HEAD + row * (high + GAP + 4)
            page.text(MARGIN, y + high / 2, f"episode {number}\n{_group(episodes, number)}", 16,
                      va="center")  # fmt: skip
            page.text(left - 16, y + high / 2, f"{100 * right:.1f} %", 20, va="center", ha="right")
            for column, item in enumerate(chosen[row]):
                _tile(page, items, item, left + column * (wide + GAP), y)
        return page.png()


def _told(found: Hardest) -> str:
    models = f"{found.models} model{'s' if found.models != 1 else ''}"
    out = f"; {found.shorter} with fewer episodes left out" if found.shorter else ""
    return (
        f"First support of each class, and right answers in percent: a mean over {models} of the "
        f"records{out}.\nRecords count right answers by episode; which queries were missed, "
        "oneshot show --model tells."
    )


def _heading(
    page: Sheet, loaded: LoadedTask, number: int, model: str | None, right: NDArray[np.bool_] | None
) -> None:
    assert isinstance(loaded.episodes, Episodes)
    group = _group(loaded.episodes, number)
    title = f"{loaded.task.name}, episode {number}{f': {group}' if group else ''}"
    page.text(MARGIN, 24, title, 26, weight="bold")
    if right is not None:
        told = (
            f"{model}: {right.sum()} of {len(right)} right. A wrong answer is framed, with the "
            "class that it was taken for."
        )
        page.text(MARGIN, 60, told, 17, color=theme.MUTED)


def _group(episodes: Episodes, number: int) -> str:
    """The group that the episode stays inside, such as its alphabet."""
    if episodes.groups is None:
        return ""
    return short(episodes.group_names[int(episodes.groups[number])], 22)


def _tile(
    page: Sheet, items: Items, item: int, x: float, y: float, wrong: bool = False
) -> None:  # fmt: skip
    items.draw(page, item, x, y)
    page.frame(x, y, items.size, wrong)
