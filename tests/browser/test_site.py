"""The documentation site in a browser: it asks nobody, its search finds, and its pages may be read by everyone."""

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from overture.settings import CHECKOUT

OURS = {"include": [[".md-main"], [".md-footer"]]}
"""What is judged: the theme's search dialog has no name, and is not ours to write."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built site behind a server, which its search needs."""
    folder = tmp_path_factory.mktemp("site") / "site"
    subprocess.run([str(CHECKOUT / "scripts" / "site"), str(folder)], capture_output=True, check=True)
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A window whose console is clean and that asked nobody else, at its end."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    yield opened
    opened.close()
    assert asked
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert said == []


def test_a_word_is_found_and_leads_to_its_page(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    page.fill("input.md-search__input", "quarantine")
    page.locator(".md-search-result__link").first.click()
    assert "quarantine" in page.locator("article").inner_text().lower()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["index", "operations", "worked-example", "configuration", "tables"])
def test_a_page_fits_its_window(page: Page, address: str, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_serious_rule_of_accessibility(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for name in ("index", "operations", "worked-example"):
        page.goto(f"{address}/{name}.html")
        found = Axe().run(page, context=OURS).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


def test_the_picture_of_the_way_of_the_data_is_seen(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    picture = page.locator("img[src='img/architecture.svg']")
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 0
