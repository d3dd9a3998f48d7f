"""What the gates measure: SQL that sums up, inside the lake, everything that a suite judges of one data day.

Each query stands in a `.sql` file beside this one and takes bound parameters only. Results are small: a row per
quantity, or a row per entity; rows of users or items never leave the lake. A quantity `<name>` may come with a text
`<name>_example` that names one of the rows counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from overture.adapters.warehouse.connection import Warehouse
from overture.adapters.warehouse.item_names import nameless

VALIDATIONS = "marts.validations"


@dataclass(frozen=True)
class EntityLimits:
    """What a day's files of one entity must bring: the fewest files and rows, and the greatest share of bad rows."""

    least_files: int
    least_rows: int
    allowed_share: float


def landed(
    warehouse: Warehouse, day: date, day_end: datetime, limits: Mapping[str, EntityLimits], usual_needs_rows: int
) -> list[dict[str, object]]:
    """Return one row per entity of `limits` on what its files of `day` brought; the limits are among the columns.

    day_end: the first instant (UTC) after the day where the shop is. times_usual_rows compares the events with the
    median of the 28 days before; it is 1 for other entities, and where that median is below `usual_needs_rows`.
    """
    entities = sorted(limits)
    found = warehouse.execute(
        _query("landed"),
        {
            "day": day,
            "day_end": day_end,
            "usual_needs_rows": usual_needs_rows,
            "entities": entities,
            "least_files": [limits[entity].least_files for entity in entities],
            "least_rows": [limits[entity].least_rows for entity in entities],
            "allowed_shares": [limits[entity].allowed_share for entity in entities],
        },
    )
    columns = [description[0] for description in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def interactions(warehouse: Warehouse, day: date, weighted_event_types: Sequence[str]) -> dict[str, object]:
    """Return what the weighted interactions of `day` hold, beside the events that they are made from."""
    return _quantities(warehouse, "interactions", {"day": day, "weighted_event_types": list(weighted_event_types)})


def marts(warehouse: Warehouse, day: date, active_days: int, least_eligible_users: int) -> dict[str, object]:
    """Return what item facts, offers, preferences and audience of `day` hold.

    active_days: within which a user must have been active to be eligible. least_eligible_users: how many there must
    be; fewer where fewer have ever consented.
    """
    parameters = {"day": day, "active_days": active_days, "least_eligible_users": least_eligible_users}
    return _quantities(warehouse, "marts", parameters)


def trained(warehouse: Warehouse, day: date, least_weight: float) -> dict[str, int]:
    """Return how many interactions of `day` there are (`rows`), and of how many `users` and `items`.

    Users and items without an interaction of at least `least_weight` are not learned, and not counted.
    """
    found = warehouse.rows(_query("trained"), {"day": day, "least_weight": least_weight})[0]
    return dict(zip(("rows", "users", "items"), found, strict=True))


def recommendations(
    warehouse: Warehouse, day: date, ranking: Mapping[str, Any], limits: Mapping[str, Any], strategies: Sequence[str]
) -> dict[str, object]:
    """Return what the ranked lists of `day` hold, beside what `config/ranking.toml` asks of them.

    limits: `largest_shares` (strategy -> share of the rows of what is new) and `settled_days`, after which they hold.
    """
    parameters = {
        "day": day,
        "strategies": list(strategies),
        "list_length": ranking["list_length"],
        "ceiling_strategies": list(limits["largest_shares"]),
        "ceiling_shares": [float(share) for share in limits["largest_shares"].values()],
        "settled_days": limits["settled_days"],
        "longest_title": ranking["longest_title"],
        "excluded_departments": ranking["excluded_departments"],
        "excluded_categories": ranking["excluded_categories"],
        "nameless": nameless(warehouse, day),
    }
    return _quantities(warehouse, "recommendations", parameters)


def messages(
    warehouse: Warehouse, day: date, requested_users: int, rungs: Sequence[str], limits: Mapping[str, Any]
) -> dict[str, object]:
    """Return what the messages of `day` and their claims hold, each claim beside the cell that it names.

    requested_users: how many messages were asked for; fewer where fewer users have recommendations. limits:
    `largest_template_share`, `allowed_templates` (as many in any case), `buying_event_types`, after which a user has an
    item, `choices`, the first items that a message may be about, `canaries`, how many must be answered where the day's
    batch does not say, `minor_digits` (decimals of an amount by currency, where not two), `model_languages`, and
    `locales`, the shop's own first: text_length (shortest and longest), decimal_sign and has_prompt of each.
    """
    locales, digits = limits["locales"], limits["minor_digits"]
    parameters = {
        "day": day,
        "requested_users": requested_users,
        "locales": list(locales),
        "decimal_signs": [stated["decimal_sign"] for stated in locales.values()],
        "shortest_texts": [stated["text_length"][0] for stated in locales.values()],
        "longest_texts": [stated["text_length"][1] for stated in locales.values()],
        "prompted_locales": [name for name, stated in locales.items() if stated["has_prompt"]],
        "model_languages": list(limits["model_languages"]),
        "currencies": list(digits),
        "minor_digits": list(digits.values()),
        "rungs": list(rungs),
        "largest_template_share": limits["largest_template_share"],
        "allowed_templates": limits["allowed_templates"],
        "buying_event_types": list(limits["buying_event_types"]),
        "choices": limits["choices"],
        "canaries": limits["canaries"],
    }
    return _quantities(warehouse, "messages", parameters)


@dataclass(frozen=True)
class Wording:
    """What messages say apart from facts, the ledger's claims in words for it, how many say so, and the key of one.

    locale: that they are written in, None for the shop's own.
    """

    text: str
    claims: tuple[str, ...]
    messages: int
    example: str
    locale: str | None = None


@dataclass(frozen=True)
class Opening:
    """What a model wrote, slots open, in how many drafts and messages, and the key of one."""

    text: str
    drafts: int
    messages: int
    example: str


@dataclass(frozen=True)
class LedgeredClaim:
    """A claim in words as rows of the ledger have it, the cells of the item that they name, and the key of one.

    locale: of their messages, None for the shop's own.
    """

    slot: str
    words: str
    column: str
    cells: Mapping[str, object]
    rows: int
    example: str
    locale: str | None = None


@dataclass(frozen=True)
class LedgeredName:
    """What the ledger calls an item, the columns that it names for that, their cells, how many rows, and one's key."""

    text: str
    columns: tuple[str, ...]
    title: str | None
    category: str | None
    claims: int
    example: str


def names(warehouse: Warehouse, day: date) -> list[LedgeredName]:
    """Return what the messages of `day` call their items and reasons, each name once for the cells that it rests on."""
    rows = warehouse.rows(_query("names"), {"day": day})
    return [LedgeredName(text, tuple(columns), *others) for text, columns, *others in rows]


def wordings(warehouse: Warehouse, day: date) -> list[Wording]:
    """Return the different wordings of the messages of `day`, each once a locale; `{it}` stands where a fact was."""
    rows = warehouse.rows(_query("wordings"), {"day": day})
    return [Wording(text, tuple(claims), *others) for text, claims, *others in rows]


def openings(warehouse: Warehouse, day: date) -> list[Opening]:
    """Return what the model wrote for the messages of `day`, each text once."""
    return [Opening(*row) for row in warehouse.rows(_query("openings"), {"day": day})]


def soft_claims(warehouse: Warehouse, day: date) -> list[LedgeredClaim]:
    """Return what the ledger of `day` says in words alone."""
    return [LedgeredClaim(*row) for row in warehouse.rows(_query("soft_claims"), {"day": day})]


def record(warehouse: Warehouse, day: date, step: str, verdicts: Sequence[Mapping[str, object]]) -> None:
    """Write a gate's verdicts (suite, expectation, success, observed, expected) in place of its former ones."""

    def work(lake: Warehouse) -> None:
        lake.ensure_table(VALIDATIONS)
        lake.execute(f"delete from {VALIDATIONS} where data_day = ? and step = ?", [day, step])
        lake.execute(
            f"insert into {VALIDATIONS} (data_day, step, suite, expectation, success, observed, expected)"
            " select $day, $step, unnest($suite), unnest($expectation), unnest($success), unnest($observed),"
            " unnest($expected)",
            {"day": day, "step": step}
            | {
                column: [verdict[column] for verdict in verdicts]
                for column in ("suite", "expectation", "success", "observed", "expected")
            },
        )

    warehouse.write(f"verdicts of {step} {day}", work)


def _query(name: str) -> str:
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")


def _quantities(warehouse: Warehouse, name: str, parameters: dict[str, object]) -> dict[str, object]:
    measured: dict[str, object] = {}
    for quantity, value, example in warehouse.rows(_query(name), parameters):
        measured[quantity] = value
        measured[f"{quantity}_example"] = example
    return measured
