import re
import subprocess
import sys
import tomllib

from overture.configuration import FOLDER
from overture.settings import CHECKOUT, VARIABLES

PAGE = CHECKOUT / "docs" / "configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_says_what_the_code_says() -> None:
    command = [sys.executable, str(CHECKOUT / "scripts" / "configuration_page.py")]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert made == TEXT, "make it anew: scripts/configuration_page.py > docs/configuration.md"


def test_every_variable_and_every_file_is_there() -> None:
    assert re.findall(r"^\| `(OVERTURE_\w+)` \|", TEXT, flags=re.M) == list(VARIABLES)
    files = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob("*.toml"))]
    files.remove("sources/complete_journey.toml")  # a shop's, which has a page of its own
    assert [found for found in re.findall(r"^## (\S+)$", TEXT, flags=re.M) if found.endswith(".toml")] == files


def test_every_key_of_a_few_files_stands_there_with_its_value() -> None:
    for name in ("als", "audience", "maintenance", "report"):
        part = re.split(rf"^## {name}\.toml$", TEXT, flags=re.M)[1].split("\n## ")[0]
        content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
        plain |= {
            key: value for section in content.values() if isinstance(section, dict) for key, value in section.items()
        }
        rows = re.findall(r"^\| (`\w+`.*?) \| (.*?) \| .+ \|$", part, flags=re.M)
        shown = [pair for keys, values in rows for pair in zip(keys.split("<br>"), values.split("<br>"), strict=True)]
        assert {key.strip("`"): value.strip("`") for key, value in shown} == {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in plain.items()
        }


def test_no_setting_is_without_a_word_on_what_it_means() -> None:
    silent, explained = [], set()
    for part in re.split(r"^##+ ", TEXT, flags=re.M)[1:]:
        heading, body = part.split("\n", 1)
        # What is said of one section holds for those beside it: `channels.push`, `channels.sms`.
        family = heading.strip("`").split("`")[0].split(".")[0]
        if any(line and not line.startswith("|") for line in body.splitlines()):
            explained.add(family)
        rows = re.findall(r"^\| (`.+?) \| .*? \|  \|$", body, flags=re.M)
        silent += [(heading, row) for row in rows if family not in explained]
    assert silent == []
