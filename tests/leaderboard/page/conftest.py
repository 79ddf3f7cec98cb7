"""A real browser for the page's tests: the system's chromium, offline; `EMT_CHROMIUM` names another."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from synthetic_board import board

from leaderboard.page import render

NAMES = ("chromium", "chromium-browser", "google-chrome")
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Ends with a module's tests: while it lasts an event loop runs, and other rooms' tests have their own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra `browser` is not installed")
    path = os.environ.get("EMT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no chromium: apt-get install chromium, or name one in EMT_CHROMIUM")
    with playwright.sync_playwright() as started:
        try:
            chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as error:  # Ubuntu's chromium-browser without its snap, a TMPDIR too long for a socket
            if "EMT_CHROMIUM" in os.environ:
                raise
            pytest.skip(f"{path} does not start, name another in EMT_CHROMIUM: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


def written(folder: Path, entries: int, hostile: bool = False) -> Path:
    rendered = render(board(entries, hostile=hostile))
    (folder / "index.html").write_text(rendered.html, encoding="utf8")
    for name, data in rendered.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a board of twelve models."""
    return written(tmp_path_factory.mktemp("site"), 12)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a board whose every text is an attack."""
    return written(tmp_path_factory.mktemp("hostile"), 12, hostile=True)


@pytest.fixture
def opened(browser: Any) -> Iterator[Opened]:
    """Opens a folder's page, offline; whatever the page asks for, says or throws is kept in `told`."""
    contexts: list[Any] = []

    def open_page(folder: Path, place: str = "", file: str = "index.html", width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(offline=True, viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.told = []
        page.on("request", lambda request: page.told.append(f"request {request.url[:200]}"))
        page.on("console", lambda message: page.told.append(f"console {message.text}"))
        page.on("pageerror", lambda error: page.told.append(f"error {error}"))
        page.on("dialog", lambda dialog: (page.told.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(f"{(folder / file).as_uri()}{place}")
        return page

    yield open_page
    for context in contexts:
        context.close()
