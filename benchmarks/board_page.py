"""How soon a board's page is seen: making it, its size, and its first content in headless chromium.

`python benchmarks/board_page.py [ENTRIES]`: wants the extra `browser` and chromium (or one named in EMT_CHROMIUM).
"""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from synthetic_board import board

from leaderboard.page import render

ENTRIES, LOADS = 200, 5
PICTURES = re.compile(r"<svg.*?</svg>|data:image/[^\"')]*", re.DOTALL)
FIRST = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main(entries: int = ENTRIES) -> None:
    """Print the seconds of making the page, its kilobytes, and the milliseconds to its first content."""
    made = board(entries)
    render(board(1))  # what is loaded once
    start = time.process_time()
    page = render(made).html
    print(f"{entries} entries: made in {time.process_time() - start:.2f} s of a core")
    print(f"{len(page.encode()) / 1000:.0f} kB, {len(PICTURES.sub('', page).encode()) / 1000:.0f} without pictures")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.html"
        path.write_text(page, encoding="utf8")
        print(f"first content after {', '.join(f'{one:.0f}' for one in first_content(path))} ms")


def first_content(path: Path) -> list[float]:
    """Milliseconds to a page's first content, of several loads."""
    chromium = os.environ.get("EMT_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        times = []
        for _ in range(LOADS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_timeout(500)
            times.append(float(page.evaluate(FIRST)))
            page.close()
        browser.close()
    return times


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
