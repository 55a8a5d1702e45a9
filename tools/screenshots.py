"""Makes docs/leaderboard-{light,dark,phone,play}.png: results/leaderboard.html in Chromium.

    python tools/screenshots.py [--results DIR] [--out DIR]

Needs Chromium and the package `playwright` (pip install -e '.[dev]'). The pictures show the page as
it is: run `oneshot leaderboard` before.
"""

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
MOST_BYTES = 300_000
COLOURS = 128  # the page has few; a palette makes the pictures a third as large


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=ROOT / "results")
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    chosen = parser.parse_args()
    address = (chosen.results / "leaderboard.html").resolve().as_uri()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name, size, scheme, prepare in (
            ("light", (1280, 1500), "light", nothing),
            ("dark", (1280, 1500), "dark", compare),
            ("phone", (360, 780), "light", scroll),
            ("play", (1280, 950), "light", play),
        ):
            page = browser.new_page(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
                device_scale_factor=2 if name == "phone" else 1,
                reduced_motion="reduce",
            )
            page.goto(address)
            prepare(page)
            save(page.screenshot(), chosen.out / f"leaderboard-{name}.png")
        browser.close()


def nothing(page: Page) -> None:
    """The page as it opens."""


def compare(page: Page) -> None:
    """The comparison of the first ranking's first row with the first row that shares its tasks."""
    boxes = page.locator(".track").first.get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator("#tray").get_by_role("button", name="Compare", exact=True).click()


def scroll(page: Page) -> None:
    """The first tables, below the heading and the filters."""
    page.locator("h2").first.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('h2').scrollIntoView()")


def play(page: Page) -> None:
    """The third question of the test for people."""
    page.get_by_role("tab", name="Beat the network").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.keyboard.press("A")
    page.keyboard.press("A")


def save(png: bytes, path: Path) -> None:
    """Writes a picture with a palette and tells its size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes, more than {MOST_BYTES}.")
    print(f"{path}: {picture.width} x {picture.height}, {size} bytes")


if __name__ == "__main__":
    main()
