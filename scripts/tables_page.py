"""Print docs/tables.md, made from the contracts beside the marts. Usage: scripts/tables_page.py > docs/tables.md"""

from pathlib import Path
from typing import Any

import yaml

MARTS = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "marts"

OPENING = """\
# Published tables

Schema `marts`, one day per `data_day`; a day becomes visible in all of them at once, when all its gates have passed
(`validations` and `run_costs` are written while a run goes on, so that a refused run can be seen). Times are UTC,
amounts are in the source's currency.

Made from `dbt_project/models/marts/*/*.yml` by `scripts/tables_page.py`; change it there.
"""


def contracts() -> list[dict[str, Any]]:
    """Return what the YAML says of each published table, in the order of their names."""
    found = []
    for path in MARTS.glob("*/*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += content.get("models", [])
        found += [table for source in content.get("sources", []) for table in source["tables"]]
    return sorted(found, key=lambda table: str(table["name"]))


def page() -> str:
    """Return the whole page."""
    return "\n".join([OPENING, *(section(table) for table in contracts())]).rstrip() + "\n"


def section(table: dict[str, Any]) -> str:
    """Return one table's part: its grain, its key and its columns."""
    key = ", ".join(f"`{column}`" for column in table["config"]["meta"]["grain"])
    rows = [f"| `{c['name']}` | {c['data_type']} | {cell(c['description'])} |" for c in table["columns"]]
    head = [f"## {table['name']}", "", table["description"].strip(), "", f"Key: {key}.", ""]
    return "\n".join([*head, "| column | type | what it holds |", "|---|---|---|", *rows, ""])


def cell(text: str) -> str:
    """Return a description on one line, safe inside a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
