"""Print docs/configuration.md, made from the code. Usage: scripts/configuration_page.py > docs/configuration.md

Variables and their meaning stand in the docstring of `overture.settings.Settings`. Keys and values stand in
`plugins/overture/config/`, and what each means in the comment above it or behind it: lines without a blank one between
share the comment above the first. A comment that a blank line follows is of its whole section.
"""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT / "plugins"))

from overture.settings import PACKAGE, VARIABLES, Settings  # noqa: E402 - needs the path

CONFIG = PACKAGE / "config"
LONGEST_VALUE = 60
MOST_KEYS, MOST_WORDS = 30, 12
"""A section of more keys, or of more without a comment of their own, is a list of words: it is counted."""

OPENING = """\
# Configuration

Made by `scripts/configuration_page.py > docs/configuration.md` from the code; change it there.

Where things are is said by environment variables. How models behave is said by the TOML files of
`plugins/overture/config/`, which belong to the code: their bytes are hashed into every run's record, so that two days
made with different ones can be told apart. A changed file takes effect on the next step that starts. What a shop's
files hold is said by its own TOML file: [bring your own data](bring-your-own-data.md).

## Environment variables

Read once, when a command starts. One that begins with `OVERTURE_` and is not listed is refused as a misspelling.
A served model that wants a key gets that of `VLLM_API_KEY`, the variable that `vllm serve` itself reads it from.

| variable | default | meaning |
|---|---|---|
"""


@dataclass
class Row:
    """Keys that one comment explains, with their values."""

    keys: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    meaning: str = ""


@dataclass
class Section:
    """A table of a file. name: as between the brackets; "" for the top. count: how many stand there under one name."""

    name: str
    prose: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    is_list: bool = False
    count: int = 1


def page() -> str:
    """Return the whole page."""
    files = [path for path in sorted(CONFIG.rglob("*.toml")) if path.parent.name != "sources"]
    return "\n".join([OPENING + "\n".join(variables()), "", *(part for path in files for part in file_part(path))])


def variables() -> Iterator[str]:
    """Return a row for each environment variable: its default, and what the docstring of Settings says of it."""
    described = dict(re.findall(r"^(\w+): (.+?\.)$", inspect.getdoc(Settings) or "", flags=re.M))
    defaults = Settings.from_environment({})
    for variable in VARIABLES:
        name = variable.removeprefix("OVERTURE_").lower()
        value = getattr(defaults, name)
        if name == "threads":  # how many there are is not the same everywhere
            default = "one for each processor"
        elif isinstance(value, Path):
            default = f"`{value.relative_to(CHECKOUT)}` in the checkout"
        else:
            default = f"`{value}`" if value else "none"
        yield f"| `{variable}` | {default} | {cell(described[name])} |"


def file_part(path: Path) -> list[str]:
    """Return a file's part of the page."""
    parts = [f"## {path.relative_to(CONFIG)}", ""]
    for section in sections(path.read_text(encoding="utf-8")):
        if section.name:
            many = f" ({section.count} times)" if section.count > 1 else ""
            parts += [f"### `{section.name.split(chr(34))[0].rstrip('.')}`{many}", ""]
        parts += [line for paragraph in section.prose for line in (paragraph, "")]
        parts += table(section)
    return parts


def sections(text: str) -> list[Section]:
    """Return the sections of a file in order, those of one name in double brackets together."""
    found, row, comment = [Section("")], Row(), list[str]()
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#"):
            row = Row()
            comment.append(line.removeprefix("#").removeprefix(" "))
        elif not line.strip():
            found[-1].prose += paragraphs(comment)
            row, comment = Row(), []
        elif line.startswith("["):
            found.append(Section(line.split("#")[0].strip().strip("[]"), paragraphs(comment), is_list=line[1] == "["))
            row, comment = Row(), []
        else:
            key, value, behind = entry(line, lines)
            if comment or behind or not row.keys:
                row = Row(meaning=" ".join([*comment, behind]).strip())
                found[-1].rows.append(row)
                comment = []
            row.keys.append(key)
            row.values.append(value)
            row = Row() if behind else row
    return together([section for section in found if section.prose or section.rows])


def entry(line: str, rest: Iterator[str]) -> tuple[str, Any, str]:
    """Return the key and value that begin on a line, which may go on, and the comment behind them."""
    text = line
    while True:
        try:
            ((key, value),) = tomllib.loads(text).items()
            break
        except tomllib.TOMLDecodeError:
            text += "\n" + next(rest)
    for place in (found.start() for found in re.finditer("#", line)) if text == line else ():
        try:
            if tomllib.loads(line[:place]) == {key: value}:
                return key, value, line[place + 1 :].strip()
        except tomllib.TOMLDecodeError:  # the sign stands in a text
            continue
    return key, value, ""


def together(found: Sequence[Section]) -> list[Section]:
    """Return the sections with entries of a list, and lists of words of one parent, counted instead of repeated."""
    kept: list[Section] = []
    for section in found:
        before = kept[-1] if kept else None
        if section.is_list and any(one.name == section.name for one in kept):
            next(one for one in kept if one.name == section.name).count += 1
        elif before and '"' in section.name and before.name.split(".")[0] == section.name.split(".")[0]:
            before.count += 1
        else:
            kept.append(section)
    return kept


def paragraphs(comment: list[str]) -> list[str]:
    """Return a comment as Markdown: what is set in columns stays so, the rest flows."""
    found = []
    for is_set, lines in groupby(comment, key=lambda line: bool(re.search(r"\S {2,}\S|^ {2,}", line))):
        block = "\n".join(lines).strip("\n")
        if is_set:
            found.append(f"```text\n{block}\n```")
        else:
            found += [prose(" ".join(part.split())) for part in block.split("\n\n") if part.strip()]
    return found


def table(section: Section) -> list[str]:
    """Return a section's keys as a table of Markdown, or how many there are where they are no settings."""
    made = [described for row in section.rows if "class" in row.keys for described in class_text(row.values[0])]
    count = sum(len(row.keys) for row in section.rows)
    is_plain = len(section.rows) == 1 and not section.rows[0].meaning and not section.is_list
    if '"' in section.name or count > (MOST_WORDS if is_plain else MOST_KEYS):
        return [f"{count} entries.", ""]
    rows = []
    for row in section.rows:
        keys = "<br>".join(f"`{key}`" for key in row.keys)
        values = "<br>".join(shown(value) for value in row.values)
        rows.append(f"| {keys} | {'one for each' if section.is_list else values} | {cell(row.meaning)} |")
    return [*made, "| key | value | meaning |", "|---|---|---|", *rows, ""] if rows else made


def class_text(address: str) -> list[str]:
    """Return what a class's docstring says, read without importing it."""
    module, name = address.split(":")
    code = ast.parse((CHECKOUT / "plugins" / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8"))
    (found,) = [node for node in code.body if isinstance(node, ast.ClassDef) and node.name == name]
    text = (ast.get_docstring(found) or "").split("\n\n")
    return [line for paragraph in text for line in (prose(" ".join(paragraph.split())), "")]


def shown(value: Any) -> str:
    """Return a value as TOML writes it; of a long one, how much it holds."""
    text = value if isinstance(value, str) and value == value.strip() else repr(value).replace("'", '"')
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else text
    if len(text) <= LONGEST_VALUE:
        return f"`{text.replace('|', chr(92) + '|')}`" if text else "empty"
    return f"{len(value)} entries" if isinstance(value, list | dict) else f"`{text[:LONGEST_VALUE]}`…"


def prose(text: str) -> str:
    """Return a sentence in which nothing but code between backticks is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<*\[\]_])", r"\\\1", part) for part in parts)


def cell(text: str) -> str:
    """Return a text as it may stand in a table of Markdown."""
    return prose(" ".join(text.split())).replace("|", "\\|")


if __name__ == "__main__":
    print(page().rstrip())
