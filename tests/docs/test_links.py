import re
from pathlib import Path

import pytest

from overture.settings import CHECKOUT

PAGES = sorted(
    page for pattern in ("*.md", "docs/**/*.md", "docker/*.md", "bench/*.md") for page in CHECKOUT.glob(pattern)
)


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if link.startswith(("http://", "https://")):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_leads_to_every_page_that_a_newcomer_needs() -> None:
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "docs/adr/", "docs/bring-your-own-data.md"} <= set(
        links(CHECKOUT / "README.md")
    )
