import subprocess
import sys

import pytest
import yaml

from overture.adapters.warehouse.contracts import DIARIES, MODELS, contract_of, contracts, landed_contracts
from overture.lineage import MADE, TASKS, columns_of, made, made_of, roots_of, tables_of
from overture.settings import CHECKOUT
from overture.steps import STEPS
from scripts.column_lineage import columns_of as columns_of_query

PAGE = CHECKOUT / "docs" / "lineage.md"
SHOP = {"raw.items": ["day", "item_id", "price", "kind"], "raw.events": ["item_id", "value", "kind"]}


def test_the_page_and_the_file_say_what_the_project_and_the_contracts_say() -> None:
    for script, path in (("column_lineage.py", MADE), ("lineage_page.py", PAGE)):
        made_now = subprocess.run(
            [sys.executable, str(CHECKOUT / "scripts" / script)], capture_output=True, text=True, check=True
        ).stdout
        assert path.read_text(encoding="utf-8") == made_now, f"make it anew: scripts/{script} > {path.name}"


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("select price from raw.items", {"raw.items.price"}),
        ("with a as (select price * 2 as p from raw.items) select p as price from a", {"raw.items.price"}),
        ("select sum(e.value) as price from raw.items as i join raw.events as e using (item_id)", {"raw.events.value"}),
        ("select arg_max(price, day) as price from raw.items", {"raw.items.price"}),
        (
            "with v as (select arg_max({ price: price, kind: kind }, day) as w from raw.items) select v.w.price from v",
            {"raw.items.price"},
        ),
        (
            "select row_number() over w as price from raw.items window w as (partition by kind order by price)",
            {"raw.items.kind", "raw.items.price"},
        ),
        ("with a as (select * from raw.items) select a.price from a where kind = 'x'", {"raw.items.price"}),
        ("select 1 as price from raw.items", set()),
    ],
)
def test_a_column_of_a_query_is_made_of_what_its_expression_names(query: str, price: set[str]) -> None:
    assert set(columns_of_query(query, SHOP)["price"]) == price


@pytest.mark.parametrize(
    ("table", "column", "roots"),
    [
        ("marts.item_facts", "price", {"raw.items.price"}),
        ("marts.item_facts", "is_available", {"raw.items.available"}),
        ("marts.item_offers", "ends_on", {"raw.offers.ends_on"}),
        ("marts.audience", "spend_28d", {"raw.events.event_type", "raw.events.occurred_at", "raw.events.value"}),
        ("marts.messages", "user_id", {"raw.users.user_id"}),
        ("marts.item_facts", "currency", {"candidate.item_facts.currency"}),
    ],
)
def test_a_published_column_comes_of_the_landed_columns_that_it_should(
    table: str, column: str, roots: set[str]
) -> None:
    assert set(roots_of(table, column)) == roots


def test_a_message_s_text_comes_of_the_draft_and_of_the_cells_that_may_fill_it() -> None:
    assert {"copy.drafts.text", "candidate.item_facts.price"} < set(made_of("candidate.messages", "text"))
    assert {"raw.items.price", "raw.items.title", "raw.offers.ends_on"} < set(roots_of("marts.messages", "text"))


def test_every_origin_is_a_column_that_its_table_has() -> None:
    unknown = [
        f"{table}.{column} <- {part}"
        for table in made()
        for column in columns_of(table)
        for part in made_of(table, column)
        if part.rpartition(".")[2] not in columns_of(part.rpartition(".")[0])
    ]
    assert unknown == []


def test_every_table_with_a_contract_is_known_with_all_its_columns() -> None:
    tables = [f"{'marts' if name in DIARIES else 'candidate'}.{name}" for name in contracts()] + list(
        landed_contracts()
    )
    assert {name: list(columns_of(name)) for name in tables} == {
        name: [column.name for column in contract_of(name).columns] for name in tables
    }


def test_every_step_is_known_and_reads_only_what_something_writes() -> None:
    assert set(STEPS) <= set(TASKS)
    written = {table for task in TASKS for table in tables_of(task).writes}
    # What people recall, by the command line or a page, is no task's.
    by_people = {"ops.recall_lifts", "ops.recalled_messages"}
    assert {table for task in TASKS for table in tables_of(task).reads} - written <= by_people


def test_what_a_step_writes_is_made_of_what_it_reads() -> None:
    for task in STEPS:
        tables = tables_of(task)
        for table in tables.writes:
            if table.startswith("candidate.") and table != "candidate.model_metrics":
                parts = {part.rpartition(".")[0] for column in columns_of(table) for part in made_of(table, column)}
                assert parts <= set(tables.reads), (task, table)


def test_every_column_that_a_model_makes_is_described() -> None:
    described = {
        model["name"]: [column["name"] for column in model["columns"]]
        for path in MODELS.glob("**/*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    }
    built = {table.partition(".")[2]: list(columns_of(table)) for table, about in made().items() if "reads" in about}
    assert {name: sorted(columns) for name, columns in described.items()} == {
        name: sorted(columns) for name, columns in built.items()
    }
