import re
import subprocess
import sys

import yaml

from overture.adapters.warehouse.contracts import contracts
from overture.settings import CHECKOUT

PAGE = CHECKOUT / "docs" / "tables.md"
MARTS = CHECKOUT / "dbt_project" / "models" / "marts"

PROMISED = {
    "recommendations": "data_day, user_id, rank, item_id, score, strategy, reason_item_id, model_version",
    "messages": "data_day, user_id, item_id, text, locale, engine, model, prompt_version, draft_id, rung",
    "message_claims": "data_day, user_id, item_id, slot, rendered, source_table, source_column, source_key, source_day",
    "model_metrics": "data_day, model_version, strategy, metric, k, value, baseline",
    "validations": "data_day, step, suite, expectation, success, observed, expected",
    "run_costs": "data_day, step, seconds, peak_mb, tokens_in, tokens_out, drafts_made, drafts_reused",
}
"""The public face: columns that each table has, in this order; more may follow."""


def test_the_page_says_what_the_contracts_say() -> None:
    command = [sys.executable, str(CHECKOUT / "scripts" / "tables_page.py")]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert PAGE.read_text(encoding="utf-8") == made, "make it anew: scripts/tables_page.py > docs/tables.md"


def test_the_page_has_every_published_table_with_its_grain() -> None:
    headings = re.findall(r"^## (\w+)\n\n(One row per .+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in headings] == sorted(contracts())


def test_every_promised_table_has_the_promised_columns() -> None:
    for table, columns in PROMISED.items():
        promised = columns.split(", ")
        assert [column.name for column in contracts()[table].columns][: len(promised)] == promised


def test_every_column_of_every_table_says_what_it_holds() -> None:
    silent = [
        f"{table}.{column.name}"
        for table, contract in contracts().items()
        for column in contract.columns
        if not column.description.endswith(".")
    ]
    assert silent == []


def test_the_key_of_every_mart_that_dbt_makes_is_tested_to_be_one() -> None:
    for path in MARTS.glob("*/*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            key = [column for column in model["config"]["meta"]["grain"] if column != "data_day"]
            tested = [
                test["one_row_per"]["arguments"]["columns"] for test in model["data_tests"] if "one_row_per" in test
            ]
            assert key in tested, path
