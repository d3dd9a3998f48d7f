import inspect
import re

import click
import pytest

from overture import errors
from overture.adapters.warehouse.contracts import contract_of, contracts
from overture.cli import cli
from overture.settings import CHECKOUT, VARIABLES

# What others rely on. A change here needs a line under "Behaviour changes" in CHANGELOG.md.
TABLES = {
    "recommendations": (
        "data_day user_id rank item_id score strategy reason_item_id model_version task propensity chance"
    ),
    "drops": "data_day task reason candidates",
    "recommendation_reasons": "data_day user_id task rank place reason_item_id share",
    "messages": (
        "data_day user_id item_id text locale engine model prompt_version draft_id rung refusal signature signature_id"
    ),
    "message_claims": "data_day user_id item_id slot rendered source_table source_column source_key source_day",
    "model_metrics": (
        "data_day model_version strategy metric k value baseline judged_day horizon_days protocol task user_group"
        " users low high lead_low lead_high"
    ),
    "validations": "data_day step suite expectation success observed expected",
    "run_costs": "data_day step seconds peak_mb tokens_in tokens_out drafts_made drafts_reused",
    "item_facts": (
        "data_day item_id title department category brand size price typical_price currency is_available"
        " buyers_28d last_sold_on valid_from category_rank first_valid_on"
    ),
    "item_offers": "data_day offer_id item_id audience starts_on ends_on value",
    "user_preferences": "data_day user_id kind tag rank share_of_spend",
    "user_signatures": "data_day user_id tastes price_tier cadence signature signature_id",
    "audience": (
        "data_day user_id has_consent locale age_band income_band household_size last_active_on"
        " favourite_department spend_28d is_eligible"
    ),
}
OPERATIONS = {
    "ops.approvals": "run_id data_day user_id item_id draft_id decision edited_draft_id why decided_by decided_at",
    "ops.champions": (
        "data_day version champion_version parameters is_accepted reason discover_users discover_ndcg"
        " discover_champion_ndcg discover_lead discover_lead_low discover_lead_high replenish_users replenish_ndcg"
        " replenish_champion_ndcg replenish_lead replenish_lead_low replenish_lead_high baseline baseline_ndcg"
        " baseline_lead_low baseline_lead_high trials seed"
    ),
    "ops.copy_models": (
        "data_day name fingerprint base champion training_set parameters training examples past_examples tokens"
        " is_accepted reason items attempts accepted champion_accepted accepted_lead accepted_lead_low"
        " accepted_lead_high faithful champion_faithful faithful_lead faithful_lead_low faithful_lead_high"
        " specific champion_specific specific_lead specific_lead_low specific_lead_high personal champion_personal"
        " personal_lead personal_lead_low personal_lead_high variety champion_variety seed"
    ),
    "ops.rankers": (
        "data_day version parameters discover_trees replenish_trees is_accepted reason discover_users discover_ndcg"
        " discover_single_ndcg discover_lead discover_lead_low discover_lead_high replenish_users replenish_ndcg"
        " replenish_single_ndcg replenish_lead replenish_lead_low replenish_lead_high baseline baseline_ndcg"
        " baseline_lead_low baseline_lead_high seed"
    ),
    "ops.recalls": "kind subject data_day why recalled_by recalled_at",
    "ops.recall_lifts": "kind subject data_day recalled_at why lifted_by lifted_at",
    "ops.recalled_messages": "data_day user_id item_id text draft_id prompt_version kind subject recalled_at",
}
COMMANDS = {
    "step": {"name", "--day", "--users"},
    "run": {"--day", "--users", "--airflow"},
    "backfill": {"--from", "--to", "--users", "--at-a-time"},
    "evaluate": {"--from", "--to", "--every", "--strategies", "--prepare", "--format"},
    "tune": {"--day", "--trials", "--minutes"},
    "train-ranker": {"--day"},
    "explain": {"--user", "--day", "--json"},
    "recall": {"--message", "--draft", "--item", "--fact", "--day", "--why", "--by", "--lift", "--list", "--format"},
    "tune-copy-model": {"--day", "--minutes"},
    "query": {"sql", "--format", "--as-of-run"},
    "export": {"--table", "--day", "--to", "--format", "--raw", "--force"},
    "shell": set(),
    "fingerprint": {"--day", "--format", "--as-of-run"},
    "maintain": {"--dry-run"},
    "up": {"--only-catalog"},
    "airflow": {"arguments"},
    "down": set(),
    "status": {"--json"},
    "completion": {"shell"},
}
SETTINGS = {
    "OVERTURE_HOME",
    "OVERTURE_SOURCE",
    "OVERTURE_CATALOG",
    "OVERTURE_MODEL",
    "OVERTURE_COPY_PYTHON",
    "OVERTURE_SEQUENCE_PYTHON",
    "OVERTURE_MEMORY_LIMIT",
    "OVERTURE_THREADS",
}
TARGETS = {"run", "test", "up", "down", "bench", "prove", "lint", "help"}


def test_the_published_tables_are_those_that_others_rely_on() -> None:
    assert set(contracts()) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_of_a_published_table_stay_as_they_are(table: str) -> None:
    assert [column.name for column in contracts()[table].columns] == TABLES[table].split()


@pytest.mark.parametrize("table", OPERATIONS)
def test_the_columns_of_a_table_of_decisions_stay_as_they_are(table: str) -> None:
    assert [column.name for column in contract_of(table).columns] == OPERATIONS[table].split()


@pytest.mark.parametrize("table", TABLES)
def test_a_published_table_says_what_one_of_its_rows_is_and_what_each_column_means(table: str) -> None:
    contract = contracts()[table]
    assert contract.description.startswith("One row per data day")
    assert [column.name for column in contract.columns if not column.description] == []


def test_the_settings_are_those_that_others_rely_on_and_at_most_eight() -> None:
    assert set(VARIABLES) == SETTINGS
    assert len(VARIABLES) <= 8


def test_the_commands_and_their_options_are_those_that_others_rely_on() -> None:
    found = {}
    for name, command in cli.commands.items():
        found[name] = {
            max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.name
            for parameter in command.params
        }
    assert found == COMMANDS


def test_the_make_targets_that_others_rely_on_exist() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z-]+):", makefile, flags=re.M)) >= TARGETS


def drawn_errors() -> dict[str, tuple[str | None, int]]:
    """Read the tree in the errors' docstring: name -> parent and exit code."""
    found: dict[str, tuple[str | None, int]] = {}
    parents: list[str] = []
    codes: list[int] = []
    for line in inspect.getdoc(errors).splitlines():
        drawn = re.match(r"([ │├└─]*)(\w+Error)\s+(?:exit (\d))?", line)
        if drawn is None:
            continue
        depth = len(drawn[1]) // 4
        code = int(drawn[3]) if drawn[3] else codes[depth - 1]
        parents[depth:], codes[depth:] = [drawn[2]], [code]
        found[drawn[2]] = (parents[depth - 1] if depth else None, code)
    return found


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    classes = {name: each for name, each in vars(errors).items() if isinstance(each, type)}
    actual = {
        name: (each.__base__.__name__ if each is not errors.OvertureError else None, each.exit_code)
        for name, each in classes.items()
    }
    assert drawn_errors() == actual
    assert len(actual) > 10
