"""Debian's Chromium, headless, and what a page did in it: its errors, and whom it asked for anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
PHONE, DESK = 390, 1440
HEIGHT = 1000


@dataclass
class Opened:
    """A page and what it did. errors: of the console and of scripts. asked: addresses other than its own files."""

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser until the end of the block."""
    with sync_playwright() as playwright:
        # Root has no sandbox of its own, and what is opened is ours.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, width: int = DESK, scheme: str = "light") -> Iterator[Opened]:
    """Open a file in a window of that width and colour scheme, its charts drawn; whatever it asks of others fails."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light"
    )
    try:
        seen = Opened(context.new_page())
        seen.page.on("console", lambda line: seen.errors.append(line.text) if line.type == "error" else None)
        seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        seen.page.on("request", lambda asked: _note(seen, asked.url))
        context.route("http*://**", lambda route: route.abort())
        seen.page.goto(path.as_uri())
        if seen.page.locator("#charts").count():
            # The page's policy lets no string become a script, as waiting for a function would have it.
            seen.page.locator("html[data-drawn]").wait_for(state="attached", timeout=60_000)
        yield seen
    finally:
        context.close()


def _note(seen: Opened, address: str) -> None:
    if not address.startswith(("file:", "data:", "blob:")):
        seen.asked.append(address)
