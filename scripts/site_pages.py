"""What MkDocs does beside mkdocs.yml: it takes in pages from outside docs/, and leads links between all of them right.

Pages link to each other by their places in the repository, so that they can be read there as well. Here each link is
led to the page that the site makes of its target; one to anything else stays as it is, and fails --strict.
"""

import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "docker/README.md": "containers.md",
    "bench/README.md": "benchmarks.md",
    "bench/labelled_drafts/README.md": "labelled-drafts.md",
}
"""Pages that lie elsewhere in the repository, and where the site has them."""

LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    root = posixpath.dirname(config.config_file_path)
    for path, place in OUTSIDE.items():
        files.append(File.generated(config, place, abs_src_path=posixpath.join(root, path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page with its links as they stand between the pages of the site."""
    here = page.file.src_uri
    home = next((path for path, place in OUTSIDE.items() if place == here), f"docs/{here}")

    def led(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(home), found[1]))
        place = OUTSIDE.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        return posixpath.relpath(place, posixpath.dirname(here) or ".") if place else found[1]

    return LINK.sub(led, markdown)
