"""Print docs/copy.md, made from what a home has published of a day. Usage: scripts/copy_page.py DAY > docs/copy.md"""

import sys
from datetime import date
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.attacks import judged as judged_attacks  # noqa: E402 - found from the line above
from bench.attacks import kept, table  # noqa: E402
from bench.kept_figures import resuming, throughput  # noqa: E402
from bench.truth import Judgement, judged, labelled_drafts  # noqa: E402
from overture.adapters.warehouse.query import query  # noqa: E402
from overture.adapters.warehouse.runs import open_as_of_run  # noqa: E402
from overture.core.days import parse_day  # noqa: E402
from overture.reporting import copy_cost  # noqa: E402
from overture.settings import Settings  # noqa: E402

SEED = 20170101
"""What the messages that are shown are drawn with."""

OPENING = """\
# How the copy is written, and how good it is

Made by `scripts/copy_page.py {day} > docs/copy.md` from a home in which that day was published. What stands here is
what one run gave, with the model `{model}` on `{device}` in {dtype}.

- How claims in words are judged: [ADR 16](adr/0016-claims-in-words-have-cells-too.md).
- How drafts are shared, lent and recalled: [ADR 17](adr/0017-finished-drafts-belong-to-all-runs.md).
- How a person looks first, and lifts a recall: [ADR 22](adr/0022-a-person-may-look-before-a-day-is-published.md).
- How the model is tuned, and what the tries came to: [ADR 18](adr/0018-copy-model-tuned-and-merged.md).
- What a prompt is told of its reader: [ADR 19](adr/0019-a-coarse-taste-in-the-prompt-shared-by-many.md).
- Speed is measured by `python -m bench copy` ([bench/README.md](../bench/README.md)), kills by `make prove`
  ([promises.md](promises.md)).
"""

TABLES = {
    "Messages by rung": """
        select rung, coalesce(refusal, '') as "why not the rung above", count(*) as messages,
            count(distinct text) as "different texts"
        from marts.messages where data_day = '{day}' group by all order by messages desc, rung, 2
    """,
    "What it cost": """
        select step, round(seconds, 1) as seconds, tokens_in as "tokens read", tokens_out as "tokens written",
            drafts_made as "drafts made", drafts_reused as "drafts reused"
        from marts.run_costs
        where data_day = '{day}'
            and step in ('prepare_copy', 'write_copy', 'render_messages', 'measure_messages', 'check_messages')
        order by step
    """,
    "How personal the messages are": """
        select metric, k, round(value, 3) as value, round(low, 3) as "from", round(high, 3) as "to"
        from marts.model_metrics where data_day = '{day}' and protocol = 'copy' order by metric, k
    """,
    "Claims in the ledger": """
        select slot, count(*) as claims, count(distinct rendered) as "different ones"
        from marts.message_claims where data_day = '{day}' group by slot order by claims desc, slot
    """,
    "Attacks that rode along": """
        select canary_id as attack, outcome, coalesce(refusal, '') as refusal
        from copy.canaries where data_day = '{day}' order by canary_id
    """,
    "The gate": """
        select expectation, observed, expected from marts.validations
        where data_day = '{day}' and suite = 'messages' order by expectation
    """,
}

TUNING = """
    with tries as (from ops.copy_models where data_day = '{day}'),

    shares as (
        select
            unnest([
                {{share: 'accepted by every check', lead: accepted_lead, before: champion_accepted, after: accepted}},
                {{share: 'faithful', lead: faithful_lead, before: champion_faithful, after: faithful}},
                {{share: 'nearest to its own item', lead: specific_lead, before: champion_specific, after: specific}},
                {{share: 'nearest to its own reader', lead: personal_lead, before: champion_personal, after: personal}}
            ], recursive := true)
        from tries
    )

    select
        share as "share of drafts",
        format('{{:.1f}} %', 100 * before) as "before",
        format('{{:.1f}} %', 100 * after) as "after",
        format('{{:+.1f}}', 100 * lead) as "lead in points"
    from shares
"""

DECISION = """
    select
        items as "held-out items", attempts as "drafts of each", examples, tokens as "tokens read", reason as decision
    from ops.copy_models where data_day = '{day}'
"""

MESSAGES = """
    select text, rung, coalesce(signature, '') as taste
    from marts.messages where data_day = '{day}' order by md5(concat(user_id, '{seed}')) limit 20
"""


def main(day: date) -> None:
    """Print the page."""
    settings = Settings.from_environment()
    written_by = "select any_value(model), any_value(device), any_value(dtype) from copy.drafts"
    made = query(settings, written_by, None).to_pylist()[0]
    model, device, dtype = made.values()
    parts = [OPENING.format(day=day, model=model, device=device, dtype=dtype)]
    parts += [f"## {title}\n\n{_table(query(settings, sql.format(day=day), None))}" for title, sql in TABLES.items()]
    with open_as_of_run(settings, None) as warehouse:
        parts += [f"## What a message costs\n\n{_table(copy_cost(warehouse, day))}"]
    parts += [
        _tuning(settings, day),
        throughput(),
        resuming(),
        _truth(),
        _attacks(),
        "## Twenty messages\n\nDrawn by the hash of user and seed, not by hand.\n",
    ]
    parts += [_table(query(settings, MESSAGES.format(day=day, seed=SEED), None))]
    print("\n".join(parts).rstrip())


def _tuning(settings: Settings, day: date) -> str:
    """Return what tuning as of the day changed in drafts about items that it never saw, where the home was tuned."""
    opening = "## Before and after tuning\n\n"
    decided = query(settings, DECISION.format(day=day), None)
    if not decided.num_rows:
        return f"{opening}Not tuned in this home: `overture tune-copy-model --day {day}`.\n"
    shares = _table(query(settings, TUNING.format(day=day), None))
    return f"{opening}By `overture tune-copy-model --day {day}`, each of both models.\n\n{shares}\n{_table(decided)}"


def _truth() -> str:
    """Return how the checks judge the labelled drafts, which the project ships."""
    found = judged(labelled_drafts())
    false, true = ([one for one in found if bool(one.draft["label"]) == label] for label in (False, True))
    shown = [one for one in found if one.draft["form"] == "opening" and one.refusal is None]
    groups = {(str(one.draft["source"]), str(one.draft["split"])) for one in found}
    lines = [
        "## Truth on the labelled drafts",
        "",
        f"{len(found)} drafts ([how each was labelled](../bench/labelled_drafts/README.md)).",
        f"Slots that do not say what their cell says: {sum(one.wrong_slots for one in shown)} in {len(shown)} shown.",
        f"False drafts caught: {_share(false)}; true drafts refused as untrue: {_share(true)}.",
        "",
        "| made by | split | false, caught | true, refused as untrue |",
        "|---|---|---|---|",
    ]
    for source, split in sorted(groups):
        caught, refused = (_share(_of(part, source, split)) for part in (false, true))
        lines.append(f"| {source} | {split} | {caught} | {refused} |")
    return "\n".join(lines) + "\n"


def _attacks() -> str:
    """Return what came of the suite of attacks, by the replies that `python -m bench attacks` kept."""
    replies = kept()
    one = next(iter(replies.values()))
    asked = f"Asked of `{one.model}` on `{one.device}` in {one.dtype}, with `{one.prompt_version}`"
    return f"""## The suite of attacks

{asked}, by `.venv/bin/python -m bench attacks`;
the replies are kept, and judged here anew by the checks as they are.

{table(judged_attacks(replies))}
"""


def _of(found: list[Judgement], source: str, split: str) -> list[Judgement]:
    return [one for one in found if (one.draft["source"], one.draft["split"]) == (source, split)]


def _share(found: list[Judgement]) -> str:
    caught = sum(one.is_caught for one in found)
    return f"{caught} of {len(found)} ({caught / len(found):.1%})" if found else "none"


def _table(rows: pa.Table) -> str:
    lines = [f"| {' | '.join(rows.column_names)} |", "|" + "---|" * rows.num_columns]
    lines += [f"| {' | '.join(_cell(value) for value in row.values())} |" for row in rows.to_pylist()]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    """Return a value as it may stand in a table of Markdown; names of a catalogue are text, never markup."""
    text = "" if value is None else " ".join(str(value).split())
    return "".join(f"\\{sign}" if sign in "\\|<>[]*_`" else sign for sign in text)


if __name__ == "__main__":
    main(parse_day(sys.argv[1]))
