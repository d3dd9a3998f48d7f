import re
from pathlib import Path

import pytest

from overture.settings import CHECKOUT

DECISIONS = sorted((CHECKOUT / "docs" / "adr").glob("*.md"))


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_its_context_the_decision_and_its_price_on_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(r"# \d+\. \S", text)
    assert re.findall(r"^## (\w+)", text, flags=re.M) == ["Context", "Decision", "Price"]
    assert 10 <= len(text.splitlines()) <= 40


def test_every_release_of_the_changelog_says_which_behaviour_changed() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.split(r"^## ", changelog, flags=re.M)[1:]
    assert releases
    assert [release.splitlines()[0] for release in releases if "### Behaviour changes" not in release] == []
