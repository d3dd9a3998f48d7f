import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from overture.settings import CHECKOUT

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "srcset", "video": "src"}
"""What a browser fetches without being asked, and the attribute that says from where."""


class Reading(HTMLParser):
    """What a page names, fetches and leads to, and its texts by tag."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in FETCHED and FETCHED[tag] in given:
            self.fetched.append(given[FETCHED[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `scripts/site` builds it: with --strict."""
    folder = tmp_path_factory.mktemp("site") / "site"
    ended = subprocess.run(
        [str(CHECKOUT / "scripts" / "site"), str(folder)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Reading]:
    return {page: Reading(page) for page in sorted(site.rglob("*.html"))}


def nav_pages(nav: object) -> Iterator[str]:
    match nav:
        case str():
            yield nav
        case dict():
            for value in nav.values():
                yield from nav_pages(value)
        case list():
            for value in nav:
                yield from nav_pages(value)


def navigation() -> list[str]:
    text = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")
    return list(nav_pages(yaml.safe_load(re.sub(r"!!python/\S+", "", text))["nav"]))


def test_every_page_of_docs_is_in_the_navigation_once() -> None:
    of_docs = {page.relative_to(CHECKOUT / "docs").as_posix() for page in (CHECKOUT / "docs").rglob("*.md")}
    from_outside = {"benchmarks.md", "changelog.md", "containers.md", "contributing.md", "labelled-drafts.md"}
    assert sorted(navigation()) == sorted(of_docs | from_outside)


def test_every_page_of_the_navigation_is_built(site: Path) -> None:
    assert [page for page in navigation() if not (site / page).with_suffix(".html").exists()] == []


def test_no_page_and_no_style_asks_the_network(site: Path, pages: dict[Path, Reading]) -> None:
    asked = [(page.name, place) for page, read in pages.items() for place in read.fetched if "//" in place]
    styles = [*site.rglob("*.css"), *pages]
    asked += [
        (path.name, place)
        for path in styles
        for place in re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')\s]+)", path.read_text(encoding="utf-8"))
    ]
    assert asked == []


def test_what_the_theme_fetches_on_sight_is_never_in_sight(pages: dict[Path, Reading]) -> None:
    """Its script takes Mermaid from a content delivery network where a page has such a diagram."""
    assert [page.name for page in pages if 'class="mermaid"' in page.read_text(encoding="utf-8")] == []


def test_every_link_and_file_inside_the_site_is_there(site: Path, pages: dict[Path, Reading]) -> None:
    broken = []
    for page, read in pages.items():
        for link in [*read.links, *read.fetched]:
            if re.match(r"[a-z]+:", link) or page.name == "404.html":
                continue
            place, _, anchor = unquote(link).partition("#")
            target = (page.parent / place).resolve() if place else page
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                broken.append((page.relative_to(site).as_posix(), link))
    assert broken == []


def test_no_list_has_run_into_the_paragraph_before_it(site: Path, pages: dict[Path, Reading]) -> None:
    """The repository's host begins a list anywhere, Python's Markdown only after a blank line."""
    swallowed = re.compile(r"<p>[^<]*(?:<(?!/p>)[^<]*)*?\n(?:[-*] |\d+\. )")
    assert [page.name for page in pages if swallowed.search(page.read_text(encoding="utf-8"))] == []


def test_the_picture_of_the_way_of_the_data_says_in_words_what_it_shows(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    (described,) = re.findall(r'<img alt="([^"]+)" src="img/architecture\.svg"', index)
    assert len(described) > 80
